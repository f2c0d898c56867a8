"""What becomes of a public collection of test images: colored, refused and why, and what is lost.

    python benchmarks/public_suite.py FOLDER [--model acuarela] [--out FOLDER]

FOLDER holds the images of a test suite, `Tests/images` of Pillow's source say. One run of the
command colors all (`--recolor`: what is in color too), then `verify` compares every pair.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from colorear import ColorearError, verify

_DETAILS = re.compile(r"'[^']*'|\d[\d,]*|\([^)]*\)")


def colored(folder: Path, out: Path, model: str) -> tuple[list[dict], dict]:
    """The results of one run of the command, and its summary."""
    command = (sys.executable, "-m", "colorear", "colorize", folder, "-o", out)
    words = [*command, "--recolor", "--json", "--model", model]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if not lines:
        sys.exit(done.stderr)
    return lines[:-1], lines[-1]["summary"]


def compared(results: list[dict]) -> Counter[str]:
    """What `verify` says of each pair."""
    found: Counter[str] = Counter()
    for result in results:
        try:
            seen = verify(result["source"], result["output"])
        except ColorearError as error:
            found[f"cannot be compared: {_DETAILS.sub('…', str(error))}"] += 1
            continue
        kept = seen.max_luma_difference <= 1 if seen.identical_dct is None else seen.identical_dct
        if not seen.ok:
            print(f"{result['source']}: {seen}", file=sys.stderr)
        found["luma kept" if kept else "luma changed"] += 1
        found.update(f"changed: {what}" for what in seen.changed)
    return found


def told(title: str, counts: Counter[str]) -> None:
    """A part of the report."""
    print(f"\n{title}: {counts.total():,}")
    for what, count in counts.most_common():
        print(f"  {count:5,}  {what}")


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="acuarela")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        results, summary = colored(asked.folder, asked.out or Path(spare), asked.model)
        made = [each for each in results if each["state"] in ("colored", "kept")]
        failed = [each["error"] for each in results if each["state"] == "failed"]
        told("photographs", Counter(each["state"] for each in results))
        told("looked like", Counter(each.get("appearance", "colored before") for each in made))
        told("refused", Counter(_DETAILS.sub("…", error) for error in failed))
        told("pages left out", Counter(len(each.get("left_out", ())) for each in made))
        told("compared", compared(made))
        told("other files, left alone", Counter(summary["left_alone"]))


if __name__ == "__main__":
    main()
