"""Photographs that come from a store, or go to one, as `colorear colorize` has it done."""

import json
import threading
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import networks
import s3
from colorear import Colorizer
from colorear.batch import lock, store
from colorear.batch.discovery import Failed, discover
from colorear.batch.journal import Journal
from colorear.batch.processes import process_executor, thread_executor
from colorear.batch.remote import Remote
from colorear.batch.runner import Batch
from colorear.batch.task import Kept
from colorear.errors import BatchError, PhotographError, UsageError
from colorear.inference.colorizer import Colored
from colorear.inference.options import ColorizeOptions

SUFFIXES = (".jpg", ".png", ".tif")
ALL = sorted(f"{number}{SUFFIXES[number % 3]}" for number in range(6))
SOURCE, OUT = Remote(f"s3://{s3.BUCKET}/attic"), Remote(f"s3://{s3.BUCKET}/out")


@pytest.fixture(scope="module")
def colorizer(known_network) -> Colorizer:
    return Colorizer(known_network, threads=1)


@pytest.fixture
def attic(tmp_path, bucket) -> Path:
    """Six photographs in two folders, here and there, and what else lies about."""
    attic = tmp_path / "attic"
    for number in range(6):
        folder = attic / f"box {number // 3}"
        folder.mkdir(parents=True, exist_ok=True)
        gray = np.random.default_rng(number).integers(60, 200, (40, 60), np.uint8)
        Image.fromarray(gray).save(folder / f"{number}{SUFFIXES[number % 3]}")
    (attic / "letter.txt").write_text("dear diary")
    (attic / ".hidden.jpg").write_text("dear diary")
    bucket.put(attic, "attic")
    return attic


@pytest.fixture
def run(attic, colorizer):
    assert attic.exists()

    def run(settings="one network", sources=(SOURCE,), out=OUT, executor=None, **options):
        """What became of the photographs: their names, by answer."""
        out.mkdir(parents=True) if isinstance(out, Remote) else out.mkdir(exist_ok=True)
        with Batch(discover(sources, out), out, settings, **options) as batch:
            answers = list(batch.run(executor or thread_executor(colorizer)))
        by_type = {Colored: [], Kept: [], Failed: []}
        for answer in answers:
            by_type[type(answer)].append(answer.source.rpartition("/")[2])
        run.answers = answers
        return tuple(sorted(names) for names in by_type.values())

    return run


@pytest.fixture
def wanted(attic, tmp_path, colorizer) -> dict[str, bytes]:
    """What the same command makes of the attic on this machine."""
    here = tmp_path / "here"
    here.mkdir()
    with Batch(discover([attic], here), here, "") as batch:
        list(batch.run(thread_executor(colorizer)))
    return files(here)


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".colorear" not in str(path))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def ours(bucket) -> list[str]:
    return sorted(
        key for key in bucket.names() if key.startswith("out/.colorear/") and key[-1] != "/"
    )


def test_the_plan_is_that_of_the_same_folder_here(attic, tmp_path, bucket):
    bucket.write("attic/broken.jpg", b"dear diary")
    (attic / "broken.jpg").write_text("dear diary")
    bucket.write("attic/out/box 0/0-color.jpg", (attic / "box 0/0.jpg").read_bytes())
    there, here = discover([SOURCE], SOURCE / "out"), discover([attic], tmp_path)
    assert [one.target.removeprefix(f"{SOURCE}/out") for one in there.items] == [
        one.target.removeprefix(str(tmp_path)) for one in here.items
    ]
    assert there.left_alone == here.left_alone == {".txt": 1}
    (failed,) = there.failed
    assert failed.error == here.failed[0].error.replace(str(attic), str(SOURCE))
    assert set(there.stamps) >= {photograph.source for photograph in there.items}


def test_single_files(attic, bucket):
    one = SOURCE / "box 0/0.jpg"
    bucket.write("attic/wrong.jpg", (attic / "box 0/1.png").read_bytes())
    made = discover([one, SOURCE / "nobody.jpg", SOURCE / "wrong.jpg", attic / "box 0/1.png"])
    assert [photograph.target for photograph in made.items] == [
        f"{SOURCE}/box 0/0-color.jpg",
        f"{SOURCE}/wrong-color.png",
        str(attic / "box 0/1-color.png"),
    ]
    (failed,) = made.failed
    assert failed.error == f"'{SOURCE}/nobody.jpg' does not exist; check the name"
    OUT.mkdir(parents=True)
    (within,) = discover([one], OUT).items
    assert within.target == f"{OUT}/0-color.jpg"
    itself = discover([one], one)
    assert "is the photograph itself, which is never replaced" in itself.failed[0].error
    with pytest.raises(UsageError, match="is a folder; name another folder"):
        discover([SOURCE], SOURCE)


def test_from_a_store_to_a_store(run, bucket, wanted):
    assert run() == (ALL, [], [])
    assert bucket.files("out") == wanted
    assert bucket.kind("out/box 0/0-color.jpg") == "image/jpeg"
    assert ours(bucket) == ["out/.colorear/journal.sqlite"]
    source, output = f"{SOURCE}/box 0/0.jpg", f"{OUT}/box 0/0-color.jpg"
    assert (source, output) in {(answer.source, answer.output) for answer in run.answers}
    assert run() == ([], ALL, [])
    assert run("another network") == (ALL, [], [])
    assert bucket.files("out") == wanted


def test_in_processes(run, bucket, wanted, known_network):
    assert run(executor=process_executor(known_network, 2)) == (ALL, [], [])
    assert bucket.files("out") == wanted


def test_from_here_and_back(run, attic, bucket, wanted, tmp_path):
    assert run(sources=[attic]) == (ALL, [], [])
    assert bucket.files("out") == wanted
    back = tmp_path / "back"
    assert run(out=back) == (ALL, [], [])
    assert files(back) == wanted
    assert run(out=back) == ([], ALL, [])


def test_only_what_changed_is_done_again(run, bucket, attic):
    run()
    time.sleep(1.1)  # stamps are of whole seconds
    Image.new("L", (9, 9), 99).save(attic / "box 0/0.jpg")
    bucket.write("attic/box 0/0.jpg", (attic / "box 0/0.jpg").read_bytes())
    bucket.write("attic/box 0/1.png", (attic / "box 0/1.png").read_bytes())  # the same, copied anew
    bucket.delete("out/box 1/3-color.jpg")
    done, kept, failed = run()
    assert (done, failed) == (["0.jpg", "3.jpg"], [])
    assert kept == [name for name in ALL if name not in done]


def test_what_others_made_is_not_replaced_unasked(run, bucket):
    bucket.write("out/box 0/0-color.jpg", b"mine")
    assert run() == (ALL[1:], [], ["0.jpg"])
    (failed,) = (answer for answer in run.answers if isinstance(answer, Failed))
    says = f"'{OUT}/box 0/0-color.jpg' exists already; allow to overwrite it (--overwrite)"
    assert failed.error.startswith(says)
    assert bucket.read("out/box 0/0-color.jpg") == b"mine"
    assert run(overwrite=True) == (["0.jpg"], ALL[1:], [])


def test_what_is_damaged_is_named_as_it_is_there(run, bucket, attic):
    bucket.write("attic/box 0/1.png", (attic / "box 0/1.png").read_bytes()[:-2000])
    assert run()[2] == ["1.png"]
    (failed,) = (answer for answer in run.answers if isinstance(answer, Failed))
    assert failed.error.startswith(f"'{SOURCE}/box 0/1.png' is damaged or cut short (")
    assert run()[0] == []
    bucket.write("attic/box 0/1.png", (attic / "box 0/1.png").read_bytes())
    assert run()[0] == ["1.png"]


def test_what_others_make_after_a_failure_is_theirs(run, bucket, attic):
    whole = (attic / "box 0/1.png").read_bytes()
    bucket.write("attic/box 0/1.png", whole[:-2000])
    assert run()[2] == ["1.png"]
    bucket.write("attic/box 0/1.png", whole)
    bucket.write("out/box 0/1-color.png", b"mine")
    assert run()[2] == ["1.png"]
    assert bucket.read("out/box 0/1-color.png") == b"mine"


@pytest.mark.usefixtures("attic")
def test_a_file_that_appears_meanwhile(bucket, colorizer):
    OUT.mkdir(parents=True)
    with Batch(discover([SOURCE], OUT), OUT, "") as batch:
        bucket.write("out/box 0/0-color.jpg", b"mine")
        answers = list(batch.run(thread_executor(colorizer)))
    (failed,) = (answer for answer in answers if isinstance(answer, Failed))
    assert "exists already; allow to overwrite it" in failed.error


@pytest.mark.usefixtures("attic")
def test_a_file_that_appears_in_the_moment_of_writing(bucket, colorizer, monkeypatch):
    upload = Remote.upload

    def late(self, *arguments, **keywords):
        if self.name == "0-color.jpg":
            bucket.write("out/box 0/0-color.jpg", b"mine")
        return upload(self, *arguments, **keywords)

    monkeypatch.setattr(Remote, "upload", late)
    OUT.mkdir(parents=True)
    with Batch(discover([SOURCE], OUT), OUT, "") as batch:
        answers = list(batch.run(thread_executor(colorizer)))
    (failed,) = (answer for answer in answers if isinstance(answer, Failed))
    says = f"'{OUT}/box 0/0-color.jpg' exists already; allow to overwrite it (--overwrite)"
    assert failed.error.startswith(says)
    assert bucket.read("out/box 0/0-color.jpg") == b"mine"


@pytest.mark.usefixtures("attic")
def test_a_run_that_is_left_saves_what_it_did(bucket, colorizer, run):
    OUT.mkdir(parents=True)
    with Batch(discover([SOURCE], OUT), OUT, "one network") as batch:
        answers = batch.run(thread_executor(colorizer))
        assert len([next(answers) for _ in range(3)]) == 3
    assert ours(bucket) == ["out/.colorear/journal.sqlite"]
    done, kept, _ = run()
    assert len(kept) == 3
    assert sorted(done + kept) == ALL


@pytest.mark.usefixtures("attic")
def test_a_run_that_vanishes_is_gone_on_with(bucket, colorizer, run, monkeypatch):
    """What it had made since the journal was saved is made again, and not taken for another's."""
    OUT.mkdir(parents=True)
    lost = Batch(discover([SOURCE], OUT), OUT, "one network")
    answers = lost.run(thread_executor(colorizer))
    next(answers)
    made = set(bucket.files("out"))
    assert len(made) >= 1
    with pytest.raises(BatchError, match=f"another run is writing into '{OUT}/.colorear'; wait"):
        run()
    monkeypatch.setattr(lock, "STALE", 0)
    assert run() == (ALL, [], [])
    with pytest.raises(BatchError, match="another run is writing into"):
        lost.close()
    assert run() == ([], ALL, [])


@pytest.mark.usefixtures("attic")
def test_whoever_loses_the_lock_stops_and_leaves_it(bucket, colorizer, monkeypatch):
    monkeypatch.setattr(store, "_OFTEN", 0.05)
    monkeypatch.setattr(store, "_SHARE", 0)
    OUT.mkdir(parents=True)
    theirs = json.dumps({"token": "theirs", "time": time.time()}).encode()
    batch = Batch(discover([SOURCE], OUT), OUT, "")
    answers = batch.run(thread_executor(colorizer))
    next(answers)
    while not batch._store._lost:  # a renewal that is under way replaces it, and is seen by them
        bucket.write("out/.colorear/lock", theirs)
        time.sleep(0.1)
    with pytest.raises(BatchError, match="another run is writing into"):
        next(answers)
    with pytest.raises(BatchError, match="another run is writing into"):
        batch.close()
    assert bucket.read("out/.colorear/lock") == theirs


@pytest.mark.usefixtures("attic")
def test_the_journal_is_saved_while_it_runs(bucket, colorizer, monkeypatch, tmp_path):
    monkeypatch.setattr(store, "_OFTEN", 0.05)
    monkeypatch.setattr(store, "_SHARE", 0)
    OUT.mkdir(parents=True)
    with Batch(discover([SOURCE], OUT), OUT, "") as batch:
        answers = batch.run(thread_executor(colorizer))
        next(answers), next(answers)
        time.sleep(0.5)
        (tmp_path / "journal.sqlite").write_bytes(bucket.read("out/.colorear/journal.sqlite"))
        journal = Journal(tmp_path)
        targets = [batch._store.key(task.target) for task in batch.to_do]
        assert sum(journal.entry(target).output is not None for target in targets) == 2
        journal.close()
        answers.close()


@pytest.fixture
def often(monkeypatch):
    """The journal is saved all the time."""
    monkeypatch.setattr(store, "_OFTEN", 0.01)
    monkeypatch.setattr(store, "_SHARE", 0)


def noting(kept: store.Store, target: str) -> None:
    kept.journal.begin([(target, "in.jpg")], "")


@pytest.mark.usefixtures("bucket", "often")
def test_a_journal_that_cannot_be_saved_once_is_saved_later(monkeypatch):
    OUT.mkdir(parents=True)
    refused, upload = [], Remote.upload

    def refusing(self, source):
        if len(refused) < 2:
            refused.append(self)
            raise PhotographError("the store does not answer")
        upload(self, source)

    kept = store.open_store(OUT)
    monkeypatch.setattr(Remote, "upload", refusing)
    noting(kept, "a.jpg")
    until = time.monotonic() + 10
    while not (OUT / ".colorear/journal.sqlite").stamp():
        assert time.monotonic() < until
        time.sleep(0.02)
    assert len(refused) == 2
    kept.close()


@pytest.mark.usefixtures("bucket", "often")
def test_the_journal_is_saved_by_one_at_a_time(monkeypatch):
    OUT.mkdir(parents=True)
    saving, upload = threading.Lock(), Remote.upload

    def alone(self, source):
        assert saving.acquire(blocking=False)
        time.sleep(0.1)
        upload(self, source)
        saving.release()

    kept = store.open_store(OUT)
    monkeypatch.setattr(Remote, "upload", alone)
    for number in range(4):
        noting(kept, f"{number}.jpg")
        time.sleep(0.05)  # the thread has begun to save it
        kept.begin([])
    kept.close()


@pytest.mark.usefixtures("bucket")
def test_closed_it_has_no_journal_and_no_lock():
    OUT.mkdir(parents=True)
    kept = store.open_store(OUT)
    folder = kept._folder
    kept.close()
    with pytest.raises(BatchError, match="closed database"):
        assert kept.journal.is_empty
    assert not folder.exists()
    assert not any(keeper.is_alive() for keeper in kept._keepers)
    store.open_store(OUT).close()


def test_closed_it_asks_whose_the_lock_is_before_it_saves_the_journal(bucket):
    OUT.mkdir(parents=True)
    kept = store.open_store(OUT)
    noting(kept, "a.jpg")
    theirs = json.dumps({"token": "theirs", "time": time.time()}).encode()
    bucket.write("out/.colorear/lock", theirs)
    bucket.write("out/.colorear/journal.sqlite", b"theirs")
    with pytest.raises(BatchError, match="another run is writing into"):
        kept.close()
    assert bucket.read("out/.colorear/journal.sqlite") == b"theirs"
    assert bucket.read("out/.colorear/lock") == theirs


@pytest.mark.parametrize("when", ["sleep", "list_files", "mkdtemp"])
def test_a_run_that_cannot_begin_leaves_no_lock(bucket, monkeypatch, when):
    def stopped(*_, **__):
        raise KeyboardInterrupt if when == "sleep" else OSError(28, "No space left on device")

    owner = {"sleep": lock.time, "list_files": Remote, "mkdtemp": store.tempfile}[when]
    OUT.mkdir(parents=True)
    if when == "sleep":  # a lock that is taken over
        bucket.write("out/.colorear/lock", b"{}")
    monkeypatch.setattr(owner, "TemporaryDirectory" if when == "mkdtemp" else when, stopped)
    with pytest.raises((KeyboardInterrupt, OSError, BatchError)) as raised:
        store.open_store(OUT)
    if when == "mkdtemp":
        says = f"the journal of '{OUT}' cannot be brought here: No space left on device; make room"
        assert str(raised.value).startswith(says)
    assert ours(bucket) == []


@pytest.mark.usefixtures("attic")
def test_a_lock_that_nobody_can_read_is_taken(bucket, run):
    bucket.write("out/.colorear/lock", b"dear diary")
    assert run() == (ALL, [], [])


@pytest.mark.usefixtures("attic")
def test_a_journal_that_is_none(bucket):
    OUT.mkdir(parents=True)
    bucket.write("out/.colorear/journal.sqlite", b"dear diary " * 100)
    with pytest.raises(BatchError, match=f"the journal '{OUT}/.colorear/journal.sqlite' cannot be"):
        store.open_store(OUT)
    assert ours(bucket) == ["out/.colorear/journal.sqlite"]


def test_a_journal_here_that_is_none_is_named_where_it_lies(tmp_path):
    file = tmp_path / ".colorear/journal.sqlite"
    file.parent.mkdir()
    file.write_bytes(b"dear diary " * 100)
    with pytest.raises(BatchError, match=f"the journal '{file}' cannot be used .*: delete it, and"):
        store.open_store(tmp_path)
    file.unlink()
    kept = store.open_store(tmp_path)
    says = f"another run is writing into '{file.parent}'; wait until it has ended"
    with pytest.raises(BatchError, match=says):
        store.open_store(tmp_path)
    kept.close()


@pytest.mark.usefixtures("attic")
def test_without_a_folder_nothing_is_kept(bucket, colorizer):
    target = OUT / "one.jpg"
    with Batch(discover([SOURCE / "box 0/0.jpg"], target), target, "") as batch:
        (answer,) = batch.run(thread_executor(colorizer))
    assert answer.output == f"{OUT}/one.jpg"
    assert list(bucket.files("out")) == ["one.jpg"]
    assert ours(bucket) == []


def test_variants_and_how_sure_they_are(attic, bucket, tmp_path):
    (tmp_path / "choosing.onnx").write_bytes(networks.choosing())
    choosing = Colorizer(tmp_path / "choosing.onnx", threads=1)
    here = tmp_path / "here"
    here.mkdir()
    OUT.mkdir(parents=True)

    def run(source, out):
        found = discover([source], out, variants=2, uncertainty=True)
        with Batch(found, out, "", options=ColorizeOptions(vividness=0.5)) as batch:
            return [type(answer) for answer in batch.run(thread_executor(choosing))]

    assert run(SOURCE, OUT) == run(attic, here) == [Colored] * 18
    made = bucket.files("out")
    assert made == files(here)
    assert {name for name in made if "/0" in name} == {
        "box 0/0-color.jpg",
        "box 0/0-color-2.jpg",
        "box 0/0-uncertainty.png",
    }
    assert bucket.kind("out/box 0/0-uncertainty.png") == "image/png"
    bucket.delete("out/box 0/0-uncertainty.png")
    bucket.delete("out/box 0/1-color-2.png")
    assert Counter(run(SOURCE, OUT)) == {Kept: 16, Colored: 2}
    assert bucket.files("out") == made


def test_no_copies_stay_on_this_machine(run, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "spare"))
    (tmp_path / "spare").mkdir()
    run()
    assert list((tmp_path / "spare").iterdir()) == []


def test_a_folder_of_ours_that_is_a_link_is_refused(tmp_path):
    theirs, out = tmp_path / "theirs", tmp_path / "out"
    (theirs / "unfinished").mkdir(parents=True)
    (theirs / "unfinished" / "diary").write_text("dear")
    out.mkdir()
    (out / ".colorear").symlink_to(theirs)
    with pytest.raises(BatchError, match=r"out/.colorear' is a link, but colorear needs a folder"):
        store.open_store(out)
    assert (theirs / "unfinished" / "diary").read_text() == "dear"
    assert [path.name for path in theirs.iterdir()] == ["unfinished"]


def test_how_often_the_journal_is_saved(monkeypatch):
    """A copy that takes long is made less often."""
    waits, took = [], iter([0.1, 3, 1000, 0])
    clock = iter(float(second) for second in range(10**6))

    def wait(seconds):
        waits.append(seconds)
        return len(waits) > 4

    def save():
        for _ in range(round(next(took))):
            next(clock)
        raise PhotographError("the store does not answer")

    monkeypatch.setattr(store, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    kept = SimpleNamespace(_over=SimpleNamespace(wait=wait), _lost=None, _save=save)
    store._RemoteStore._keep_journal(kept)
    assert waits == [30, 30, 80, 150, 30]
    kept._lost = BatchError("taken")
    store._RemoteStore._keep_journal(kept)
    assert waits[5:] == [30]


def test_a_copy_of_the_journal_that_takes_long_does_not_keep_the_lock_from_being_renewed():
    waits, answers = [], iter([None, PhotographError("no answer"), None, lock.TakenError(OUT)])

    def wait(seconds):
        waits.append(seconds)
        return False

    def renew():
        if error := next(answers):
            raise error

    kept = SimpleNamespace(_over=SimpleNamespace(wait=wait), _lock=SimpleNamespace(renew=renew))
    store._RemoteStore._keep_lock(kept)
    assert waits == [30] * 4
    assert 10 * max(waits) <= lock._UNSURE
    assert isinstance(kept._lost, lock.TakenError)
    with pytest.raises(BatchError, match="another run is writing"):
        store._RemoteStore.check(kept)


def test_nothing_is_written_by_whoever_cannot_tell_that_the_lock_is_theirs():
    ensured = []
    kept = SimpleNamespace(_lost=None, _lock=SimpleNamespace(ensure=lambda: ensured.append(1)))
    store._RemoteStore.check(kept)
    assert ensured == [1]


def test_where_what_is_unfinished_lies_in_a_folder_here(tmp_path):
    out = tmp_path / "out"
    left = out / ".colorear/unfinished/.colorear-left"
    left.parent.mkdir(parents=True)
    left.write_text("of a run that was killed")
    kept = store.open_store(out)
    assert not left.exists()
    ours = str(left.parent)
    assert kept.unfinished(f"{out}/a/b/c.jpg") == kept.unfinished(f"{out}/d.jpg") == ours
    assert left.parent.is_dir()
    assert kept.unfinished(f"{OUT}/e.jpg") is None
    assert kept.key(f"{out}/a/b/c.jpg") == "a/b/c.jpg"
    assert not (out / "a").exists()
    kept.begin([f"{out}/a/b/c.jpg", f"{out}/d.jpg"])
    assert (out / "a/b").is_dir()
    left.write_text("of a worker that was ended")
    kept.close()
    assert [path.name for path in (out / ".colorear").iterdir()] == ["journal.sqlite"]


def test_where_what_is_unfinished_lies_without_a_folder(tmp_path, monkeypatch):
    kept = store.open_store(None)
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    first = Path(kept.unfinished(f"{one}/a.jpg"))
    assert first.parent == one
    assert kept.unfinished(f"{one}/b.jpg") == str(first)
    assert Path(kept.unfinished(f"{other}/a.jpg")).parent == other
    assert kept.unfinished(f"{tmp_path}/missing/deeper/a.jpg").startswith(f"{tmp_path}/.colorear-")
    kept.begin([f"{tmp_path}/missing/a.jpg"])
    assert not (tmp_path / "missing").exists()  # whoever names such a file is told
    monkeypatch.chdir(tmp_path)
    assert kept.key("a.jpg") == f"{tmp_path}/a.jpg"
    kept.close()
    assert [list(folder.iterdir()) for folder in (one, other)] == [[], []]
    here = store.open_store(Path())
    assert here.key("a.jpg") == "a.jpg"
    here.close()
