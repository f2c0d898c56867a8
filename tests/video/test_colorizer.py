"""A film in, the same film in color out: checked by decoding it again."""

import dataclasses
import os
import signal
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

import made_films as made
from colorear import color
from colorear.errors import UsageError, VideoError
from colorear.video.colorizer import VideoColorizer, beside
from colorear.video.film import Film
from colorear.video.joining import mark_in
from colorear.video.options import VideoOptions

ALONE = VideoOptions(steady=0)


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize(
    ("form", "bits"),
    [("yuv420p", 8), ("gray", 8), ("yuv420p10le", 10), ("gray10le", 10), ("yuv444p", 8)],
)
def test_ffv1_keeps_the_luma_of_every_frame(colorizer, lumas, tmp_path, form, bits, full_range):
    luma = [made.coded(one, bits, full_range=full_range) for one in lumas]
    luma[0][0, :2] = 0, 2**bits - 1  # outside the limited range, too
    source = made.write(tmp_path / "old.mkv", luma, form=form, full_range=full_range)
    done = colorizer.colorize(source, tmp_path / "new.mkv")
    found = made.read(tmp_path / "new.mkv")
    assert (done.lossless, done.frames, len(found)) == (True, 12, 12)
    for before, after in zip(luma, found, strict=True):
        np.testing.assert_array_equal(after["planes"][0], before)
    assert {frame["range"] for frame in found} == {2 if full_range else 1}
    assert {frame["matrix"] for frame in found} == {1}
    size = found[0]["planes"][1].shape
    assert size == ((48, 64) if form == "yuv444p" else (24, 32))


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("matrix", [1, 6])
def test_the_chroma_is_that_of_the_colors(colorizer, tmp_path, matrix, bits, full_range):
    """Of flat grey the known network makes one color; its chroma is worked out here."""
    gray = np.full((32, 48), 0.5, np.float32)
    coded = made.coded(gray, bits, full_range=full_range)
    form = "yuv420p" if bits == 8 else "yuv420p10le"
    settings = {"form": form, "full_range": full_range, "matrix": matrix}
    source = made.write(tmp_path / "old.mkv", [coded] * 2, **settings)
    colorizer.colorize(source, tmp_path / "new.mkv", ALONE)
    luma, *chroma = made.read(tmp_path / "new.mkv")[1]["planes"]
    top = 2**bits - 1
    low, span = (0, top) if full_range else (16 << (bits - 8), 219 << (bits - 8))
    across = top if full_range else 224 << (bits - 8)
    y = (luma[5, 5] - low) / span
    cb, cr = ((plane.mean() - (1 << (bits - 1))) / across for plane in chroma)
    red, green, blue = (0.2126, 0.7152, 0.0722) if matrix == 1 else (0.299, 0.587, 0.114)
    r, b = y + 2 * (1 - red) * cr, y + 2 * (1 - blue) * cb
    g = (y - red * r - blue * b) / green
    _, found_a, found_b = color.srgb_to_lab(np.array([r, g, b]).reshape(3, 1, 1)).ravel()
    lightness = float(color.luma_to_lightness(np.array(y)))
    assert found_a == pytest.approx(lightness / 2 + 1, abs=1.2)
    assert found_b == pytest.approx(3 - lightness / 4, abs=1.2)


def test_variable_times_and_pixels_that_are_not_square_are_kept(colorizer, lumas, tmp_path):
    times = [0, 100, 150, 1000, 1001, 1500, 2000, 2100, 2300, 2500, 2700, 3000]

    def settings(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(16, 15)

    source = made.write(
        tmp_path / "old.mp4",
        map(made.coded, lumas),
        codec="libx264",
        times=times,
        time_base=Fraction(1, 12800),
        settings=settings,
    )
    colorizer.colorize(source, tmp_path / "new.mp4", ALONE)
    was, now = made.read(source), made.read(tmp_path / "new.mp4")
    assert [frame["time"] for frame in now] == [frame["time"] for frame in was]
    assert [int(frame["time"] * 12800) for frame in now] == times
    with av.open(str(tmp_path / "new.mp4")) as file:
        assert file.streams.video[0].sample_aspect_ratio == Fraction(16, 15)
        assert file.streams.video[0].codec_context.name == "h264"


def test_a_film_that_lies_on_its_side_is_seen_upright(lumas, tmp_path):
    """The network's colors here are those of places: they tell how it saw the picture."""
    import networks

    (tmp_path / "placed.onnx").write_bytes(networks.placed())
    by_place = VideoColorizer(tmp_path / "placed.onnx", threads=1)

    def settings(stream):
        stream.set_display_rotation(90)

    luma = [made.coded(one) for one in lumas[:2]]
    source = made.write(tmp_path / "old.mp4", luma, codec="libx264", settings=settings)
    by_place.colorize(source, tmp_path / "new.mkv", VideoOptions(steady=0, codec="ffv1"))
    frame = made.read(tmp_path / "new.mkv")[0]
    assert frame["rotation"] == 90
    assert Film(source).facts.shown == (64, 48)
    # a* grows from the left as it is seen, which with it Cr does most
    red = np.rot90(frame["planes"][2]).astype(float)
    assert red.shape == (32, 24)
    assert red[:, -6:].mean() > red[:, :6].mean() + 5


def test_sound_titles_and_chapters_come_along(colorizer, lumas, tmp_path):
    rng = np.random.default_rng(0)
    samples = rng.integers(-9000, 9000, (1, 2 * 24000)).astype(np.int16)

    def also(file):
        file.metadata.update({"title": "Böhmen", "comment": "found in an attic"})
        file.set_chapters(
            [{"id": 1, "start": 0, "end": 300, "time_base": Fraction(1, 1000),
              "metadata": {"title": "Die Ankunft"}}]
        )  # fmt: skip
        sound = file.add_stream("pcm_s16le", rate=48000, layout="stereo")
        sound.metadata.update({"language": "deu", "title": "Ton"})

        def end():
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
            frame.sample_rate, frame.pts = 48000, 0
            file.mux(sound.encode(frame))
            file.mux(sound.encode(None))

        return end

    source = made.write(tmp_path / "old.mkv", map(made.coded, lumas), also=also)
    for name in ("new.mkv", "new.mp4"):
        done = colorizer.colorize(source, tmp_path / name, ALONE)
        assert done.left_out == ()
        with av.open(str(tmp_path / name)) as file:
            metadata = {key.lower(): text for key, text in file.metadata.items()}
            assert metadata["title"] == "Böhmen"
            assert metadata["comment"].startswith("found in an attic The color is synthetic (http")
            assert mark_in(file.metadata) == colorizer.mark
            assert [one["metadata"]["title"] for one in file.chapters()] == ["Die Ankunft"]
            sound = file.streams.audio[0]
            assert sound.language == "deu"
            assert sound.codec_context.name == "pcm_s16le"
            heard = [frame.to_ndarray() for frame in file.decode(sound)]
        np.testing.assert_array_equal(np.concatenate(heard, axis=1), samples)


def test_a_part_of_a_film(colorizer, lumas, tmp_path):
    source = made.write(tmp_path / "old.mkv", map(made.coded, lumas))
    part = VideoOptions(steady=0, start=0.25, end=0.42)
    done = colorizer.colorize(source, tmp_path / "new.mkv", part)
    was, now = made.read(source), made.read(tmp_path / "new.mkv")
    assert done.frames == len(now) == 5  # frames 6 to 10 of 24 a second
    for before, after in zip(was[6:11], now, strict=True):
        np.testing.assert_array_equal(before["planes"][0], after["planes"][0])
    assert float(now[0]["time"]) == pytest.approx(0, abs=1e-3)
    nothing = dataclasses.replace(part, start=9.0, end=10.0)
    with pytest.raises(VideoError, match=r"no picture between 9 and 10 seconds; it is 0\.5"):
        colorizer.colorize(source, tmp_path / "none.mkv", nothing)
    assert not (tmp_path / "none.mkv").exists()


def scheduling_policies() -> set[int]:
    """Of all threads of this process; none where the system does not tell."""
    tasks = Path("/proc/self/task")
    return {os.sched_getscheduler(int(task.name)) for task in tasks.glob("*")}


@pytest.mark.parametrize(
    ("codec", "name"), [("h264", "h264"), ("h265", "hevc"), ("av1", "av1"), ("ffv1", "ffv1")]
)
def test_every_codec_gives_the_film_back(colorizer, lumas, tmp_path, codec, name):
    source = made.write(tmp_path / "old.mkv", map(made.coded, np.repeat(lumas, 3, 0)[:, :, :]))
    options = VideoOptions(steady=0, codec=codec)
    before = scheduling_policies()
    done = colorizer.colorize(source, tmp_path / "new.mkv", options)
    assert scheduling_policies() == before  # SVT-AV1 takes the highest there is, if root runs it
    with av.open(str(tmp_path / "new.mkv")) as file:
        assert file.streams.video[0].codec_context.codec.canonical_name == name
    was, now = made.read(source), made.read(tmp_path / "new.mkv")
    assert len(now) == len(was) == done.frames
    assert [frame["time"] for frame in now] == [frame["time"] for frame in was]
    apart = [
        np.abs(a["planes"][0].astype(int) - b["planes"][0]).mean()
        for a, b in zip(was, now, strict=True)
    ]
    assert max(apart) < 4
    assert np.mean([frame["planes"][2].mean() for frame in now]) > 132  # a* is above 0


@pytest.mark.parametrize(("codec", "bits"), [("h264", 8), ("h264", 10), ("h265", 10)])
def test_a_quality_of_nothing_lost(colorizer, lumas, tmp_path, codec, bits):
    luma = [made.coded(one, bits) for one in lumas]
    form = "yuv420p" if bits == 8 else "yuv420p10le"
    source = made.write(tmp_path / "old.mkv", luma, form=form)
    options = VideoOptions(steady=0, codec=codec, quality=0)
    assert colorizer.colorize(source, tmp_path / "new.mp4", options).lossless
    found = made.read(tmp_path / "new.mp4")
    for before, after in zip(luma, found, strict=True):
        np.testing.assert_array_equal(after["planes"][0], before)


def test_odd_sizes(colorizer, free_pictures, tmp_path):
    shot = made.camera(free_pictures["chelsea"], frames=3, size=(45, 63))
    luma = [made.coded(one) for one in made.luma_of(shot.frames)]
    source = made.write(tmp_path / "old.mkv", luma)
    for codec, chroma in (("ffv1", (23, 32)), ("h264", (45, 63))):
        options = VideoOptions(steady=0, codec=codec, quality=None if codec == "ffv1" else 0)
        colorizer.colorize(source, tmp_path / f"{codec}.mkv", options)
        found = made.read(tmp_path / f"{codec}.mkv")
        np.testing.assert_array_equal(found[2]["planes"][0], luma[2])
        assert found[0]["planes"][1].shape == chroma
    with pytest.raises(UsageError, match="63 x 45 pixels, but av1 takes even numbers"):
        colorizer.colorize(source, tmp_path / "av1.mkv", VideoOptions(codec="av1"))


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (11, 13), (2, 600)])
def test_tiny_and_narrow_films(colorizer, tmp_path, size):
    rng = np.random.default_rng(0)
    luma = [rng.integers(16, 236, size).astype(np.uint8)] * 4
    source = made.write(tmp_path / "old.mkv", luma)
    for name, options in (("0", ALONE), ("1", VideoOptions())):
        target = tmp_path / f"{name}.mkv"
        assert colorizer.colorize(source, target, options).frames == 4
        found = made.read(target)
        assert all(
            np.array_equal(one["planes"][0], before)
            for one, before in zip(found, luma, strict=True)
        )


def test_interlaced_stays_interlaced(colorizer, lumas, tmp_path):
    def settings(stream):
        from av.codec.context import Flags

        stream.codec_context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        stream.options = {"x264-params": "tff=1:weightp=0"}
        stream.codec_context.field_order = 2

    luma = [made.coded(np.kron(one, np.ones((2, 2)))) for one in lumas[:4]]
    source = made.write(tmp_path / "old.mkv", luma, codec="libx264", settings=settings)
    assert Film(source).facts.interlaced
    for codec in ("h264", "ffv1"):
        colorizer.colorize(source, tmp_path / f"{codec}.mkv", VideoOptions(steady=0, codec=codec))
        assert Film(tmp_path / f"{codec}.mkv").facts.field_order == 2
        assert made.read(tmp_path / f"{codec}.mkv")[1]["interlaced"]
    with pytest.raises(UsageError, match="interlaced, which h265 cannot keep"):
        colorizer.colorize(source, tmp_path / "h265.mkv", VideoOptions(codec="h265"))


def test_one_frame_and_one_that_is_in_color_already(colorizer, lumas, tmp_path):
    luma = [made.coded(lumas[0])]
    source = made.write(tmp_path / "old.mkv", luma, chroma=200)
    colorizer.colorize(source, tmp_path / "new.mkv")
    (frame,) = made.read(tmp_path / "new.mkv")
    np.testing.assert_array_equal(frame["planes"][0], luma[0])
    assert frame["planes"][1].max() < 180  # of the color that it had nothing is left


def test_nothing_is_overwritten(colorizer, lumas, tmp_path):
    source = made.write(tmp_path / "old.mkv", map(made.coded, lumas[:2]))
    assert beside(source) == tmp_path / "old-color.mkv"
    assert beside("a.avi").name == "a-color.mkv"
    assert colorizer.colorize(source).output == str(tmp_path / "old-color.mkv")
    with pytest.raises(VideoError, match="exists already"):
        colorizer.colorize(source)
    with pytest.raises(UsageError, match="is the film itself"):
        colorizer.colorize(source, source, overwrite=True)
    colorizer.colorize(source, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir() if "nadidas" not in path.name) == [
        "old-color.mkv",
        "old.mkv",
    ]


def test_what_appears_while_a_film_is_colored_is_not_overwritten(colorizer, lumas, tmp_path):
    """The colors are kept: the same command with leave to overwrite has no more to do."""
    source = made.write(tmp_path / "old.mkv", map(made.coded, lumas[:2]))
    target, sheet = tmp_path / "new.mkv", tmp_path / "new.png"
    for path, write in ((target, colorizer.colorize), (sheet, colorizer.preview)):
        with pytest.raises(VideoError, match=f"'{path}' exists already; allow to overwrite it"):
            write(source, path, progress=lambda *_, path=path: path.write_bytes(b"mine"))
        assert path.read_bytes() == b"mine"
    assert colorizer.colorize(source, target, overwrite=True).resumed == 2
    colorizer.preview(source, sheet, overwrite=True)
    assert min(target.stat().st_size, sheet.stat().st_size) > 100


@pytest.mark.parametrize(
    "state",
    [
        b"dear diary",
        msgspec.msgpack.encode([]),
        msgspec.msgpack.encode([((1, 1), b"diary")] * 3),
        msgspec.msgpack.encode([((2, 2), zlib.compress(b"1"))] * 3),
    ],
    ids=range(4),
)
def test_a_spoiled_state_is_told_as_what_is_wrong_with_the_journal(
    colorizer, lumas, tmp_path, state
):
    source = made.write(tmp_path / "old.mkv", map(made.coded, lumas[:2]))
    path = tmp_path / "new.mkv"
    with pytest.raises(VideoError, match="exists already"):
        colorizer.colorize(source, path, progress=lambda *_: path.write_bytes(b"mine"))
    with closing(sqlite3.connect(tmp_path / ".new.mkv.colorear/journal.sqlite")) as journal:
        journal.execute("UPDATE segments SET state = ?", (state,))
        journal.commit()
    with pytest.raises(VideoError, match=r"colorear' cannot be used \(.*\); delete it, and the"):
        colorizer.colorize(source, path, overwrite=True)


@pytest.mark.parametrize(
    ("options", "name", "match"),
    [
        ({}, "new.avi", "ends in .avi, but one of .mkv"),
        ({"codec": "ffv1"}, "new.mov", "ffv1 does not go into a file of the kind mov"),
        ({"quality": 70}, "new.mkv", "a quality of 70 came"),
        ({"codec": "h264", "quality": 52}, "new.mkv", "from 0 .the best. to 51"),
    ],
)
def test_what_cannot_be_had_is_said_before_the_work(
    colorizer, lumas, tmp_path, options, name, match
):
    source = made.write(tmp_path / "old.mkv", map(made.coded, lumas[:2]))
    with pytest.raises(UsageError, match=match):
        colorizer.colorize(source, tmp_path / name, VideoOptions(**options))
    assert [path for path in tmp_path.iterdir() if "new" in path.name] == []


def test_a_cut_ends_a_shot(colorizer, free_pictures, tmp_path):
    shots = [made.camera(free_pictures[name], frames=26) for name in ("coffee", "china", "flower")]
    luma = [made.coded(one) for shot in shots for one in made.luma_of(shot.frames)]
    source = made.write(tmp_path / "old.mkv", luma)
    done = colorizer.colorize(source, tmp_path / "new.mkv")
    assert done.shots == pytest.approx((0, 26 / 24, 52 / 24), abs=1e-3)
    found = made.read(tmp_path / "new.mkv")
    for before, after in zip(luma, found, strict=True):
        np.testing.assert_array_equal(after["planes"][0], before)


def test_a_run_that_was_killed_goes_on(known_network, free_pictures, tmp_path):
    """Killed after its first segments, it makes the others, and the film is that of one run."""
    names = ("coffee", "china", "flower", "astronaut", "chelsea")
    shots = [made.camera(free_pictures[name], frames=26, size=(48, 64)) for name in names]
    luma = [made.coded(one) for shot in shots for one in made.luma_of(shot.frames)]
    source = made.write(tmp_path / "old.mkv", luma)
    target, whole = tmp_path / "new.mkv", tmp_path / "whole.mkv"
    code = (
        "import sys, time; from colorear.video.colorizer import VideoColorizer\n"
        "def slowly(done, total):\n    time.sleep(0.02); print(done, flush=True)\n"
        "VideoColorizer(sys.argv[1], threads=1).colorize(*sys.argv[2:], progress=slowly)"
    )
    command = [sys.executable, "-c", code, str(known_network), str(source), str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if int(line) >= 60:
                os.kill(process.pid, signal.SIGKILL)
                break
    assert not target.exists()
    colorizer = VideoColorizer(known_network, threads=1)
    seen = []
    done = colorizer.colorize(source, target, progress=lambda now, _: seen.append(now))
    assert done.resumed == seen[0] >= 52
    assert done.frames == 130
    assert len(done.shots) == 5
    colorizer.colorize(source, whole)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".colorear")] == []
    for one, other in zip(made.read(target), made.read(whole), strict=True):
        assert one["time"] == other["time"]
        for mine, theirs in zip(one["planes"], other["planes"], strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_two_runs_of_one_film_are_told_apart(colorizer, lumas, tmp_path):
    source = made.write(tmp_path / "old.mkv", map(made.coded, lumas))
    said = []

    def again(done, _):
        if done == 3:
            with pytest.raises(VideoError, match="is being used by another run; wait") as caught:
                colorizer.colorize(source, tmp_path / "new.mkv")
            said.append(str(caught.value))

    colorizer.colorize(source, tmp_path / "new.mkv", progress=again)
    assert len(said) == 1


def test_a_full_disk_is_one_sentence(colorizer, lumas, tmp_path):
    full = "/dev/full"
    if not os.path.exists(full):  # noqa: PTH110 - a device, no path of ours
        pytest.skip("this system has no device that is always full")
    source = made.write(tmp_path / "old.mkv", map(made.coded, lumas))
    job = tmp_path / ".new.mkv.colorear"
    job.mkdir()
    (job / "000000.nut").symlink_to(full)

    def keep(done, _):  # the job removes what it does not know; this takes its place again
        if done == 0:
            (job / "000000.nut").symlink_to(full)

    with pytest.raises(VideoError, match="cannot be written: No space left on device; make room"):
        colorizer.colorize(source, tmp_path / "new.mkv", progress=keep)
    assert not (tmp_path / "new.mkv").exists()


def test_a_disk_that_fills_half_way_is_one_sentence(known_network, tmp_path):
    """What is written is no longer taken, whatever the encoder still has to give."""
    resource = pytest.importorskip("resource")
    rng = np.random.default_rng(0)
    luma = [rng.integers(16, 236, (96, 128)).astype(np.uint8) for _ in range(30)]
    source = made.write(tmp_path / "old.mkv", luma)
    target = tmp_path / "new.mkv"
    code = (
        "import sys; from colorear.errors import VideoError\n"
        "from colorear.video.colorizer import VideoColorizer\n"
        "try:\n    VideoColorizer(sys.argv[1], threads=1).colorize(*sys.argv[2:])\n"
        "except VideoError as error:\n    print(error)"
    )
    most = 150_000  # bytes of a file: a few of these frames
    done = subprocess.run(
        [sys.executable, "-c", code, str(known_network), str(source), str(target)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "cannot be written" in done.stdout
    assert not target.exists()
    assert VideoColorizer(known_network, threads=1).colorize(source, target).frames == 30
