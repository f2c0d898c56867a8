import asyncio
from contextlib import contextmanager

import numpy as np
import pytest

from colorear.server.settings import Settings
from colorear.server.ui.previews import Preview
from colorear.server.ui.session import File, Opened, SessionExpired, Sessions
from colorear.server.worker_pool import WorkerPool


@contextmanager
def sessions(**options):
    pool = WorkerPool(Settings(workers=1, upload_megabytes=1e-5))  # 10 bytes; 400 in all
    try:
        yield Sessions(pool, **options)
    finally:
        asyncio.run(pool.stop())


def fill(every: Sessions, secret: str, size: int) -> None:
    session = every.of(secret)
    (session.new_folder() / "file").write_bytes(bytes(size))
    every.update_size(session)


def test_a_sitting_ends_with_all_its_files():
    async def sit(every: Sessions) -> None:
        secret, other = every.begin("me"), every.begin("me")
        assert secret != other
        session = every.of(secret)
        path = session.new_folder() / "file"
        path.write_text("private")
        file = File(path, "old-color.jpg")
        key = every.publish(session, file)
        assert key not in (secret, other)
        assert every.published(key) == file
        second = session.new_folder() / "file"
        second.write_text("newer")
        newer = every.publish(session, File(second, "old-color.jpg"))
        assert every.published(key) is None
        assert not path.exists()
        every.end(secret)
        assert every.published(newer) is None
        assert not session.folder.exists()
        with pytest.raises(SessionExpired, match="open the photograph again"):
            every.of(secret)
        assert len(every) == 1
        every.end(secret)
        every.end_all()
        assert len(every) == 0

    with sessions() as every:
        asyncio.run(sit(every))


@pytest.mark.parametrize("wrong", ["", "guessed", None, 7, ["x"]])
def test_nobody_guesses_a_sitting(wrong):
    async def guess(every: Sessions) -> None:
        every.begin("me")
        with pytest.raises(SessionExpired):
            every.of(wrong)
        every.end_all()

    with sessions() as every:
        asyncio.run(guess(every))


def test_who_leaves_it_alone_loses_it():
    async def wait(every: Sessions) -> None:
        folder = every.of(every.begin("me")).folder
        while folder.exists():
            await asyncio.sleep(0.01)
        assert len(every) == 0

    with sessions(idle=0.02) as every:
        asyncio.run(wait(every))


def test_those_who_were_idle_longest_make_room():
    async def crowd(every: Sessions) -> None:
        first, second = every.begin("me"), every.begin("me")
        every.of(first)
        third = every.begin("me")
        with pytest.raises(SessionExpired):
            every.of(second)
        fill(every, third, 399)
        assert every.is_full(every.of(third))
        fill(every, first, 2)
        assert not every.is_full(every.of(first))
        with pytest.raises(SessionExpired):
            every.of(third)
        fill(every, first, 1000)  # alone it may be as large as it is
        assert len(every) == 1
        every.end_all()

    with sessions(most=2) as every:
        asyncio.run(crowd(every))


def test_who_takes_too_many_loses_their_own():
    async def take(every: Sessions) -> None:
        other = every.begin("somebody else")
        first, second = every.begin("me"), every.begin("me")
        every.begin("me")
        with pytest.raises(SessionExpired):
            every.of(first)
        assert every.of(other).client == "somebody else"
        assert every.of(second)
        every.end_all()

    with sessions(each=2) as every:
        asyncio.run(take(every))


def test_a_photograph_that_is_in_use_stays_though_another_was_opened(tmp_path):
    path = tmp_path / "own" / "photograph"
    path.parent.mkdir()
    path.write_bytes(b"x")
    opened = Opened(path, "old.jpg", Preview(*[np.zeros((1, 1), np.uint8)] * 3, "jpeg", 1, 1))
    with opened.in_use(), opened.in_use():
        opened.close()
        assert path.exists()
    assert not path.parent.exists()
    opened.close()
