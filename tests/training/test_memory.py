import platform
import subprocess
import sys

import pytest

MEASURING = """
import sys
from pathlib import Path
import numpy as np
from colorear.training.memory import keep_freed_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

if sys.argv[1] == "keep":
    keep_freed_memory()
before = resident()
large = np.ones(100_000_000, np.uint8)
del large
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
@pytest.mark.parametrize(("how", "least", "most"), [("as usual", -10, 10), ("keep", 90, 110)])
def test_what_is_freed_stays(how, least, most):
    command = [sys.executable, "-c", MEASURING, how]
    kept = float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    assert least < kept < most
