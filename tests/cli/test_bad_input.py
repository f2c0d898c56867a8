"""What bad input gets, through the command: it works, or one sentence; the others go on."""

import ctypes
import json
import os
import shutil
import struct
import subprocess
import sys
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import pyvips
from onnx import TensorProto, helper
from PIL import Image

import networks
from colorear import verify

NOISE = np.random.default_rng(0).integers(0, 256, (100, 150, 3), np.uint8)
GRAY, RGB = Image.fromarray(NOISE[..., 0]), Image.fromarray(NOISE)


def run(*words: object, **options) -> subprocess.CompletedProcess:
    """The command as people start it, which never ends in a traceback."""
    command = [sys.executable, "-m", "colorear", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert "Traceback" not in done.stderr
    assert all(line.startswith(("error: ", "note: ")) for line in done.stderr.splitlines()), (
        done.stderr
    )
    return done


def truncated(path: Path, **options) -> None:
    GRAY.convert("RGB" if path.suffix == ".webp" else "L").save(path, **options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def several(path: Path) -> None:
    GRAY.save(path, save_all=True, append_images=[Image.fromarray(255 - NOISE[..., 0])])


def promising(path: Path, width: int, height: int) -> None:
    """A small PNG whose header promises more."""
    GRAY.save(path)
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)


def promising_jpeg(path: Path) -> None:
    GRAY.save(path)
    content = bytearray(path.read_bytes())
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", 65000, 65000)
    path.write_bytes(content)


def turned(path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    GRAY.save(path, exif=exif)


def lab(path: Path) -> None:
    pyvips.Image.new_from_array(NOISE).colourspace("lab").tiffsave(str(path))


WORKS = None
TABLE = [
    ("text.jpg", lambda path: path.write_text("dear diary"), "is not an image, but a JPEG, PNG"),
    ("empty.png", lambda path: path.write_bytes(b""), "is empty, but a JPEG, PNG, TIFF or WebP"),
    ("cut.jpg", truncated, "damaged or cut short"),
    ("cut-progressive.jpg", lambda path: truncated(path, progressive=True), "damaged or cut short"),
    ("cut.png", truncated, "damaged or cut short"),
    ("cut.tif", truncated, "damaged or cut short"),
    ("cut.webp", truncated, "damaged or cut short"),
    ("only-magic.jpg", lambda path: path.write_bytes(b"\xff\xd8\xff\xe0"), "damaged or cut short"),
    ("only-magic.tif", lambda path: path.write_bytes(b"II*\0"), "damaged or cut short"),
    ("missing.jpg", Path.exists, "does not exist; check the name"),
    ("circle.jpg", lambda path: path.symlink_to(path), "cannot be read: Too many levels of symb"),
    ("still.gif", GRAY.save, "is a GIF, but a JPEG, PNG, TIFF or WebP photograph is needed"),
    ("old.bmp", GRAY.save, "is a BMP, but"),
    ("old.jp2", lambda path: path.write_bytes(b"\0\0\0\x0cjP  \r\n\x87\n"), "is damaged or cut"),
    ("phone.avif", lambda path: path.write_bytes(b"\0\0\0\x18ftypavif"), "is damaged or cut"),
    ("book.pdf", RGB.save, "is a PDF, but"),
    ("moving.gif", several, "is a GIF, but"),
    ("moving.png", several, "has several frames, but one picture is needed"),
    ("moving.webp", several, "has several frames, but one picture is needed"),
    ("cmyk.jpg", RGB.convert("CMYK").save, "is in CMYK without an ICC profile for it"),
    ("cmyk.tif", RGB.convert("CMYK").save, "is in CMYK without an ICC profile for it"),
    ("lab.tif", lab, "holds LAB values"),
    ("float.tif", GRAY.convert("F").save, "floating-point numbers from 0 to"),
    ("int.tif", GRAY.convert("I").save, "of the type int, but whole numbers from 0 on"),
    ("bomb.png", lambda path: promising(path, 400_000, 400_000), "but at most 1,000,000,000 are"),
    ("bomb.jpg", promising_jpeg, "has 65000 x 65000 pixels, but at most 1,000,000,000 are taken"),
    ("taller.png", lambda path: promising(path, 150, 40_000), "damaged or cut short"),
    ("bit.png", GRAY.convert("1").save, WORKS),
    ("bit.tif", GRAY.convert("1").save, WORKS),
    ("palette.png", RGB.quantize(16).save, WORKS),
    ("alpha.png", GRAY.convert("LA").save, WORKS),
    ("alpha.tif", RGB.convert("RGBA").save, WORKS),
    ("alpha.webp", RGB.convert("RGBA").save, WORKS),
    ("point.jpg", GRAY.resize((1, 1)).save, WORKS),
    ("point.png", GRAY.resize((1, 1)).save, WORKS),
    ("point.tif", RGB.resize((1, 1)).save, WORKS),
    ("point.webp", RGB.resize((1, 1)).save, WORKS),
    ("tall.jpg", GRAY.resize((1, 40_000)).save, WORKS),
    ("tall.png", GRAY.resize((1, 40_000)).save, WORKS),
    ("wide.jpg", GRAY.resize((40_000, 1)).save, WORKS),
    ("wide.tif", GRAY.resize((40_000, 1)).save, WORKS),
    *((f"turned{n}.jpg", lambda path, n=n: turned(path, n), WORKS) for n in range(2, 9)),
    ("turned-so.png", lambda path: turned(path, 77), WORKS),
    ("really-png.jpg", lambda path: GRAY.save(path, "PNG"), WORKS),
    ("really-jpeg.tiff", lambda path: GRAY.save(path, "JPEG"), WORKS),
    ("no-ending", lambda path: GRAY.save(path, "PNG"), WORKS),
    ("tía Ñusta 祖母 🎞.jpg", GRAY.save, WORKS),
    ("last.jpg", GRAY.save, WORKS),
]
NAMES = [name for name, *_ in TABLE]


@pytest.fixture(scope="module")
def told(tmp_path_factory, known_network) -> dict[str, dict]:
    """What one command said of each photograph of the table."""
    attic = tmp_path_factory.mktemp("attic")
    for name, make, _ in TABLE:
        make(attic / name)
    words = ("--json", "-o", attic / "out", "--model", known_network)
    done = run("colorize", *words, *(attic / name for name in NAMES))
    assert (done.returncode, done.stderr) == (1, "")
    *answers, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert set(last) == {"summary"}
    assert sorted(Path(answer["source"]).name for answer in answers) == sorted(NAMES)
    made = sorted(Path(answer["output"]).name for answer in answers if "output" in answer)
    assert sorted(path.name for path in (attic / "out").glob("[!.]*")) == made  # nothing half-made
    return {Path(answer["source"]).name: answer for answer in answers}


@pytest.mark.parametrize(("name", "says"), [(name, says) for name, _, says in TABLE], ids=NAMES)
def test_a_photograph(told, name, says):
    answer = told[name]
    if says is WORKS:
        assert verify(answer["source"], answer["output"]).ok
    else:
        assert says in answer["error"]
        assert name in answer["error"]
        assert "\n" not in answer["error"]


def test_the_ending_of_a_colored_file_is_right(told):
    for name, ending in (("really-png.jpg", ".png"), ("really-jpeg.tiff", ".jpg")):
        assert told[name]["output"].endswith(f"-color{ending}")


def without_root_rights() -> None:
    """Make root obey permissions: drop CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH at exec."""
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def test_no_permission(tmp_path, known_network):
    if sys.platform != "linux":
        pytest.skip("rights are dropped in Linux's way")
    for name in ("secret", "good"):
        GRAY.save(tmp_path / f"{name}.jpg")
    (tmp_path / "secret.jpg").chmod(0)
    for name, mode in (("closed", 0), ("locked", 0o555)):
        (tmp_path / name).mkdir()
        GRAY.save(tmp_path / name / "one.jpg")
        (tmp_path / name).chmod(mode)
    photographs = ["secret.jpg", "closed/one.jpg", "locked/one.jpg", "good.jpg"]
    words = ("colorize", "--model", known_network, *(tmp_path / p for p in photographs))
    done = run(*words, preexec_fn=without_root_rights)
    (tmp_path / "closed").chmod(0o755)
    if (tmp_path / "locked" / "one-color.jpg").exists():
        pytest.skip("the rights of root cannot be dropped here")
    assert done.returncode == 1
    secret, closed, locked = done.stderr.splitlines()
    assert secret.endswith("secret.jpg' cannot be read: Permission denied")
    assert closed.endswith("closed/one.jpg' cannot be read: Permission denied")
    assert locked.endswith("locked/one-color.jpg' cannot be written: Permission denied")
    assert verify(tmp_path / "good.jpg", tmp_path / "good-color.jpg").ok
    out = run(*words[:3], tmp_path / "good.jpg", "-o", "closed/x/y.jpg", cwd=tmp_path)
    assert out.returncode == 1
    assert "there is no folder 'closed/x'; make it first" in out.stderr


@contextmanager
def small_disk(folder: Path, size: str):
    """A disk that is soon full; only root may make one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_a_full_disk(tmp_path, known_network, suffix):
    big = Image.fromarray(np.random.default_rng(0).integers(0, 256, (800, 900, 3), np.uint8))
    big.save(tmp_path / f"big{suffix}")
    GRAY.resize((15, 10)).convert("RGB").save(tmp_path / f"small{suffix}")
    photographs = [tmp_path / f"{name}{suffix}" for name in ("big", "small")]
    with small_disk(tmp_path / "disk", "200k") as disk:
        words = ("-o", disk, "--model", known_network, "--jobs", 1)  # small after big left again
        done = run("colorize", *photographs, *words)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1
        assert f"big-color{suffix}' cannot be" in done.stderr
        assert "No space left" in done.stderr or "make sure" in done.stderr
        assert {path.name for path in disk.iterdir()} == {f"small-color{suffix}", ".colorear"}
        assert verify(photographs[1], disk / f"small-color{suffix}").ok


def test_a_jpeg_needs_no_room_for_temporary_files(tmp_path, known_network):
    RGB.resize((600, 400)).save(tmp_path / "old.jpg", quality=95)
    with small_disk(tmp_path / "disk", "64k") as disk:
        environment = os.environ | {"TMPDIR": str(disk)}
        words = (tmp_path / "old.jpg", "--model", known_network)
        done = run("colorize", *words, env=environment)
    assert done.returncode == 0, done.stderr
    assert verify(tmp_path / "old.jpg", tmp_path / "old-color.jpg").ok


PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, *sys.argv[1:]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak_memory(*words: str) -> int:
    """Bytes that Python takes at most with these words; from a small process, for a new one is
    charged with the memory of the one that started it."""
    measured = subprocess.run([sys.executable, "-c", PEAK, *words], capture_output=True, check=True)
    return int(measured.stdout.split()[-1]) * (1 if sys.platform == "darwin" else 1024)


def test_400_megapixels(tmp_path, known_network):
    """In less than 2 GB; a JPEG of one grey is the quickest to make and to colour."""
    gray = (pyvips.Image.black(20_000, 20_000) + 128).cast("uchar").copy(interpretation="b-w")
    gray.jpegsave(str(tmp_path / "huge.jpg"))
    command = ["-m", "colorear", "colorize", "--model", str(known_network)]
    assert peak_memory(*command, str(tmp_path / "huge.jpg")) < 2e9
    colored = pyvips.Image.new_from_file(str(tmp_path / "huge-color.jpg"), access="sequential")
    assert (colored.width, colored.height, colored.bands) == (20_000, 20_000, 3)
    corner = colored.crop(0, 0, 8, 8).numpy()
    assert np.abs(corner @ [0.299, 0.587, 0.114] - 128).max() <= 1
    assert np.ptp(corner[0, 0]) > 20


@pytest.mark.parametrize("name", ["pyramid.tif", "plain.png"])
def test_36_megapixels_of_16_bits(tmp_path, known_network, name):
    """Beside 250 MB, 5.4 bytes for each pixel, of which the colored picture alone has six.

    Two of them are the gray picture in memory; libvips decodes one of over 100 MB into a file.
    """
    gray = (pyvips.Image.black(6000, 6000) + 128 * 257).cast("ushort")
    gray = gray.copy(interpretation="grey16")
    if name == "plain.png":
        gray.pngsave(str(tmp_path / name), compression=1)
    else:
        tiled = {"tile": True, "tile_width": 512, "tile_height": 512, "pyramid": True}
        gray.tiffsave(str(tmp_path / name), compression="deflate", bigtiff=True, **tiled)
    command = ["-m", "colorear", "colorize", "--model", str(known_network)]
    assert peak_memory(*command, str(tmp_path / name)) < 250e6 + 5.4 * 36e6
    made = tmp_path / name.replace(".", "-color.")
    colored = pyvips.Image.new_from_file(str(made), access="sequential")
    assert (colored.width, colored.height, colored.bands) == (6000, 6000, 3)
    assert colored.format == "ushort"


PICTURE, AB = ("n", 1, "h", "w"), ("n", 2, "h", "w")
TWICE = helper.make_node("Concat", ["lightness", "lightness"], ["ab"], axis=1)
ROOT = [helper.make_node("Neg", ["lightness"], ["n"]), helper.make_node("Log", ["n"], ["l"])]
NO_NUMBERS = [*ROOT, helper.make_node("Concat", ["l", "l"], ["ab"], axis=1)]
NETWORKS = {
    "text": (b"dear diary", "cannot be loaded as an ONNX network"),
    "empty": (b"", "cannot be loaded as an ONNX network"),
    "truncated": (networks.contract()[:200], "cannot be loaded as an ONNX network"),
    "another input": (
        networks.pointwise([[1], [1]], [0, 0], inputs={"L": (1,)}, output="ab"),
        "has no input named 'lightness' (its inputs: L); if it is another project's",
    ),
    "another output": (
        networks.pointwise([[1], [1]], [0, 0], inputs={"lightness": (1,)}),
        "has no output named 'ab' (its outputs: answer)",
    ),
    "three channels": (networks.contract(channels=3), "expected (1, 2, h, w)"),
    "64-bit floats": (
        networks.onnx_bytes(
            [TWICE], {"lightness": PICTURE}, {"ab": AB}, element=TensorProto.DOUBLE
        ),
        "has tensor(double) at 'lightness', expected 32-bit floats",
    ),
    "no numbers": (
        networks.onnx_bytes(NO_NUMBERS, {"lightness": PICTURE}, {"ab": AB}),
        "answered with values that are not numbers in 'ab'",
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_that_breaks_the_contract(tmp_path, added_folder, name):
    content, says = NETWORKS[name]
    (tmp_path / "x.onnx").write_bytes(content)
    GRAY.save(tmp_path / "old.jpg")
    used = run("colorize", tmp_path / "old.jpg", "--model", tmp_path / "x.onnx")
    added = run("models", "add", tmp_path / "x.onnx", "--like", "contract", "--name", "mine")
    assert (used.returncode, added.returncode) == (2, 2)
    for done in (used, added):
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert says in done.stderr
    assert not (tmp_path / "old-color.jpg").exists()
    assert not added_folder.exists()
