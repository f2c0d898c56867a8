import os
import signal
import subprocess
import sys

from colorear.server.private_folder import PrivateFolder

HOLD = """
from colorear.server.private_folder import PrivateFolder
folder = PrivateFolder()
(folder.path / "photograph").write_bytes(b"private")
print(folder.path, flush=True)
input()
"""


def hold(place):
    """Another server, which has a folder; gives its process and the folder."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env={**os.environ, "TMPDIR": str(place)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return other, other.stdout.readline().strip()


def test_it_is_private_and_goes(private):
    folder = PrivateFolder()
    assert folder.path.parent == private
    assert folder.path.stat().st_mode & 0o777 == 0o700
    (folder.path / "photograph").write_bytes(b"x")
    folder.remove()
    assert list(private.iterdir()) == []


def test_what_a_crash_left_is_removed_by_the_next_and_nothing_else(private):
    other = private / "colorear-other"
    other.mkdir()
    elsewhere = private / "elsewhere"
    elsewhere.mkdir()
    link = private / "colorear-web-link"
    link.symlink_to(elsewhere)
    crashed, left = hold(private)
    with crashed:
        crashed.send_signal(signal.SIGKILL)
    living, kept = hold(private)  # it has removed what the first one left
    with living:
        folder = PrivateFolder()
        names = {path.name for path in private.iterdir()}
        assert os.path.basename(left) not in names  # noqa: PTH119
        assert os.path.exists(os.path.join(kept, "photograph"))  # noqa: PTH110, PTH118
        assert {other.name, elsewhere.name, link.name} <= names
        folder.remove()
        living.communicate("\n")
    assert {path.name for path in private.iterdir()} == {other.name, elsewhere.name, link.name}
