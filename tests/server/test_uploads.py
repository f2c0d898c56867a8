"""A hundred uploads that mean no good, each answered with 4xx, and then a photograph."""

import asyncio
import gzip
import io
import json
import os
import struct
import zipfile
import zlib
from contextlib import suppress
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
import pyvips

from colorear.server.problems import ProblemError
from colorear.server.settings import Settings
from colorear.server.uploads import UploadLimits, client_of, receive, receive_json
from colorear.server.worker_pool import ClientLimit, QueueFull
from server.api.test_routes import form, problem, raw
from server.conftest import EXAMPLES

CHINA = (EXAMPLES / "china.jpg").read_bytes()
COFFEE = (EXAMPLES / "coffee.png").read_bytes()
CHELSEA = (EXAMPLES / "chelsea.tif").read_bytes()
SCRIPT = b"<script>alert(document.domain)</script>"
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="file:///etc/passwd"/>'
)
SECRETS = ("colorear-web", "/work", "/tmp", "site-packages", "Traceback", 'File "', "root")


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png(width: int, height: int, content: bytes = b"", kind: int = 0, bits: int = 8) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(content))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + pixels + chunk(b"IEND", b"")


def tiff(**tags: int) -> bytes:
    """A TIFF of one strip that is not there."""
    told = {256: 10, 257: 10, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 10, 279: 100}
    told |= {int(tag[1:]): value for tag, value in tags.items()}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, told[tag]) for tag in sorted(told))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(told)) + entries + b"\0\0\0\0"


def zip_batch(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("old.jpg", content)
    return file.getvalue()


def webp() -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (40, 50), np.uint8)
    return pyvips.Image.new_from_array(noise).webpsave_buffer()


def not_photographs() -> dict[str, bytes]:
    """Uploads that are no photograph, or none that can be taken."""
    bad = {
        "empty.jpg": b"",
        "one byte.jpg": b"\xff",
        "zeros.jpg": bytes(100_000),
        "noise.jpg": os.urandom(100_000),
        "page.jpg": b"<!doctype html>" + SCRIPT,
        "drawing.jpg": SVG + b"</svg>",
        "drawing.svg": b'<?xml version="1.0"?>' + SVG + b"</svg>",
        "lol.svg": b'<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>',
        "script.php.jpg": b"<?php system($_GET['c']); ?>",
        "program.jpg": b"\x7fELF" + bytes(1000),
        "program.png": b"MZ" + bytes(1000),
        "shell.png": b"#!/bin/sh\nrm -rf /\n",
        "push.mvg": b"push graphic-context\nviewbox 0 0 640 480\nimage over 0,0 0,0 'https://x'",
        "moving.gif": b"GIF89a" + bytes(100),
        "paint.bmp": b"BM" + bytes(100),
        "paper.pdf": b"%PDF-1.7\n1 0 obj",
        "paper.ps": b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file",
        "layers.psd": b"8BPS\0\1" + bytes(100),
        "phone.heic": b"\0\0\0\x18ftypheic" + bytes(100),
        "film.mp4": b"\0\0\0\x18ftypisom" + bytes(100),
        "next.jp2": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100),
        "raw.dng": b"II*\0" + bytes(100),
        "floats.pfm": b"PF\n10 10\n-1.0\n" + bytes(1200),
        "plain.ppm": b"P6\n10 10\n255\n" + bytes(300),
        "floats.tif": floats(),
        "cmyk.jpg": cmyk(),
        "bomb.zip": zip_batch(bytes(10_000_000)),
        "bomb.gz": gzip.compress(bytes(10_000_000)),
        "photograph.zip": zip_batch(CHINA),
        "model.onnx": b"\x08\x07\x12\x07pytorch" + bytes(100),
        "pickle.jpg": b"\x80\x04cos\nsystem\n(S'id'\ntR.",
        "bomb.tif": tiff(t256=2**31, t257=2**31),
        "no strip.tif": tiff(t273=5000),
        "strip far away.tif": tiff(t273=2**32 - 1),
        "many bits.tif": tiff(t258=64),
        "many bands.tif": tiff(t277=60_000),
        "no compression.tif": tiff(t259=60_000),
        "nothing.png": png(0, 0),
        "too wide.png": png(2**31, 1),
        "odd bits.png": png(10, 10, bits=3),
        "odd kind.png": png(10, 10, kind=5),
        "no pixels.png": png(10, 10),
        "no chunks.png": COFFEE[:8],
        "animated.png": COFFEE[:33] + chunk(b"acTL", struct.pack(">II", 2, 0)) + COFFEE[33:],
        "header.webp": b"RIFF\xff\xff\xff\xffWEBPVP8 ",
        "nothing.webp": b"RIFF\x04\0\0\0WEBP",
        "short.webp": webp()[:-20],
        "only markers.jpg": b"\xff\xd8\xff" + b"\xff" * 10_000,
        "marker of no length.jpg": b"\xff\xd8\xff\xe0\0\0",
        "marker too long.jpg": b"\xff\xd8\xff\xe0\xff\xff" + bytes(10),
        "no tables.jpg": b"\xff\xd8\xff\xc0\0\x0b\x08\0\x10\0\x10\1\1\x11\0\xff\xd9",
        "page in a comment.jpg": b"\xff\xd8\xff\xfe\0\x40" + SCRIPT + bytes(23) + b"\xff\xd9",
    }
    bad |= {f"cut at {i}.jpg": CHINA[: len(CHINA) * i // 10] for i in range(1, 10)}
    bad |= {f"cut at {i}.png": COFFEE[: len(COFFEE) * i // 6] for i in range(1, 6)}
    bad |= {f"cut at {i}.tif": CHELSEA[: len(CHELSEA) * i // 6] for i in range(1, 6)}
    return bad


def floats() -> bytes:
    return pyvips.Image.new_from_array(np.full((9, 9), 255, np.float32)).tiffsave_buffer()


def cmyk() -> bytes:
    bands = pyvips.Image.new_from_array(np.zeros((9, 9, 4), np.uint8)).copy(interpretation="cmyk")
    return bands.jpegsave_buffer()


def bombs() -> dict[str, bytes]:
    """Headers that promise more pixels than are taken here."""
    return {
        "bomb.png": png(30_000, 30_000, bytes(1000)),
        "long.png": png(1, 2_000_000, bytes(1000)),
        "larger.png": png(100_000, 100_000),
        "bomb.jpg": CHINA[: CHINA.index(b"\xff\xc0") + 5]
        + struct.pack(">HH", 60_000, 60_000)
        + CHINA[CHINA.index(b"\xff\xc0") + 9 :],
        "bomb.tif": tiff(t256=40_000, t257=40_000, t278=40_000, t279=100),
    }


def requests() -> dict[str, tuple[bytes, set[int]]]:
    """Whole requests that are not what they should be, and how they may be answered."""

    def post(head: str, body: bytes, *, length: int | None = None) -> bytes:
        told = f"Content-Length: {len(body) if length is None else length}\r\n"
        first = "POST /v1/colorize HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        return (first + head + ("" if "chunked" in head else told) + "\r\n").encode() + body

    multipart = "Content-Type: multipart/form-data; boundary=edge\r\n"

    def part(disposition: str, content: bytes = b"x") -> bytes:
        return f"--edge\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"

    end = b"--edge--\r\n"
    photograph = 'form-data; name="photograph"'
    batch = b"".join(part(f'form-data; name="f{i}"') for i in range(1000))
    chunks = "Transfer-Encoding: chunked\r\n"
    return {
        "no type": (post("", b"x"), {415}),
        "json": (post("Content-Type: application/json\r\n", b"{}"), {415}),
        "an image as the body": (post("Content-Type: image/jpeg\r\n", CHINA), {415}),
        "a form in the address": (
            post("Content-Type: application/x-www-form-urlencoded\r\n", b"photograph=x"),
            {415},
        ),
        "no boundary": (post("Content-Type: multipart/form-data\r\n", b"x"), {400}),
        "long boundary": (
            post(f"Content-Type: multipart/form-data; boundary={'e' * 5000}\r\n", b"x"),
            {400},
        ),
        "other boundary": (post(multipart, b"--other\r\n\r\n"), {400}),
        "nothing": (post(multipart, b""), {400}),
        "no end": (post(multipart, part(photograph)), {400}),
        "end at once": (post(multipart, end), {400, 422}),
        "no photograph": (post(multipart, part('form-data; name="model"') + end), {422}),
        "two photographs": (post(multipart, 2 * part(photograph) + end), {422}),
        "no name": (post(multipart, part("form-data") + end), {422}),
        "no disposition": (post(multipart, b"--edge\r\n\r\nx\r\n" + end), {422}),
        "unknown field": (post(multipart, part('form-data; name="__proto__"') + end), {422}),
        "a thousand fields": (post(multipart, batch + end), {400, 422}),
        "a long field": (
            post(multipart, part('form-data; name="hints"', b"[" * 300_000) + end),
            {413},
        ),
        "a long header of a part": (
            post(multipart, b"--edge\r\nX: " + b"x" * 100_000 + b"\r\n\r\n" + end),
            {400},
        ),
        "many headers of a part": (post(multipart, b"--edge\r\n" + b"X: x\r\n" * 5000), {400}),
        "too long by its header": (post(multipart, b"x", length=10**12), {413}),
        "a huge header": (post(f"X: {'x' * 1_000_000}\r\n", b"x"), {400, 431}),
        "a negative length": (post("", b"x", length=-1), {400}),
        "two lengths": (post("Content-Length: 5\r\n", b"x"), {400}),
        "no request": (
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n",
            {400},
        ),
        "chunks that are none": (post(multipart + chunks, b"zz\r\nx\r\n0\r\n\r\n"), {400}),
        "chunks without end": (
            post(multipart + chunks, (b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 40),
            {400, 413},
        ),
        "a photograph in chunks without end": (
            post(multipart + chunks, b"40\r\n" + part(photograph)[:60].ljust(64, b"x") + b"\r\n")
            + (b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 40,
            {400, 413},
        ),
        "packed": (post(multipart + "Content-Encoding: gzip\r\n", gzip.compress(b"x")), {400}),
    }


NAMES = [
    "../../../../etc/passwd",
    "..\\..\\windows\\system32\\config",
    "/etc/cron.d/evil",
    "C:\\autoexec.bat",
    "%2e%2e%2fetc%2fpasswd",
    "nul\0byte.jpg",
    "\r\nSet-Cookie: a=b",
    "x" * 3000 + ".jpg",
    "💣.jpg",
    "\u202egpj.exe",
    ".",
    "..",
    "~root",
    "$(reboot).jpg",
    "`reboot`.jpg",
    "a[page=5].jpg",
    "-rf",
    "|ls",
]


@pytest.fixture
def careful(serve):
    """A server with small limits; afterwards it goes on, and its folder is empty."""
    served = serve(upload_megabytes=2, megapixels=1, upload_seconds=20)
    yield served
    assert served.colorize().status_code == 200
    served.wait_until(served.everybody_has_left)
    assert list(served.folder.iterdir()) == [served.service.pool.folder]


def tells_nothing(text: str) -> None:
    assert [secret for secret in SECRETS if secret in text] == []


def test_what_is_no_photograph_is_refused(careful):
    uploads = not_photographs()
    for name, content in uploads.items():
        answer = careful.colorize(content, name=name)
        assert answer.status_code in (413, 415), (name, answer.text)
        assert name in answer.json()["detail"], name
        tells_nothing(answer.text + str(answer.headers))
    for name, content in bombs().items():
        answer = careful.colorize(content, name=name)
        assert answer.status_code in (413, 415), (name, answer.text)
        tells_nothing(answer.text)
    assert "at most 1 megapixels" in problem(
        careful.colorize(bombs()["bomb.png"]), 413, "too-many-pixels"
    )


def test_requests_that_lie_are_refused(careful):
    for name, (request, statuses) in requests().items():
        status, body = sent(careful, request)
        assert status in statuses, (name, status, body)
        tells_nothing(body.replace("No such root", ""))


def test_names_never_become_paths(careful):
    for name in NAMES:
        request = form(name.replace('"', "%22").encode().decode("latin-1"), CHINA)
        status, head = sent(careful, request.replace(b"Host:", b"Connection: close\r\nHost:"))
        assert status in (200, 400), name
        assert "Set-Cookie" not in head
        tells_nothing(head.replace("~root", "").replace("passwd", ""))
    outside = [path for path in careful.folder.rglob("*") if "passwd" in path.name]
    assert outside == []


def test_a_photograph_that_is_also_something_else_is_but_a_photograph(careful):
    for number, more in zip(count(), (SCRIPT, zip_batch(b"x"), b"%PDF-1.7", bytes(10_000))):
        answer = careful.colorize(CHINA + more, name=f"{number}.html")
        if answer.status_code == 200:
            assert answer.headers["content-type"] == "image/jpeg"
            assert f'filename="{number}-color.jpg"' in answer.headers["content-disposition"]
            assert answer.headers["x-content-type-options"] == "nosniff"
        else:
            problem(answer, 415, "not-a-photograph")


def test_too_many_bytes_are_refused_whatever_the_header_says(careful):
    answer = careful.colorize(CHINA + bytes(2_000_000))
    assert "larger than the 2 MB" in problem(answer, 413, "too-many-bytes")


def test_there_are_about_a_hundred():
    assert len(not_photographs()) + len(bombs()) + len(requests()) + len(NAMES) >= 100


def sent(served, request: bytes) -> tuple[int, str]:
    """The status and all of the answer to such bytes."""
    with raw(served, b"") as line:
        answer = b""
        with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered already
            line.sendall(request)
        with suppress(ConnectionResetError):
            while more := line.recv(65536):
                answer += more
    assert answer, request[:200]
    head, _, body = answer.partition(b"\r\n\r\n")
    text = body.decode(errors="replace") if b"json" in head else ""
    if text:
        assert set(json.loads(text)) == {"type", "title", "status", "detail"}
    return int(head.split()[1]), head.decode("latin-1") + text


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
        ("testclient", "testclient"),
        (None, "unknown"),
    ],
)
def test_clients_are_addresses_or_networks(host, client):
    told = SimpleNamespace(host=host) if host else None
    assert client_of(SimpleNamespace(client=told)) == client


@pytest.mark.parametrize(
    ("disposition", "said"),
    [
        ('name="vividnes"', "'vividnes' is unknown; name it 'vividness'"),
        ('name="Model"', "'Model' is unknown; name it 'model'"),
        ('name="zzz"', "'zzz' is unknown; leave it out"),
        ('name="file"; filename="a.jpg"', "'file' is unknown; send the file in the field 'photo"),
    ],
)
def test_a_wrong_name_is_told_with_the_right_one(tmp_path, disposition, said):
    async def body():
        yield f"--edge\r\nContent-Disposition: form-data; {disposition}\r\n\r\nx\r\n".encode()
        yield b"--edge--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=edge"}
    with pytest.raises(ProblemError, match=said):
        asyncio.run(receive(headers, body(), tmp_path, Settings()))


async def arriving(*pieces: bytes, wait: float = 0.0, heard: list[bytes] | None = None):
    """A body in pieces, of which the last takes a while; `heard` tells which were asked for."""
    for number, piece in enumerate(pieces, 1):
        if wait and number == len(pieces):
            await asyncio.sleep(wait)
        if heard is not None:
            heard.append(piece)
        yield piece


def whole_form(*fields: tuple[str, bytes]) -> bytes:
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value
        for name, value in fields
    ]
    return b"\r\n".join([*parts, b"--edge--\r\n"])


FORM = {"content-type": "multipart/form-data; boundary=edge"}


def taken(folder, *pieces, wait=0.0, heard=None, told=None, fields=None, **limits):
    """What comes of a form; ProblemError where it is refused."""
    headers = FORM | ({"content-length": str(told)} if told is not None else {})
    body = arriving(*pieces, wait=wait, heard=heard)
    also = {"fields": fields} if fields else {}
    return asyncio.run(receive(headers, body, folder, Settings(**limits), **also))


@pytest.fixture
def empty(tmp_path):
    """Gives a new folder each time."""
    numbers = count()

    def made():
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return folder

    return made


def test_no_byte_more_is_taken_than_the_limit(empty):
    body = whole_form(("photograph", bytes(5000)), ("model", b"acuarela"))
    pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]
    upload = taken(empty(), *pieces, told=len(body), upload_megabytes=len(body) / 1e6)
    assert upload.photograph.read_bytes() == bytes(5000)
    assert upload.fields == {"model": b"acuarela"}
    less, heard = (len(body) - 1) / 1e6, []
    with pytest.raises(ProblemError, match="the upload is larger than the") as refused:
        taken(empty(), *pieces, heard=heard, upload_megabytes=less)
    assert (refused.value.kind, refused.value.headers) == (
        "too-many-bytes",
        {"Connection": "close"},
    )
    with pytest.raises(ProblemError, match="the upload is larger than the"):
        taken(empty(), *pieces * 100, heard=(heard := []), upload_megabytes=0.002)
    assert len(heard) == 3
    with pytest.raises(ProblemError, match="the upload is larger than the"):
        taken(empty(), *pieces, heard=(heard := []), told=len(body), upload_megabytes=less)
    assert heard == []


def test_who_dawdles_is_not_waited_for(empty):
    body = whole_form(("photograph", bytes(5000)))
    with pytest.raises(ProblemError, match=r"not arrived after 0\.05 seconds") as refused:
        taken(empty(), body[:3000], body[3000:], wait=30, upload_seconds=0.05)
    assert refused.value.kind == "upload-too-slow"
    assert refused.value.headers == {"Connection": "close"}
    with pytest.raises(ProblemError, match=r"not arrived after 0\.05 seconds"):
        asyncio.run(receive_json(JSON, arriving(b"{", b"}", wait=30), 100, 0.05))


def test_fields_have_limits(empty):
    largest = 256 * 1024
    upload = taken(empty(), whole_form(("photograph", b"x"), ("hints", bytes(largest))))
    assert len(upload.fields["hints"]) == largest
    with pytest.raises(ProblemError, match="a field is longer than the 262,144 bytes"):
        taken(empty(), whole_form(("photograph", b"x"), ("hints", bytes(largest + 1))))
    names = [f"field{number}" for number in range(16)]
    parts = [("photograph", b"x"), *((name, b"y") for name in names)]
    assert len(taken(empty(), whole_form(*parts[:16]), fields=names).fields) == 15
    with pytest.raises(ProblemError, match="more than 16 fields came"):
        taken(empty(), whole_form(*parts), fields=names)


def test_a_form_must_be_whole_and_hold_a_photograph_once(empty):
    body = whole_form(("photograph", b"x"))
    with pytest.raises(ProblemError, match="the form ends before its last boundary"):
        taken(empty(), body[:-6])
    with pytest.raises(ProblemError, match="is not the multipart/form-data that its header says"):
        taken(empty(), b"dear diary")
    with pytest.raises(ProblemError, match="the field 'photograph' is missing"):
        taken(empty(), whole_form(("model", b"acuarela")))
    for name in ("photograph", "model"):
        twice = whole_form(("photograph", b"x"), ("model", b"y"), (name, b"z"))
        with pytest.raises(ProblemError, match=f"the field '{name}' came twice"):
            taken(empty(), twice)


def test_so_many_may_arrive_at_one_time_of_all_and_of_each():
    limits = UploadLimits(Settings(queue=3, client_queue=2))
    with limits.slot("greedy"):
        with limits.slot("greedy"), limits.slot("modest"):
            with (
                pytest.raises(ClientLimit, match="2 of your photographs are arriving") as told,
                limits.slot("greedy"),
            ):
                pass
            assert told.value.retry_after == 5
            with (
                pytest.raises(
                    QueueFull, match=r"3 photographs are arriving, .* in 5 seconds"
                ) as told,
                limits.slot("late"),
            ):
                pass
            assert told.value.retry_after == 5
            assert not isinstance(told.value, ClientLimit)
        assert limits._clients == {"greedy": 1}
        with limits.slot("greedy"), limits.slot("late"):
            pass
    assert not limits._clients  # else every address would stay for ever


JSON = {"content-type": "application/json; charset=utf-8"}


def test_json_is_taken_as_json_alone_and_up_to_its_limit():
    def told(body, headers=None, most=100):
        return asyncio.run(receive_json(headers or JSON, arriving(*body), most, 60))

    assert told([b'{"x": ', b"1}"], most=8) == {"x": 1}
    with pytest.raises(ProblemError, match="the request is larger than the 7 bytes") as refused:
        told([b'{"x": ', b"1}"], most=7)
    assert (refused.value.kind, refused.value.headers) == (
        "too-many-bytes",
        {"Connection": "close"},
    )
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        with pytest.raises(ProblemError, match="but application/json is needed"):
            told([b"{}"], {"content-type": kind})
    with pytest.raises(ProblemError, match=r"of the type 'unknown' came, but application/json"):
        asyncio.run(receive_json({}, arriving(b"{}"), 100, 60))
    for body in (b"", b"[]", b"{", b'{"x": \xff}', b"[" * 90):
        with pytest.raises(ProblemError, match="is not the JSON object that its header says"):
            told([body])


def test_what_is_no_form_is_told_what_is_needed(empty):
    def told(kind, **others):
        body = arriving(whole_form(("photograph", b"x")))
        headers = {"content-type": kind} | others
        return asyncio.run(receive(headers, body, empty(), Settings()))

    for kind in ("", "image/jpeg", "application/x-www-form-urlencoded; boundary=edge"):
        with pytest.raises(ProblemError, match=r"but multipart/form-data .* is needed") as refused:
            told(kind)
        assert refused.value.kind == "not-a-photograph"
    with pytest.raises(ProblemError, match="the header Content-Type names no boundary") as refused:
        told("multipart/form-data")
    assert refused.value.kind == "malformed-request"
    odd = told(FORM["content-type"], **{"content-length": "of some"})  # as the server takes it
    assert odd.photograph.read_bytes() == b"x"


def test_other_headers_of_a_part_change_nothing(empty):
    head = b'--edge\r\nContent-Disposition: form-data; name="photograph"; filename="\xff.jpg"\r\n'
    body = head + b"Content-Type: image/jpeg\r\n\r\nx\r\n--edge--\r\n"
    upload = taken(empty(), body)
    assert upload.photograph.read_bytes() == b"x"
    assert upload.name.endswith(".jpg")
