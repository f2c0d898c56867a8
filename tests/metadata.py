"""What exiftool, which shares no code with the package, reads in a file."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["exiftool"]


def exiftool(path: Path, *groups: str) -> dict[str, object]:
    """The metadata of these groups, as numbers where they are some, by `Group:Name`."""
    program = shutil.which("exiftool")
    if program is None:
        pytest.skip("exiftool is not installed (Debian: libimage-exiftool-perl)")
    wanted = [f"-{group}:all" for group in groups]
    command = [program, "-json", "-n", "-G1", "-b", *wanted, str(path)]
    done = subprocess.run(command, capture_output=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)[0]
    return {
        name: value
        for name, value in found.items()
        if name.partition(":")[0] in (*groups, "ExifTool") and name != "ExifTool:ExifToolVersion"
    }
