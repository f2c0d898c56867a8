import subprocess
import sys

from colorear.batch.scratch import Scratch, remove_scratch

KILLED = """
import os, sys
from pathlib import Path
from colorear.batch.scratch import Scratch
scratch = Scratch(Path(sys.argv[1]))
(scratch.folder / ".colorear-part").write_text("half")
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_run_left_is_removed_and_what_others_write_is_not(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    (left,) = tmp_path.iterdir()
    assert sorted(path.name for path in left.iterdir()) == [".colorear-part", "owner"]
    (tmp_path / "photograph.jpg").write_text("dear")
    first = Scratch(tmp_path)
    assert not left.exists()
    (first.folder / ".colorear-part").write_text("half")
    second = Scratch(tmp_path)
    assert (first.folder / ".colorear-part").exists()
    second.close()
    first.close()
    assert [path.name for path in tmp_path.iterdir()] == ["photograph.jpg"]


def test_only_files_of_ours_are_removed_and_no_link_is_followed(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / ".colorear-part").write_text("dear")
    (tmp_path / "link").symlink_to(theirs)
    remove_scratch(tmp_path / "link")
    assert (theirs / ".colorear-part").exists()
    (theirs / "diary").write_text("dear")
    remove_scratch(theirs)
    assert [path.name for path in theirs.iterdir()] == ["diary"]
    remove_scratch(tmp_path / "nowhere")
