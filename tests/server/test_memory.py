import platform
import subprocess
import sys

import pytest

THREADS = """
import re, threading
from pathlib import Path
from colorear.server.memory import keep_memory_together, limit_memory
limit_memory(1000)
keep_memory_together()
kept, wait = [], threading.Barrier(9)

def take():
    kept.append([bytearray(1000) for _ in range(1000)])
    wait.wait()
    wait.wait()

for _ in range(8):
    threading.Thread(target=take).start()
wait.wait()
# glibc maps 64 MiB for the place of a thread, of which it may use the beginning: malloc/arena.c
text = Path("/proc/self/maps").read_text()
maps = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) (rw|--)-p 0+ 00:00 0 *$", text, re.M)
maps = [(int(start, 16), int(end, 16), rights) for start, end, rights in maps]
starts = {start for start, _, rights in maps if rights == "rw"}
ends = {end for _, end, rights in maps if rights == "--" and end % 2**26 == 0}
print(len({end for end in ends if end - 2**26 in starts}))
wait.wait()
try:
    bytearray(1_500_000_000)
except MemoryError:
    print("no more")
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the memory is another library's")
def test_all_threads_take_their_memory_from_one_place_of_a_limited_size():
    """Else the memory of a server grows with the sizes that its photographs have."""
    without = THREADS.replace("\nkeep_memory_together()", "").replace("limit_memory(1000)", "")
    ran = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        for script in (without, THREADS)
    ]
    assert int(ran[0].stdout) > 1
    assert ran[1].stdout.split("\n") == ["0", "no more", ""]
