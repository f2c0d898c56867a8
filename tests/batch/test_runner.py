import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import networks
from colorear import Colorizer, verify
from colorear.batch import runner
from colorear.batch.discovery import Failed, Skipped, discover
from colorear.batch.processes import process_executor, thread_executor
from colorear.batch.runner import Batch
from colorear.batch.task import Kept
from colorear.errors import BatchError
from colorear.inference.colorizer import Colored
from colorear.inference.options import ColorizeOptions

SUFFIXES = (".jpg", ".png", ".tif")


@pytest.fixture(scope="module")
def colorizer(known_network) -> Colorizer:
    return Colorizer(known_network, threads=1)


@pytest.fixture
def attic(tmp_path) -> Path:
    """Nine photographs in three folders."""
    attic = tmp_path / "attic"
    for number in range(9):
        folder = attic / f"box {number // 3}"
        folder.mkdir(parents=True, exist_ok=True)
        gray = np.random.default_rng(number).integers(60, 200, (40, 60), np.uint8)
        Image.fromarray(gray).save(folder / f"{number}{SUFFIXES[number % 3]}")
    return attic


@pytest.fixture
def out(tmp_path) -> Path:
    out = tmp_path / "out"
    out.mkdir()
    return out


@pytest.fixture
def run(attic, out, colorizer):
    """Colour the attic, and tell what became of it: the names of the photographs by answer."""

    def run(settings="one network", *, sources=(attic,), **options):
        with Batch(discover(sources, out), out, settings, **options) as batch:
            answers = list(batch.run(thread_executor(colorizer)))
        by_type = {Colored: [], Kept: [], Failed: []}
        for answer in answers:
            by_type[type(answer)].append(Path(answer.source).name)
        assert len(batch) == len(answers)
        run.failed = [answer.error for answer in answers if isinstance(answer, Failed)]
        return tuple(sorted(names) for names in by_type.values())

    return run


def files(folder: Path) -> dict[str, bytes]:
    """What people see in a folder."""
    found = (path for path in folder.rglob("*") if path.is_file() and ".colorear" not in str(path))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


ALL = sorted(f"{number}{SUFFIXES[number % 3]}" for number in range(9))


def test_what_is_done_is_not_done_again(run, attic, out):
    assert run() == (ALL, [], [])
    made = files(out)
    assert sorted(made)[0] == "box 0/0-color.jpg"
    assert verify(attic / "box 0/0.jpg", out / "box 0/0-color.jpg").ok
    assert run() == ([], ALL, [])
    assert files(out) == made
    assert [path.name for path in (out / ".colorear").iterdir()] == ["journal.sqlite"]


def test_only_what_changed_is_done_again(run, attic, out):
    run()
    Image.new("L", (9, 9), 99).save(attic / "box 0/0.jpg")
    os.utime(attic / "box 0/1.png")  # touched: its hash tells that it is the same
    (out / "box 1/3-color.jpg").unlink()
    Image.new("L", (9, 9), 99).save(attic / "box 2/new.png")
    done, kept, failed = run()
    assert (done, failed) == (["0.jpg", "3.jpg", "new.png"], [])
    assert len(kept) == 7
    assert run()[0] == []


def test_another_network_makes_all_anew(run):
    run()
    assert run("another network") == (ALL, [], [])
    assert run("another network") == ([], ALL, [])


def test_a_folder_that_moved_is_known_by_its_content(run, attic):
    run()
    attic.rename(attic.with_name("moved"))
    assert run(sources=[attic.with_name("moved")]) == ([], ALL, [])


def test_what_others_made_is_not_replaced_unasked(run, out):
    (out / "box 0").mkdir()
    (out / "box 0/0-color.jpg").write_text("mine")
    done, _, failed = run()
    assert (len(done), failed) == (8, ["0.jpg"])
    assert "exists already; allow to overwrite it (--overwrite)" in run.failed[0]
    (out / "box 0/1-color.png").write_text("retouched")
    assert run()[1:] == (ALL[2:], ["0.jpg", "1.png"])
    assert "was changed since it was colored; allow to overwrite" in "".join(run.failed)
    assert (out / "box 0/1-color.png").read_text() == "retouched"
    assert run(overwrite=True) == (["0.jpg", "1.png"], ALL[2:], [])


def test_what_failed_is_tried_again(run, attic):
    whole = (attic / "box 0/1.png").read_bytes()
    (attic / "box 0/1.png").write_bytes(whole[:-2000])
    assert run()[2] == ["1.png"]
    assert "is damaged or cut short" in run.failed[0]
    (attic / "box 0/1.png").write_bytes(whole)
    assert run() == (["1.png"], [name for name in ALL if name != "1.png"], [])


def test_what_others_make_after_a_failure_is_theirs(run, attic, out):
    photograph, target = attic / "box 0/1.png", out / "box 0/1-color.png"
    whole = photograph.read_bytes()
    photograph.write_bytes(whole[:-2000])
    assert run()[2] == ["1.png"]
    photograph.write_bytes(whole)
    target.write_text("mine")
    assert run()[2] == ["1.png"]
    assert "exists already; allow to overwrite it (--overwrite)" in run.failed[0]
    assert target.read_text() == "mine"
    assert run(overwrite=True)[0] == ["1.png"]


def test_what_was_made_and_then_failed_is_known_still(run, attic, out):
    photograph, target = attic / "box 0/1.png", out / "box 0/1-color.png"
    whole = photograph.read_bytes()
    run()
    for retouched in (False, True):
        photograph.write_bytes(whole[:-2000])
        assert run()[2] == ["1.png"]
        photograph.write_bytes(whole)
        if retouched:
            target.write_text("retouched")
        done, _, failed = run()
        assert (done, failed) == (([], ["1.png"]) if retouched else (["1.png"], []))
    assert "was changed since it was colored; allow to overwrite" in run.failed[0]
    assert target.read_text() == "retouched"


@pytest.mark.parametrize("earlier", [False, True])
def test_what_others_make_after_a_stop_is_theirs(run, attic, out, colorizer, earlier):
    gray = Image.open(attic / "box 0/0.jpg")
    gray.save(attic / "box 0/w.webp", lossless=True)
    if earlier:
        run("another network")
    with Batch(discover([attic], out), out, "one network") as batch:
        with closing(batch.run(thread_executor(colorizer))) as answers:
            next(answers)
        ours, theirs = batch.to_do[1:5], batch.to_do[5:7]
        for task in ours:  # in place, and not known to be so
            colorizer.colorize(task.source, task.target, overwrite=True)
        for task in theirs:
            gray.save(task.target)
    assert {Path(task.target).suffix for task in ours} == {*SUFFIXES, ".webp"}
    done, kept, failed = run()
    assert (len(done), len(kept)) == (7, 1)
    assert failed == sorted(Path(task.source).name for task in theirs)
    assert ("was changed since" if earlier else "exists already") in run.failed[0]
    assert run()[0] == []


def test_two_runs_on_one_folder(attic, out):
    found = discover([attic], out)
    with Batch(found, out, ""), pytest.raises(BatchError, match="another run is writing into"):
        Batch(found, out, "")
    Batch(found, out, "").close()


def test_a_run_that_cannot_begin_lets_others_in(attic, out, monkeypatch):
    found = discover([attic], out)

    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(runner, "_state_of_target", stopped)
        with pytest.raises(KeyboardInterrupt):
            Batch(found, out, "")
    with Batch(found, out, "") as batch:
        assert len(batch.to_do) == len(found.items)


def test_a_file_that_vanishes_and_one_that_changes_meanwhile(attic, out, colorizer):
    gone, changed = attic / "box 0/0.jpg", attic / "box 0/1.png"

    class Changing:
        """Colours, while somebody writes into the photograph."""

        def colorize(self, source, target, **options):
            if source == changed:
                seen = colorizer._lightness_of_file

                def while_written(photo, coarse):
                    with changed.open("ab") as file:
                        file.write(b"more")
                    return seen(photo, coarse)

                slow = Colorizer.__new__(Colorizer)
                slow.__dict__.update(colorizer.__dict__, _lightness_of_file=while_written)
                return slow.colorize(source, target, **options)
            return colorizer.colorize(source, target, **options)

    with Batch(discover([attic], out), out, "") as batch:
        gone.unlink()
        answers = list(batch.run(thread_executor(Changing())))
    failed = {Path(a.source).name: a.error for a in answers if isinstance(a, Failed)}
    assert set(failed) == {"0.jpg", "1.png"}
    assert "does not exist" in failed["0.jpg"]
    assert "changed while it was being" in failed["1.png"]
    assert not (out / "box 0/1-color.png").exists()
    assert len(files(out)) == 7


def test_beside_the_photographs_nothing_else_is_left(attic, colorizer):
    sources = sorted((attic / "box 0").iterdir())
    with Batch(discover(sources), None, "") as batch:
        assert len(list(batch.run(thread_executor(colorizer)))) == 3
    made = {f"{path.stem}-color{path.suffix}" for path in sources}
    assert {path.name for path in (attic / "box 0").iterdir()} == made | {p.name for p in sources}


@pytest.fixture
def choosing(tmp_path) -> Path:
    """The file of a network that makes variants and tells how sure it is."""
    path = tmp_path / "choosing.onnx"
    path.write_bytes(networks.choosing())
    return path


def test_variants_and_how_sure_they_are(attic, out, choosing):
    attic.joinpath("box 0").rename(attic / os.fsdecode(b"l\xe9gendes"))  # no text
    colorizer = Colorizer(choosing, threads=1)

    def run(executor=None, **wishes):
        found = discover([attic], out, variants=3, uncertainty=True)
        with Batch(found, out, "", options=ColorizeOptions(**wishes)) as batch:
            answers = batch.run(executor or thread_executor(colorizer))
            return Counter(map(type, answers))

    assert run(process_executor(choosing, 2)) == {Colored: 9 * 4}
    made = files(out)
    ours = [name for name in sorted(made) if name.startswith("box 1/3")]
    assert ours == [f"box 1/3-{end}" for end in ("color-2.jpg", "color-3.jpg", "color.jpg")] + [
        "box 1/3-uncertainty.png"
    ]
    assert len({made[name] for name in ours}) == 4
    assert all(verify(attic / "box 1/3.jpg", out / name).ok for name in ours[:3])
    colorizer.uncertainty_map(attic / "box 1/3.jpg", out.parent / "sure.png")
    assert (out.parent / "sure.png").read_bytes() == made[ours[3]]
    colorizer.colorize(attic / "box 1/3.jpg", out.parent / "third.jpg", variant=2)
    assert (out.parent / "third.jpg").read_bytes() == made[ours[1]]
    assert run() == {Kept: 36}
    for name in ours[1:]:
        (out / name).unlink()
    assert run() == {Kept: 33, Colored: 3}
    assert files(out) == made
    assert run(vividness=0.5) == {Colored: 36}
    assert run(vividness=0.5) == {Kept: 36}


def test_a_photograph_that_changed_is_made_anew_with_its_variants(attic, out, choosing):
    def run():
        found = discover([attic / "box 0"], out, variants=2, uncertainty=True)
        with Batch(found, out, "") as batch:
            answers = list(batch.run(thread_executor(Colorizer(choosing, threads=1))))
        return sorted(Path(a.output).name for a in answers if isinstance(a, Colored))

    assert len(run()) == 9
    Image.new("L", (9, 9), 99).save(attic / "box 0/1.png")
    assert run() == ["1-color-2.png", "1-color.png", "1-uncertainty.png"]


def test_a_run_that_is_left_leaves_nothing_unfinished(attic, out, known_network):
    batch = Batch(discover([attic], out), out, "")
    answers = batch.run(process_executor(known_network, 2))
    next(answers)
    answers.close()
    batch.close()
    assert [path.name for path in (out / ".colorear").iterdir()] == ["journal.sqlite"]


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 300 kilobytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk(attic, small_disk, colorizer):
    noise = np.random.default_rng(0).integers(0, 256, (300, 500), np.uint8)
    for number in range(4):
        Image.fromarray(noise).save(attic / f"large {number}.png")
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(100_000))

    def run():
        with Batch(discover([attic], small_disk), small_disk, "") as batch:
            return list(batch.run(thread_executor(colorizer)))

    failed = [answer for answer in run() if isinstance(answer, Failed)]
    assert failed
    assert all("No space left" in answer.error or "disk" in answer.error for answer in failed)
    assert [path.name for path in small_disk.rglob(".colorear-*")] == []
    for answer in (answer for answer in run() if not isinstance(answer, Failed)):
        assert verify(answer.source, answer.output).ok
    ballast.unlink()


KILLED = """
import sys
from pathlib import Path
from colorear.batch.runner import Batch
from colorear.batch.discovery import discover
from colorear.batch.processes import process_executor
if __name__ == "__main__":
    attic, out, network = map(Path, sys.argv[1:])
    with Batch(discover([attic], out), out, "") as batch:
        for answer in batch.run(process_executor(network, 2)):
            print(answer, flush=True)
            sys.stdin.readline()  # so that it is never far ahead of whoever kills it
"""


def test_killed_over_and_over(tmp_path, attic, out, known_network, colorizer):
    """Every file is in the end as an undisturbed run makes it, and nothing else is there."""
    for number in range(20):
        shutil.copy(attic / "box 0/1.png", attic / f"copy {number}.png")
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    with Batch(discover([attic], undisturbed), undisturbed, "") as batch:
        list(batch.run(thread_executor(colorizer)))
    (tmp_path / "run.py").write_text(KILLED)
    command = [sys.executable, tmp_path / "run.py", attic, out, known_network]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    chance = random.Random(0)
    kills = 0
    while True:
        with subprocess.Popen(command, start_new_session=True, **pipes) as running:
            wanted, seen = chance.randrange(1, 6), 0
            while seen < wanted and (line := running.stdout.readline()):
                seen += line.startswith(b"Colored")
                running.stdin.write(b"go on\n")
                running.stdin.flush()
            time.sleep(chance.uniform(0, 0.05))
            if running.poll() is None:
                kills += 1
                alone = chance.random() < 0.5  # the rest of it must notice
                (os.kill if alone else os.killpg)(running.pid, signal.SIGKILL)
            running.stdout.read()
        made, wanted = files(out), files(undisturbed)
        assert made == {name: wanted[name] for name in made}
        if made == wanted:
            break
    assert kills > 2
    with Batch(discover([attic], out), out, "") as batch:
        list(batch.run(thread_executor(colorizer)))
    assert files(out) == files(undisturbed)
    assert [path.name for path in (out / ".colorear").iterdir()] == ["journal.sqlite"]


def test_a_folder_deeper_than_python_calls_itself(attic, out, run):
    folder = str(attic)
    folders = []
    for _ in range(1100):
        folder += "/d"
        folders.append(folder)
        os.mkdir(folder)  # noqa: PTH102
    (attic / "box 0/1.png").rename(folder + "/1.png")
    made = folder.replace(str(attic), str(out))
    try:
        assert run() == (ALL, [], [])
        assert verify(folder + "/1.png", made + "/1-color.png").ok
        assert run() == ([], ALL, [])
    finally:  # as nothing else could remove them
        for each in (folder + "/1.png", made + "/1-color.png"):
            Path(each).unlink(missing_ok=True)
        for each in reversed(folders):
            os.rmdir(each)  # noqa: PTH106
            with suppress(FileNotFoundError):
                os.rmdir(each.replace(str(attic), str(out)))  # noqa: PTH106


def test_a_folder_on_another_disk_within(attic, out, run):
    (out / "box 1").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(out / "box 1")]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a disk")
    try:
        assert run() == (ALL, [], [])
        assert verify(attic / "box 1/3.jpg", out / "box 1/3-color.jpg").ok
        assert len(list((out / "box 1").iterdir())) == 3
        assert run() == ([], ALL, [])
    finally:
        subprocess.run(["umount", "--lazy", str(out / "box 1")], check=True)


def test_killed_beside_the_photographs_the_next_run_tidies_up(attic, known_network, colorizer):
    """Without a folder to go to there is no journal, and a folder would be left for ever."""
    box = attic / "box 0"
    Image.fromarray(np.zeros((6000, 6000), np.uint8)).save(box / "slow.png")
    words = ["colorize", "--model", str(known_network), str(box / "slow.png")]
    with subprocess.Popen([sys.executable, "-m", "colorear", *words]) as running:
        while not list(box.glob(".colorear-*/.colorear-*")):
            assert running.poll() is None
            time.sleep(0.02)
        running.kill()
    assert list(box.glob(".colorear-*"))
    with Batch(discover([box / "0.jpg"]), None, "") as batch:
        assert len(list(batch.run(thread_executor(colorizer)))) == 1
    assert list(box.glob(".colorear-*")) == []


def test_what_is_in_color_already_is_left_alone(attic, out, colorizer):
    colorizer.colorize(attic / "box 0/0.jpg", attic / "box 0/renamed.jpg")
    with Batch(discover([attic], out), out, "one network") as batch:
        results = list(batch.run(thread_executor(colorizer)))
    (skipped,) = (result for result in results if isinstance(result, Skipped))
    assert Path(skipped.source).name == "renamed.jpg"
    assert "it was colored by colorear" in skipped.reason
    assert len(files(out)) == 9
    with Batch(discover([attic], out), out, "one network", recolor=True) as batch:
        again = Counter(type(result) for result in batch.run(thread_executor(colorizer)))
    assert again == {Kept: 9, Colored: 1}


def test_color_and_drawings_are_left_alone_in_folders_and_colored_by_name(
    attic, out, colorizer, free_pictures
):
    china = Image.fromarray(free_pictures["china"])
    china.save(attic / "color.jpg")
    china.convert("1").save(attic / "drawing.png")
    with Batch(discover([attic], out), out, "one network") as batch:
        results = list(batch.run(thread_executor(colorizer)))
    skipped = {Path(r.source).name: r for r in results if isinstance(r, Skipped)}
    assert {name: each.appearance for name, each in skipped.items()} == {
        "color.jpg": "color",
        "drawing.png": "bilevel",
    }
    assert skipped["color.jpg"].reason == "it is in color already"
    assert len(files(out)) == 9
    with Batch(discover([attic / "color.jpg"]), None, "") as batch:
        (named,) = batch.run(thread_executor(colorizer))
    assert isinstance(named, Colored)
    assert named.appearance == "color"
    with Batch(discover([attic], out), out, "one network", recolor=True) as batch:
        again = Counter(type(result) for result in batch.run(thread_executor(colorizer)))
    assert again == {Kept: 9, Colored: 3}


STATES = [(target, source) for target in runner._Target for source in runner._Source]


def test_every_case_has_an_action():
    assert set(runner._ACTIONS) == set(STATES)
    kept = {runner._Action.KEEP, runner._Action.COMPARE, runner._Action.REDO}
    for (target, _), action in runner._ACTIONS.items():
        assert (action in kept) == (target is runner._Target.OURS)
