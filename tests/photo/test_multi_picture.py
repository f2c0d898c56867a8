import io
import json
import shutil
import struct
import subprocess

import numpy as np
import pytest
from PIL import Image

from colorear import Colorizer, verify
from colorear.photo import jpeg, multi_picture


@pytest.fixture
def pictures() -> list[Image.Image]:
    ramp = np.add.outer(np.arange(48), np.arange(64)).astype(np.uint8)
    return [Image.fromarray(ramp), Image.fromarray(255 - ramp).resize((32, 24))]


@pytest.fixture
def several(tmp_path, pictures):
    """A JPEG of two pictures, as Pillow makes it."""
    path = tmp_path / "old.jpg"
    pictures[0].save(path, "MPO", save_all=True, append_images=pictures[1:], quality=90)
    return path


def test_the_second_picture_is_found(tmp_path, several, known_network):
    with Image.open(io.BytesIO(several.read_bytes())) as before:
        before.seek(1)
        second = np.asarray(before)
    Colorizer(known_network).colorize(several, tmp_path / "new.jpg")
    with Image.open(io.BytesIO((tmp_path / "new.jpg").read_bytes())) as after:
        assert (after.format, after.n_frames, after.mode) == ("MPO", 2, "RGB")
        after.load()
        after.seek(1)
        assert np.array_equal(np.asarray(after), second)
    assert verify(several, tmp_path / "new.jpg").ok


def test_exiftool_takes_out_the_same_picture(tmp_path, several, known_network):
    program = shutil.which("exiftool")
    if program is None:
        pytest.skip("exiftool is not installed (Debian: libimage-exiftool-perl)")
    target = tmp_path / "new.jpg"
    Colorizer(known_network).colorize(several, target)
    found = []
    for path in (several, target):
        command = [program, "-b", "-MPImage2", str(path)]
        found.append(subprocess.run(command, capture_output=True, check=True).stdout)
    assert found[0] == found[1]
    assert np.asarray(Image.open(io.BytesIO(found[1]))).shape == (24, 32)
    told = subprocess.run(
        [program, "-json", "-n", "-MPImageLength", str(target)], capture_output=True, check=True
    )
    assert json.loads(told.stdout)[0]["MPImageLength"] == len(found[1])


def index(order: str, *entries: tuple[int, int], start: int = 26) -> bytes:
    """Of pictures with these lengths and offsets."""
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8)
    many = struct.pack(f"{order}HHHII", 1, 0xB002, 7, 16 * len(entries), start)
    body = b"".join(struct.pack(f"{order}IIII", 0, *entry, 0) for entry in entries)
    return head + many + bytes(4) + body


@pytest.mark.parametrize("order", ["<", ">"])
def test_offsets_count_from_the_index_itself(order):
    """The picture grows by a comment of 100 bytes before the index and 50 behind it."""
    label = b"MPF\0"
    about = jpeg.Segment(0xE2, label + index(order, (500, 0), (40, 490), (40, 100)))
    content = b"\xff\xd8" + b"\xff\xe2\0\0" + about.payload
    content += bytes(500 - len(content)) + b"the second"
    original = jpeg.Jpeg("x", 8, 8, False, (), (about,), memoryview(content)[500:])
    comments = [jpeg.Segment(0xFE, bytes(size - 4)) for size in (100, 50)]
    rest = jpeg.Segment(0xDB, bytes(500 - 4 - 4 - len(about.payload) - 4))
    made = multi_picture.moved([comments[0], about, comments[1], rest], original, content)
    length = 4 + sum(4 + len(segment.payload) for segment in made)
    assert length == 650
    changed = made[1].payload.removeprefix(label)
    assert changed == index(order, (650, 0), (40, 490 + 50), (40, 100))


@pytest.mark.parametrize("start", [26, 10**9])
def test_a_damaged_index_stays_as_it_is(start):
    damaged = index("<", (500, 0), (40, 460), start=start)[: 26 + 8]
    about = jpeg.Segment(0xE2, b"MPF\0" + damaged)
    original = jpeg.Jpeg("x", 8, 8, False, (), (about,), memoryview(b""))
    assert multi_picture.moved([about], original, b"MPF\0" + damaged) == [about]


def test_an_offset_that_leads_to_just_before_it_stays_as_far_from_it(
    tmp_path, several, known_network
):
    """Somebody has put two bytes into the file, as into one of Pillow's test images."""
    content = several.read_bytes()
    at = content.index(b"MPF\0") + 4
    order = "<" if content[at : at + 2] == b"II" else ">"
    (directory,) = struct.unpack_from(f"{order}I", content, at + 4)
    changed = bytearray(content)
    for entry in range(at + directory + 2, at + directory + 38, 12):
        tag, _, _, start = struct.unpack_from(f"{order}HHII", content, entry)
        if tag == 0xB002:
            (offset,) = struct.unpack_from(f"{order}I", content, at + start + 24)
            struct.pack_into(f"{order}I", changed, at + start + 24, offset - 2)
    assert changed != content
    several.write_bytes(changed)
    Colorizer(known_network).colorize(several, tmp_path / "new.jpg")
    assert verify(several, tmp_path / "new.jpg").ok
