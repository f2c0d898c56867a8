"""Films of many kinds of file: what each holds comes along, or is said to be left out."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition

import made_films as made
from colorear.errors import UsageError, VideoError
from colorear.video import job
from colorear.video.film import Film
from colorear.video.options import VideoOptions

ALONE = VideoOptions(steady=0)
LOSSLESS = VideoOptions(steady=0, codec="ffv1")
QUIET = {"x265-params": "log-level=none"}


def coded(lumas, bits=8, size=None):
    shown = lumas if size is None else [cv2.resize(one, size[::-1]) for one in lumas]
    return [made.coded(one, bits) for one in shown]


@pytest.mark.parametrize(
    ("name", "codec", "form"),
    [
        ("a.mpg", "mpeg2video", "yuv420p"),
        ("a.ts", "libx264", "yuv420p"),
        ("a.mov", "prores_ks", "yuv422p10le"),
        ("b.mov", "mjpeg", "yuvj420p"),
        ("a.webm", "libvpx-vp9", "yuv420p"),
        ("a.avi", "msmpeg4v3", "yuv420p"),
        ("b.avi", "huffyuv", "yuv422p"),
        ("c.avi", "libx264", "yuv420p"),
        ("a.mxf", "libx264", "yuv420p"),
        ("a.wmv", "wmv2", "yuv420p"),
        ("a.flv", "flv", "yuv420p"),
        ("a.mp4", "libx265", "gray10le"),
        ("a.mkv", "rawvideo", "gray"),
    ],
)
def test_any_container_and_codec(colorizer, lumas, tmp_path, name, codec, form):
    """AVI and MXF tell with H.264 when pictures are decoded; they are 24 a second all the same."""
    luma = coded(lumas[:10], made._bits(form))
    options = QUIET if codec == "libx265" else {}
    source = made.write(tmp_path / name, luma, codec=codec, form=form, options=options)
    done = colorizer.colorize(source, tmp_path / "new.mkv", LOSSLESS)
    was, now = made.read(source), made.read(tmp_path / "new.mkv")
    assert len(now) == len(was) == done.frames == 10
    for before, after in zip(was, now, strict=True):
        np.testing.assert_array_equal(after["planes"][0], before["planes"][0])
    steps = np.diff([float(frame["time"]) for frame in now])
    np.testing.assert_allclose(steps, 1 / 24, atol=0.0011)
    assert (done.damaged, done.ends_early, done.left_out) == ((), None, ())


@pytest.mark.parametrize("codec", ["h264", "h265", "av1", "ffv1"])
@pytest.mark.parametrize("name", ["new.mkv", "new.mp4"])
def test_what_the_pictures_mean_is_kept(colorizer, lumas, tmp_path, codec, name):
    """BT.2020 with PQ, full range, 10 bits, pixels that are not square."""

    def settings(stream):
        context = stream.codec_context
        context.sample_aspect_ratio = Fraction(16, 15)
        context.color_primaries, context.color_trc = 9, 16

    source = made.write(
        tmp_path / "old.mp4",
        coded(lumas[:2], 10),
        codec="libx264",
        form="yuv420p10le",
        full_range=True,
        matrix=9,
        settings=settings,
    )
    new = tmp_path / name
    done = colorizer.colorize(source, new, VideoOptions(steady=0, codec=codec))
    with av.open(str(new)) as file:
        frame = next(file.decode(video=0))
        shape = file.streams.video[0].sample_aspect_ratio
    assert frame.format.name == "yuv420p10le"
    tags = frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc
    assert tags == (2, 9, 9, 16)
    if (codec, name) == ("av1", "new.mkv"):
        assert done.left_out == ("the shape of its pixels (16/15), which AV1 cannot tell here",)
    elif codec == "av1":  # whose decoder says nothing of it, and leaves it to the container
        assert shape == Fraction(16, 15)
    else:
        assert "sar:16/15" in shown_info(new)


def shown_info(path):
    """What FFmpeg's own filter says of a film's first frame."""
    from av import logging

    with av.open(str(path)) as file:
        graph = av.filter.Graph()
        start = graph.add_buffer(template=file.streams.video[0])
        info, end = graph.add("showinfo"), graph.add("buffersink")
        start.link_to(info)
        info.link_to(end)
        graph.configure()
        frame = next(file.decode(video=0))
        logging.set_level(logging.INFO)
        try:
            with logging.Capture(local=False) as said:
                graph.push(frame)
                graph.pull()
        finally:
            logging.set_level(None)
    return " ".join(text for _, _, text in said)


@pytest.mark.parametrize(
    ("name", "codec", "order"),
    [("a.dv", "dvvideo", 3), ("a.ts", "mpeg2video", 3)],
)
def test_the_field_that_is_shown_first(colorizer, lumas, tmp_path, name, codec, order):
    """DV begins with the lower field (IEC 61834-2), which its stream does not tell."""

    def settings(stream):
        from av.codec.context import Flags

        if codec != "dvvideo":
            stream.codec_context.flags |= Flags.interlaced_dct | Flags.interlaced_me
            stream.codec_context.field_order = order

    source = made.write(
        tmp_path / name,
        coded(lumas[:2], size=(576, 720)),
        codec=codec,
        rate=Fraction(25),
        time_base=Fraction(1, 25),
        settings=settings,
    )
    assert Film(source).facts.field_order == order
    colorizer.colorize(source, tmp_path / "new.mkv", LOSSLESS)
    assert Film(tmp_path / "new.mkv").facts.field_order == order
    assert " i:B " in shown_info(tmp_path / "new.mkv")


def test_gray_that_says_it_has_color_and_color_that_is_replaced(colorizer, lumas, tmp_path):
    luma = coded(lumas[:3])
    gray = made.write(tmp_path / "gray.mp4", luma, codec="libx264", form="gray")
    assert made.read(gray)[0]["format"] == "yuv420p"  # all the same
    colorizer.colorize(gray, tmp_path / "new.mp4", ALONE)
    assert colorizer.colorize(gray, tmp_path / "new.mkv", LOSSLESS).left_out == ()
    for name, form, chroma in (
        ("tinted", "yuv420p", 140),
        ("deep", "yuv422p10le", 470),
        ("nearly", "yuv420p", 130),
    ):
        bits = made._bits(form)
        film = made.write(
            tmp_path / f"{name}.mkv", coded(lumas[:3], bits), form=form, chroma=chroma
        )
        left = colorizer.colorize(film, tmp_path / "new.mkv", LOSSLESS, overwrite=True).left_out
        assert left == (() if name == "nearly" else ("the color that it had",)), name


def test_its_own_films_are_left_alone(colorizer, lumas, tmp_path):
    source = made.write(tmp_path / "old.mkv", coded(lumas[:2]))
    colorizer.colorize(source, tmp_path / "new.mkv", ALONE)
    with pytest.raises(VideoError, match=r"was colored by colorear .* \(--recolor\)"):
        colorizer.colorize(tmp_path / "new.mkv", tmp_path / "again.mkv", ALONE)
    assert not (tmp_path / "again.mkv").exists()
    again = colorizer.colorize(tmp_path / "new.mkv", tmp_path / "again.mkv", ALONE, recolor=True)
    assert again.frames == 2


def with_sound(codec, layout="stereo", language="deu"):
    """A second of noise, encoded."""
    noise = np.random.default_rng(0).integers(-9000, 9000, (1, 48000)).astype(np.int16)

    def also(file):
        sound = file.add_stream(codec, rate=24000, layout=layout)
        sound.metadata["language"] = language

        def end():
            frame = av.AudioFrame.from_ndarray(noise, format="s16", layout=layout)
            frame.sample_rate, frame.pts = 24000, 0
            context = sound.codec_context
            settings = {"rate": 24000, "frame_size": context.frame_size or None}
            change = av.AudioResampler(format=context.format, layout=layout, **settings)
            for part in (*change.resample(frame), *change.resample(None)):
                file.mux(sound.encode(part))
            file.mux(sound.encode(None))

        return end

    return also


def sound_of(path):
    """Its samples, and by how much it begins after the pictures."""
    with av.open(str(path)) as file:
        frames = [*file.decode(audio=0)]
        samples = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
        language = file.streams.audio[0].language
    with av.open(str(path)) as file:
        return samples, float(frames[0].time - next(file.decode(video=0)).time), language


@pytest.mark.parametrize(
    ("name", "codec", "new"),
    [
        ("a.mp4", "aac", "new.mp4"),
        ("a.ts", "aac", "new.mkv"),
        ("a.avi", "pcm_s16le", "new.mov"),
        ("a.mkv", "flac", "new.mkv"),
        ("b.mkv", "pcm_s24le", "new.mp4"),
    ],
)
def test_sound_is_the_same_bit_for_bit(colorizer, lumas, tmp_path, name, codec, new):
    pictures = "mpeg4" if name.endswith("avi") else "libx264"
    source = made.write(tmp_path / name, coded(lumas), codec=pictures, also=with_sound(codec))
    assert colorizer.colorize(source, tmp_path / new, ALONE).left_out == ()
    before, after = sound_of(source), sound_of(tmp_path / new)
    np.testing.assert_array_equal(after[0], before[0])
    assert after[1] == pytest.approx(before[1], abs=0.001)


@pytest.mark.parametrize(("language", "found"), [("deu", "ger"), ("swe", "sve"), ("hrv", None)])
def test_languages_in_a_mov(colorizer, lumas, tmp_path, language, found):
    """FFmpeg leaves those out unsaid that QuickTime had no number for, as it spells them."""
    also = with_sound("pcm_s16le", language=language)
    source = made.write(tmp_path / "old.mkv", coded(lumas), also=also)
    done = colorizer.colorize(source, tmp_path / "new.mov", ALONE)
    assert sound_of(tmp_path / "new.mov")[2] == found
    said = "the language of stream 1 (hrv), which mov has no code for"
    assert done.left_out == (() if found else (said,))


def with_subtitles(folder):
    (folder / "words.srt").write_text(
        "1\n00:00:00,100 --> 00:00:00,300\nGuten Tag\n\n2\n00:00:00,350 --> 00:00:00,450\nNein\n"
    )

    def also(file):
        words = av.open(str(folder / "words.srt"))
        stream = file.add_stream_from_template(words.streams.subtitles[0])
        stream.metadata["language"] = "deu"

        def end():
            for packet in words.demux(subtitles=0):
                if packet.size:
                    packet.stream = stream
                    file.mux(packet)
            words.close()

        return end

    return also


def subtitles_of(path):
    with av.open(str(path)) as file:
        return [
            (
                round(float(p.pts * p.time_base), 3),
                round(float(p.duration * p.time_base), 3),
                bytes(p),
            )
            for p in file.demux(subtitles=0)
            if p.size
        ]


def test_subtitles_are_kept_or_said(colorizer, lumas, tmp_path):
    source = made.write(tmp_path / "old.mkv", coded(lumas), also=with_subtitles(tmp_path))
    assert colorizer.colorize(source, tmp_path / "new.mkv", ALONE).left_out == ()
    assert subtitles_of(tmp_path / "new.mkv") == [(0.1, 0.2, b"Guten Tag"), (0.35, 0.1, b"Nein")]
    with av.open(str(tmp_path / "new.mkv")) as file:
        assert file.streams.subtitles[0].language == "deu"
    (left,) = colorizer.colorize(source, tmp_path / "new.mp4", ALONE).left_out
    assert left == "stream 1 (subtitle, srt), which mp4 does not take"


def test_a_part_begins_at_nothing(colorizer, lumas, tmp_path):
    """What goes on before and within it is cut: nothing waits for it, nothing comes too early."""
    part = VideoOptions(steady=0, start=0.2, end=0.4)
    source = made.write(tmp_path / "old.mkv", coded(lumas), also=with_subtitles(tmp_path))
    colorizer.colorize(source, tmp_path / "new.mkv", part)
    assert subtitles_of(tmp_path / "new.mkv") == [(0.0, 0.1, b"Guten Tag"), (0.15, 0.1, b"Nein")]
    assert float(made.read(tmp_path / "new.mkv")[0]["time"]) == pytest.approx(0.008, abs=0.001)
    source = made.write(tmp_path / "loud.mkv", coded(lumas), also=with_sound("pcm_s16le"))
    colorizer.colorize(source, tmp_path / "part.mkv", part)
    whole, cut = sound_of(source)[0][0], sound_of(tmp_path / "part.mkv")[0][0]
    np.testing.assert_array_equal(cut[:2000], whole[9600:11600])
    assert float(made.read(tmp_path / "part.mkv")[0]["time"]) == pytest.approx(0.008, abs=0.001)


def test_a_cover_is_not_the_film(colorizer, lumas, tmp_path):
    """It is said to be left out."""
    cover = cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes()
    plain = made.write(tmp_path / "plain.mp4", coded(lumas[:3]), codec="libx264")
    with av.open(str(plain)) as film, av.open(str(tmp_path / "old.mp4"), "w") as file:
        picture = file.add_stream("mjpeg", rate=1)
        picture.width, picture.height, picture.pix_fmt = 16, 16, "yuvj420p"
        picture.disposition = Disposition.attached_pic
        pictures = file.add_stream_from_template(film.streams.video[0])
        pictures.metadata["language"] = "ces"
        packet = av.Packet(cover)
        packet.stream, packet.pts, packet.dts = picture, 0, 0
        file.mux(packet)
        for packet in film.demux(video=0):
            if packet.size:
                packet.stream = pictures
                file.mux(packet)
    done = colorizer.colorize(tmp_path / "old.mp4", tmp_path / "new.mp4", ALONE)
    assert [left.split(",")[0] for left in done.left_out] == ["stream 1 (video"]
    with av.open(str(tmp_path / "new.mp4")) as file:
        (stream,) = file.streams.video
        assert (stream.width, stream.height, stream.language) == (64, 48, "ces")
        assert not stream.disposition & Disposition.attached_pic


def test_data_streams_are_left_and_attachments_kept(colorizer, lumas, tmp_path):
    def font(file):
        file.add_attachment("font.ttf", "font/ttf", b"a font")

    def data(file):
        stream = file.add_data_stream("bin_data")

        def end():
            packet = av.Packet(b"telemetry")
            packet.stream, packet.pts, packet.dts = stream, 0, 0
            packet.time_base = Fraction(1, 90000)
            file.mux(packet)

        return end

    source = made.write(tmp_path / "old.ts", coded(lumas[:3]), codec="libx264", also=data)
    done = colorizer.colorize(source, tmp_path / "new.mkv", ALONE)
    assert [left.split(",")[0] for left in done.left_out] == ["stream 1 (data"]
    source = made.write(tmp_path / "old.mkv", coded(lumas[:3]), also=font)
    colorizer.colorize(source, tmp_path / "font.mkv", ALONE)
    with av.open(str(tmp_path / "font.mkv")) as file:
        (attachment,) = file.streams.attachments
        assert (attachment.name, bytes(attachment.data)) == ("font.ttf", b"a font")


def test_an_encoder_that_is_missing(colorizer, lumas, tmp_path, monkeypatch):
    source = made.write(tmp_path / "old.mkv", coded(lumas[:2]))
    there = av.codecs_available - {"libx264", "libsvtav1"}
    monkeypatch.setattr(av, "codecs_available", there)
    for codec, library in (("h264", "libx264"), ("av1", "libsvtav1")):
        with pytest.raises(UsageError, match=rf"no encoder for {codec} \({library}\); install"):
            colorizer.colorize(source, tmp_path / "new.mkv", VideoOptions(codec=codec))
    assert colorizer.colorize(source, tmp_path / "new.mkv", ALONE).codec == "ffv1"


def test_a_disk_that_is_full_at_the_end(colorizer, lumas, tmp_path, monkeypatch):
    """The segments stay: with room made the same command goes on after them."""
    full = "/dev/full"
    if not Path(full).exists():
        pytest.skip("this system has no device that is always full")
    source = made.write(tmp_path / "old.mkv", coded(lumas))
    with monkeypatch.context() as patched:
        patched.setattr(job, "replacing", lambda *_, **__: AlwaysFull(full))
        with pytest.raises(VideoError, match="No space left on device; make room"):
            colorizer.colorize(source, tmp_path / "new.mkv", ALONE)
    assert not (tmp_path / "new.mkv").exists()
    done = colorizer.colorize(source, tmp_path / "new.mkv", ALONE)
    assert (done.resumed, done.frames) == (12, 12)


class AlwaysFull:
    """A place to write to that is always full."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        pass


def test_a_film_that_is_cut_short_is_colored_up_to_there(colorizer, lumas, tmp_path):
    luma = coded(np.concatenate([lumas] * 4))
    source = made.write(tmp_path / "old.mkv", luma)
    content = source.read_bytes()
    source.write_bytes(content[: len(content) // 2])
    done = colorizer.colorize(source, tmp_path / "new.mkv", ALONE)
    ends, says = done.ends_early
    assert ends == pytest.approx(done.frames / 24, abs=0.01)
    assert says == pytest.approx(2, abs=0.01)
    found = made.read(tmp_path / "new.mkv")
    assert len(found) == done.frames >= 20
    for before, after in zip(luma, found[:-1], strict=False):
        np.testing.assert_array_equal(after["planes"][0], before)
