import asyncio
import json
import shutil
import zipfile
from base64 import b64decode
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import pyvips

from colorear import Colorizer, read_hints, verify
from colorear.server.settings import Settings
from colorear.server.ui.actions import PageActions, respond
from colorear.server.ui.routes import EXAMPLES
from colorear.server.ui.session import Sessions
from colorear.server.uploads import Upload
from colorear.server.worker_pool import Timeout, WorkerPool
from server.able import able

RED = {"x": 0.5, "y": 0.5, "color": "red"}


def picture_of(url: str) -> pyvips.Image:
    return pyvips.Image.new_from_buffer(b64decode(url.partition(",")[2]), "")


def size_of(url: str) -> tuple[int, int]:
    picture = picture_of(url)
    return picture.width, picture.height


def colors_of(url: str) -> np.ndarray:
    return picture_of(url).thumbnail_image(64).numpy().astype(float)


class Visitor:
    """Somebody at the desk, with a session of their own."""

    def __init__(self, actions: PageActions, every: Sessions) -> None:
        self.actions, self.every, self.secret = actions, every, every.begin("me")

    def upload(self, path: Path, name: str) -> Upload:
        target = self.every.of(self.secret).new_folder() / "photograph"
        shutil.copy(path, target)
        return Upload(target, name, {})

    async def open(self, path: Path = EXAMPLES["flower"], name: str = "niña.jpg"):
        upload = self.upload(path, name)
        return await respond(self.actions.open_photo("me", self.secret, "able", upload))

    async def add(self, path: Path = EXAMPLES["flower"], name: str = "a.jpg", **work):
        upload = self.upload(path, name)
        upload = Upload(upload.photograph, name, {"work": json.dumps(work).encode()})
        return await respond(self.actions.add_to_batch("me", self.secret, upload))

    async def ask(self, what: str, **payload):
        given = {"session": self.secret, "model": "able", **payload}
        call = getattr(self.actions, what)
        return await respond(call("me", given))


@pytest.fixture
def visiting(added):
    added(able(), name="able")

    @asynccontextmanager
    async def visit():
        pool = WorkerPool(Settings(workers=1, hints=2, model="able"))
        every = Sessions(pool)
        try:
            yield Visitor(PageActions(pool, every), every)
        finally:
            every.end_all()
            await pool.stop()

    return visit


def test_a_photograph_is_opened_colored_and_taken_home(visiting):
    async def work() -> None:
        async with visiting() as visitor:
            shown = await visitor.open()
            assert shown["name"] == "niña.jpg"
            assert shown["abilities"] == dict.fromkeys(
                ("hints", "suggestions", "uncertainty", "variants", "safe", "views"), True
            )
            plain = await visitor.ask("colors")
            told = await visitor.ask("colors", hints=[RED])
            near = await visitor.ask("colors", hints=[RED], view=2)
            assert near["after"] != told["after"]  # a hint reaches half as far
            small = await visitor.ask("colors", hints=[RED], small=True)
            assert len({plain["after"], told["after"], small["after"]}) == 3
            assert len(small["after"]) < len(told["after"]) / 2
            draft = await visitor.ask("colors", hints=[RED], draft=True)
            assert size_of(draft["after"]) == (384, 256)
            fine, coarse = (colors_of(one["after"]) for one in (told, draft))
            assert np.abs(fine - coarse).mean() < 3  # of 255: the same colors, less fine
            assert len((await visitor.ask("suggestions", x=0.5, y=0.5))["colors"]) == 3
            assert (await visitor.ask("uncertainty"))["tint"].startswith("data:image/png")
            made = await visitor.ask("file", hints=[RED], vividness=1.2, variant=1)
            assert made["name"] == "niña-color.jpg"
            file = visitor.every.published(made["file"])
            assert verify(EXAMPLES["flower"], file.path).identical_dct

    asyncio.run(work())


def test_the_network_is_not_run_again_for_what_was_a_draft(visiting):
    async def work() -> None:
        async with visiting() as visitor:
            await visitor.open()
            fine = colors_of((await visitor.ask("colors", hints=[RED]))["after"])
            await visitor.ask("colors", hints=[RED], draft=True)
            same = colors_of((await visitor.ask("colors", hints=[RED]))["after"])
            assert np.abs(fine - same).mean() < 1  # of 255
            opened = visitor.every.of(visitor.secret).open_photo
            wanted, ab = opened.drafted
            opened.drafted = wanted, np.zeros_like(ab)  # gray, so that it shows
            told = colors_of((await visitor.ask("colors", hints=[RED]))["after"])
            assert np.ptp(told, axis=2).max() <= 4
            for other in ({"hints": [RED | {"x": 0.4}]}, {"vividness": 1.2, "hints": [RED]}):
                told = colors_of((await visitor.ask("colors", **other))["after"])
                assert np.ptp(told, axis=2).max() > 20

    asyncio.run(work())


@pytest.mark.parametrize(
    ("suffix", "levels", "how"),
    [
        (".png", np.arange(24, dtype=np.uint8).reshape(4, 6) * 11, {}),
        (".png", np.arange(24, dtype=np.uint16).reshape(4, 6) * 2849, {}),
        (".png", np.full((4, 6, 3), (200, 100, 50), np.uint8), {}),
        (".tif", np.arange(24, dtype=np.uint8).reshape(4, 6) * 11, {"orientation": 6}),
        (".tif", np.linspace(0, 1, 24, dtype=np.float32).reshape(4, 6), {}),
    ],
)
def test_a_negative_is_inverted(visiting, tmp_path, suffix, levels, how):
    picture = pyvips.Image.new_from_array(levels).copy()
    if levels.dtype == np.uint16:
        picture = picture.copy(interpretation="grey16")  # or it would be written with 8 bits
    for name, value in how.items():
        picture.set_type(pyvips.GValue.gint_type, name, value)
    picture.write_to_file(str(tmp_path / f"a{suffix}"))
    most = 255 if levels.dtype == np.uint8 else 65535
    gray = levels if levels.ndim == 2 else np.full((4, 6), 0.299 * 200 + 0.587 * 100 + 0.114 * 50)
    expected = most - (gray * most if levels.dtype == np.float32 else gray)
    if how:
        expected = np.rot90(expected, -1)

    async def work() -> None:
        async with visiting() as visitor:
            await visitor.open(tmp_path / f"a{suffix}", f"opa{suffix}")
            told = await visitor.ask("inverted")
            assert told["name"] == "opa-inverted.png"
            file = visitor.every.published(told["file"])
            made = pyvips.Image.new_from_file(str(file.path))
            assert made.interpretation in ("b-w", "grey16")
            inverted = made.numpy().reshape(expected.shape).astype(float)
            assert np.abs(inverted - expected).max() <= 0.51

    asyncio.run(work())


def test_the_one_before_is_deleted_when_another_is_opened(visiting):
    async def work() -> None:
        async with visiting() as visitor:
            await visitor.open()
            first = visitor.every.of(visitor.secret).open_photo.path
            await visitor.open(EXAMPLES["coffee"], "coffee.png")
            assert not first.parent.exists()
            assert visitor.every.of(visitor.secret).open_photo.name == "coffee.png"

    asyncio.run(work())


@pytest.fixture
def unusual(tmp_path) -> dict[str, Path]:
    """Photographs of which something is told, by what is told."""
    paths = {kind: tmp_path / f"{kind}.png" for kind in ("color", "colored", "bilevel", "framed")}
    gray = pyvips.Image.new_from_file(str(EXAMPLES["china"]))
    warm = gray.linear([1.1, 0.9, 0.7], 0)
    other = gray.flip("horizontal").linear([0.7, 1, 1.1], 0)
    (warm / 2 + other / 2).cast("uchar").copy(interpretation="srgb").pngsave(str(paths["color"]))
    Colorizer("able").colorize(EXAMPLES["coffee"], paths["colored"])
    (gray > 100).ifthenelse(255, 0).cast("uchar").pngsave(str(paths["bilevel"]))
    size = gray.width + 160, gray.height + 120
    gray.embed(80, 60, *size, extend="white").pngsave(str(paths["framed"]))
    return paths


def test_what_is_unusual_of_a_photograph_is_told(visiting, unusual):
    async def work() -> None:
        async with visiting() as visitor:
            assert (await visitor.open(EXAMPLES["china"]))["notices"] == []
            for kind, path in unusual.items():
                assert (await visitor.open(path, path.name))["notices"] == [kind]
                notice = None if kind == "framed" else kind
                assert (await visitor.add(path, path.name))["notice"] == notice

    asyncio.run(work())


def test_a_negative_is_told_with_its_first_colors(visiting, tmp_path):
    """By a network that takes for one what is bright."""
    negative = tmp_path / "negative.png"
    pyvips.Image.new_from_file(str(EXAMPLES["flower"])).invert().pngsave(str(negative))

    async def work() -> None:
        async with visiting() as visitor:
            await visitor.open(EXAMPLES["flower"])
            assert (await visitor.ask("colors", draft=True))["negative"] is False
            assert (await visitor.open(negative, "a.png"))["notices"] == []
            assert (await visitor.ask("colors", draft=True))["negative"] is True
            for other in ({"hints": [RED]}, {"variant": 1}, {"view": 1.5}):
                assert (await visitor.ask("colors", draft=True, **other))["negative"] is False
            assert (await visitor.add(negative, "a.png"))["notice"] == "negative"

    asyncio.run(work())


def test_what_is_converted_comes_home_as_png(visiting, tmp_path):
    avif = tmp_path / "old.avif"
    pyvips.Image.new_from_file(str(EXAMPLES["flower"])).heifsave(str(avif), compression="av1")

    async def work() -> None:
        async with visiting() as visitor:
            assert (await visitor.open(avif, "old.avif"))["pixels"] == [640, 427]
            assert (await visitor.ask("file"))["name"] == "old-color.png"
            assert (await visitor.add(avif, "old.avif"))["name"] == "old-color.png"
            made = await visitor.ask("batch_file", number=0)
            path = visitor.every.published(made["file"]).path
            assert path.read_bytes().startswith(b"\x89PNG")

    asyncio.run(work())


def test_hints_that_were_saved_are_opened(visiting, tmp_path):
    async def work() -> None:
        async with visiting() as visitor:
            await visitor.open()
            text = json.dumps([RED])
            (tmp_path / "hints.json").write_text(text)
            answer = await visitor.ask("hints", text=text, name="a.json")
            (hint,) = read_hints(tmp_path / "hints.json")
            expected = {**RED, "color": "#ff0000", "radius": hint.radius}
            assert answer == {"hints": [expected]}
            wrong = await visitor.ask("hints", text='[{"x": 2}]', name="mine.json")
            assert "'mine.json' holds no hints" in wrong["problem"]
            batch = await visitor.ask("hints", text=json.dumps([RED] * 3), name="a.json")
            assert "at most 2 are taken" in batch["problem"]

    asyncio.run(work())


def test_errors_tell_the_name_and_no_path(visiting, tmp_path):
    async def work() -> None:
        async with visiting() as visitor:
            wrong = tmp_path / "wrong"
            wrong.write_bytes(EXAMPLES["flower"].read_bytes()[:9000])
            answer = await visitor.open(wrong, "cut.jpg")
            assert "cut.jpg" in answer["problem"]
            assert "photograph" not in answer["problem"].split("'")[1]
            assert str(visitor.every.of(visitor.secret).folder) not in answer["problem"]
            assert await visitor.ask("colors") == {"expired": True}  # nothing is open
            await visitor.open()
            for payload in ({"hints": [{"x": 0}]}, {"vividness": "x"}, {"model": 5}, {"view": 3}):
                answer = await visitor.ask("colors", **payload)
                assert "load it anew" in answer["problem"]
            for payload, text in (
                ({"vividness": 9}, "vividness of 9"),
                ({"hints": [{**RED, "color": "mud"}]}, "'mud' is no color"),
                ({"hints": [RED] * 3}, "at most 2 are taken"),
                ({"model": "/etc/passwd.onnx"}, "there is no network called"),
            ):
                assert text in (await visitor.ask("colors", **payload))["problem"]

    asyncio.run(work())


def test_what_nobody_foresaw_is_not_told(caplog):
    async def fail():
        raise ZeroDivisionError("/secret/place")

    answer = asyncio.run(respond(fail()))
    assert "log tells what" in answer["problem"]
    assert "/secret" not in answer["problem"]
    assert "/secret/place" in caplog.text


@pytest.mark.parametrize("color", ["#f00", "#FF0000", "Red"])
def test_colors_of_saved_hints_are_told_as_the_page_reads_them(visiting, color):
    async def work() -> None:
        async with visiting() as visitor:
            answer = await visitor.ask("hints", text=json.dumps([{**RED, "color": color}]))
            assert [hint["color"] for hint in answer["hints"]] == ["#ff0000"]

    asyncio.run(work())


def test_after_one_of_many_has_failed_others_are_colored(visiting, monkeypatch):
    async def work() -> None:
        async with visiting() as visitor:

            async def fail(*_):
                raise Timeout("120 seconds")

            with monkeypatch.context() as patched:
                patched.setattr(visitor.actions._pool, "run", fail)
                answer = await visitor.add()
                assert answer == {"problem": "120 seconds", "kind": "took-too-long"}
            assert visitor.every.of(visitor.secret).batch == {}
            assert (await visitor.add())["name"] == "a-color.jpg"

    asyncio.run(work())


def test_one_that_is_gone_from_the_disk_makes_way(visiting):
    async def work() -> None:
        async with visiting() as visitor:
            await visitor.open()
            shutil.rmtree(visitor.every.of(visitor.secret).open_photo.path.parent)
            assert "problem" not in await visitor.open()

    asyncio.run(work())


def test_beginning_again_makes_room(visiting):
    async def work() -> None:
        async with visiting() as visitor:
            await visitor.add()
            made = await visitor.ask("zip_batch")
            session = visitor.every.of(visitor.secret)
            assert session.size > 0
            assert await visitor.ask("clear_batch") == {}
            assert session.size == 0
            assert visitor.every.published(made["file"]) is None

    asyncio.run(work())


def test_many_go_into_one_zip(visiting, tmp_path):
    async def work() -> None:
        async with visiting() as visitor:
            for number, name in ((2, "a.jpg"), (1, "b.jpg"), (0, "a.jpg")):
                assert "problem" not in await visitor.add(name=name, number=number)
            answer = await visitor.ask("zip_batch")
            with zipfile.ZipFile(visitor.every.published(answer["file"]).path) as archive:
                names = ["a-color.jpg", "b-color.jpg", "a-color (2).jpg"]
                assert archive.namelist() == names
                archive.extract("b-color.jpg", tmp_path)
            assert verify(EXAMPLES["flower"], tmp_path / "b-color.jpg").ok
            assert await visitor.ask("clear_batch") == {}
            assert "color them again" in (await visitor.ask("zip_batch"))["problem"]
            for number in (1, None, [1]):
                answer = await visitor.ask("batch_file", number=number)
                assert answer["kind"] == "not-found"

    asyncio.run(work())


def test_one_of_many_is_colored_anew_in_its_place_and_fetched_alone(visiting):
    async def work() -> None:
        async with visiting() as visitor:
            plain = await visitor.add(number=7)
            session = visitor.every.of(visitor.secret)
            first, size = session.batch[7].path, session.size
            told = await visitor.add(number=7, hints=[RED], vividness=1.5, variant=1)
            assert told["stamp"] != plain["stamp"]
            assert told["stamp"].startswith("data:image/jpeg")
            assert not first.exists()
            assert size / 2 < session.size < size * 2
            assert [path.name for path in session.folder.rglob("*.jpg")] == ["colored.jpg"]
            for _ in range(2):
                made = await visitor.ask("batch_file", number=7)
                assert made["name"] == "a-color.jpg"
                published = visitor.every.published(made["file"])
                assert verify(EXAMPLES["flower"], published.path).ok
            await visitor.ask("zip_batch")  # takes the place of what was published
            assert published.path.exists()
            assert "color it again" in (await visitor.ask("batch_file", number=8))["problem"]

    asyncio.run(work())


@pytest.mark.parametrize(
    ("work", "said"),
    [
        ({"vividness": 9}, "vividness of 9"),
        ({"hints": [RED] * 3}, "at most 2 are taken"),
        ({"number": -1}, "load it anew"),
        ({"model": "/etc/passwd.onnx"}, "there is no network called"),
    ],
)
def test_wrong_wishes_for_one_of_many_are_told(visiting, work, said):
    async def send() -> None:
        async with visiting() as visitor:
            assert said in (await visitor.add(**work))["problem"]
            assert visitor.every.of(visitor.secret).batch == {}
            upload = Upload(visitor.upload(EXAMPLES["flower"], "a.jpg").photograph, "a.jpg", {})
            broken = Upload(upload.photograph, "a.jpg", {"work": b"[" * 100_000})
            answer = await respond(visitor.actions.add_to_batch("me", visitor.secret, broken))
            assert answer["kind"] == "malformed-request"

    asyncio.run(send())
