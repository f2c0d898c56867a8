"""Of many runs one has the lock of a remote folder, however slow its store is."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import obstore
import pytest

import s3
from colorear.batch import conditional, lock
from colorear.batch.remote import Remote
from colorear.errors import BatchError

OUT = Remote(f"s3://{s3.BUCKET}/out")
TAKEN = "another run is writing into"


@pytest.fixture
def here(tmp_path, monkeypatch) -> Remote:
    """A folder whose store compares nothing, with the file of a lock that nobody has."""
    monkeypatch.setattr(lock, "_SETTLES", 0)
    folder = tmp_path / "out/.colorear"
    folder.mkdir(parents=True)
    return Remote(f"file://{folder}")


@pytest.fixture
def nowhen(monkeypatch) -> Iterator[Remote]:
    """A folder whose store tells no times."""
    monkeypatch.setattr(lock, "_SETTLES", 0)
    folder = Remote("memory://out/.colorear")
    yield folder
    for file in folder.list_files():
        (folder / file.path).remove()


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("stale", [False, True])
def test_of_many_that_begin_at_once_one_gets_the_folder(bucket, stale):
    if stale:
        bucket.write("out/.colorear/lock", b"{}")
    begin = threading.Barrier(8)
    locks, refused = [], []

    def take():
        begin.wait()
        try:
            locks.append(lock.Lock(OUT / ".colorear"))
        except BatchError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(locks), len(refused)) == (1, 7)
    assert all(TAKEN in sentence for sentence in refused)
    locks[0].renew()
    locks[0].release()
    assert [name for name in bucket.names() if name[-1] != "/"] == []


def test_other_stores_have_locks_too(here):
    ours, file = lock.Lock(here), here / "lock"
    with pytest.raises(BatchError, match=TAKEN):
        lock.Lock(here)
    ours.renew()
    file.write(b"theirs")
    with pytest.raises(BatchError, match=TAKEN):
        ours.renew()
    with pytest.raises(BatchError, match=TAKEN):
        ours.renew()
    ours.release()
    assert file.read() == b"theirs"
    assert lock.Lock(here)


def said(seconds: float) -> bytes:
    """A lock of another run whose machine believed that it was so many seconds from now."""
    return json.dumps({"token": "theirs", "time": time.time() + seconds}).encode()


def is_taken_over(folder: Remote) -> bool:
    """Whether a run can begin in it; if not nothing there has changed."""
    file = folder / "lock"
    before = file.read()
    try:
        lock.Lock(folder).release()
    except lock.TakenError:
        assert [found.path for found in folder.list_files()] == ["lock"]
        assert file.read() == before
        return False
    assert folder.list_files() == []
    return True


CLOCKS = pytest.mark.parametrize("theirs", [-1.7e9, -600, 0, 600, 1e9])
AGES = pytest.mark.parametrize(
    ("ago", "is_gone"), [(590, False), (610, True), (-590, False), (-610, True), (-1e9, True)]
)


@CLOCKS
@AGES
def test_whoever_renewed_no_lock_for_ten_minutes_is_gone(here, theirs, ago, is_gone):
    """So tells the clock of the store; that of their machine may be years ahead or behind."""
    (here / "lock").write(said(theirs))
    then = time.time() - ago
    os.utime(str(here / "lock").removeprefix("file://"), (then, then))
    assert is_taken_over(here) is is_gone


@pytest.mark.parametrize("theirs", [-1.7e9, 1e9])
@pytest.mark.parametrize(("ago", "is_gone"), [(500, False), (700, True)])
def test_a_store_elsewhere_has_a_clock_too(bucket, theirs, ago, is_gone):
    folder = OUT / ".colorear"
    bucket.write("out/.colorear/lock", said(theirs))
    bucket.age("out/.colorear/lock", ago)
    assert is_taken_over(folder) is is_gone


@pytest.mark.parametrize(("theirs", "is_gone"), [(-610, True), (-590, False), (590, False)])
def test_where_a_store_tells_no_times_the_clocks_of_machines_decide(nowhen, theirs, is_gone):
    (nowhen / "lock").write(said(theirs))
    assert is_taken_over(nowhen) is is_gone


def test_of_a_lock_from_the_future_it_is_told_how_to_go_on(nowhen):
    content = said(610)
    (nowhen / "lock").write(content)
    with pytest.raises(BatchError, match=r"/lock' is of a time that .* delete the lock if no"):
        lock.Lock(nowhen)
    assert (nowhen / "lock").read() == content
    (nowhen / "lock").remove()
    assert nowhen.list_files() == []
    lock.Lock(nowhen).release()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b"7",
        b"\xff",
        b"[" * 100_000,
        b'{"token": "a", "time": 1, "host": ' + b"[" * 100_000,
        b'{"token": "\xff", "time": 1}',
        b'{"token": "a"}',
        *(
            b'{"token": "a", "time": %s}' % number
            for number in (b"null", b'"1"', b"true", b"NaN", b"-Infinity", b"Infinity", b"1e999")
        ),
        b'{"token": "a", "time": -1}',
        b'{"token": "a", "time": 1' + b"0" * 400 + b"}",
    ],
    ids=range(17),
)
def test_a_lock_that_nobody_can_read_is_that_of_somebody_who_is_gone(here, said):
    (here / "lock").write(said)
    assert is_taken_over(here)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Python's clock tells it")
def test_while_a_machine_sleeps_its_lock_gets_older(here, monkeypatch):
    slept = [0]
    ours, file = lock.Lock(here), here / "lock"
    before, now = file.read(), time.clock_gettime

    def clock_gettime(which):
        return now(which) + (slept[0] if which == time.CLOCK_BOOTTIME else 0)

    monkeypatch.setattr(time, "clock_gettime", clock_gettime)
    ours.ensure()
    assert file.read() == before
    slept[0] = 301
    ours.ensure()
    assert file.read() != before


def test_a_lock_that_vanishes_meanwhile(here, monkeypatch):
    """Its owner ended between two requests; or somebody removed ours."""
    with monkeypatch.context() as patched:
        patched.setattr(Remote, "create", lambda *_: None)
        with pytest.raises(BatchError, match=TAKEN):
            lock.Lock(here)
    ours = lock.Lock(here)
    (here / "lock").remove()
    ours.release()
    assert (here / "lock").read() is None


@pytest.mark.parametrize("there", [None, b"{}"])
@pytest.mark.parametrize(("seconds", "waits"), [(0, 1), (7, 14)])
def test_of_two_that_a_store_grants_one_lock_the_later_one_stays(
    here, monkeypatch, there, seconds, waits
):
    """They see each other after twice the time that it took, however slow the store is."""
    file, slept = here / "lock", []
    if there is not None:
        file.write(there)

    def meanwhile(seconds):
        slept.append(seconds)
        file.write(json.dumps({"token": "theirs", "time": time.time()}).encode())

    monkeypatch.setattr(lock, "_SETTLES", 1)
    times = {"sleep": meanwhile, "time": time.time, "monotonic": lambda: next(clock)}
    monkeypatch.setattr(lock, "time", SimpleNamespace(**times))
    clock = iter([0, seconds, seconds])
    with pytest.raises(BatchError, match=TAKEN):
        lock.Lock(here)
    assert slept == [waits]
    assert json.loads(file.read())["token"] == "theirs"


@pytest.mark.usefixtures("bucket")
def test_a_store_that_compares_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(lock.time, "sleep", None)
    lock.Lock(OUT / ".colorear").release()


def test_a_lock_that_was_taken_over_is_looked_at_again(bucket, monkeypatch):
    """A store may compare when a file is made, and not when it is replaced."""
    bucket.write("out/.colorear/lock", b"{}")
    monkeypatch.setattr(lock.time, "sleep", lambda _: bucket.write("out/.colorear/lock", b"theirs"))
    with pytest.raises(BatchError, match=TAKEN):
        lock.Lock(OUT / ".colorear")
    assert bucket.read("out/.colorear/lock") == b"theirs"


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("request_name", ["create", "replace"])
def test_a_lock_whose_answer_was_lost_is_known_as_our_own(monkeypatch, request_name):
    """The store did it, nobody heard so, and the same request again was refused."""
    if request_name == "replace":
        ours = lock.Lock(OUT / ".colorear")
    done = getattr(Remote, request_name)

    def unheard(self, *arguments):
        assert done(self, *arguments)
        return done(self, *arguments)

    monkeypatch.setattr(Remote, request_name, unheard)
    if request_name == "create":
        ours = lock.Lock(OUT / ".colorear")
    ours.renew()
    monkeypatch.undo()
    ours.renew()
    ours.release()
    assert (OUT / ".colorear/lock").read() is None


def test_whoever_could_not_renew_it_for_long_asks_before_going_on(here, monkeypatch):
    now = [1000.0]
    times = {"sleep": lambda _: None, "time": time.time, "monotonic": lambda: now[0]}
    monkeypatch.setattr(lock, "time", SimpleNamespace(**times))
    ours, file = lock.Lock(here), here / "lock"
    before = file.read()
    now[0] += 300
    ours.ensure()
    assert file.read() == before
    now[0] += 1
    ours.ensure()
    assert file.read() != before
    now[0] += 300
    file.write(b"theirs")
    ours.ensure()  # it may be believed for as long
    now[0] += 1
    with pytest.raises(BatchError, match=TAKEN):
        ours.ensure()


def test_the_time_of_a_renewal_is_when_it_was_asked_for(here, monkeypatch):
    """It may have been done at once, and its answer have taken long."""
    now = [1000.0]
    times = {"sleep": lambda _: None, "time": time.time, "monotonic": lambda: now[0]}
    monkeypatch.setattr(lock, "time", SimpleNamespace(**times))
    ours, replace, asked = lock.Lock(here), Remote.replace, []

    def slowly(self, *arguments):
        asked.append(now[0])
        now[0] += 200
        return replace(self, *arguments)

    monkeypatch.setattr(Remote, "replace", slowly)
    ours.renew()
    now[0] += 101
    ours.ensure()
    assert asked == [1000, 1301]


@pytest.mark.usefixtures("bucket")
def test_a_store_that_does_not_answer_grants_nothing(monkeypatch):
    """Whoever went on as if it knew no such request would have what another was granted."""
    monkeypatch.setattr(conditional, "_client", lambda *_: None)
    monkeypatch.setattr(obstore, "put", silent)
    monkeypatch.setattr(obstore, "get", silent)
    with pytest.raises(BatchError, match=r"lock' cannot be written: Generic S3 error: .* request$"):
        lock.Lock(OUT / ".colorear")
    assert (OUT / ".colorear/lock").read() is None


def silent(*_, **__):
    raise obstore.exceptions.GenericError(
        "Generic S3 error: Error performing PUT http://store/lock in 30.0s - HTTP error: error "
        'sending request\n\nDebug source:\nGeneric {\n    store: "S3",\n}'
    )
