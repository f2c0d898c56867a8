#!/usr/bin/env bash
# A TIFF of luma and chroma (YCbCr without JPEG; `Image.merge("YCbCr", ...).save("x.tif")` makes one), which keeps a
# scan's levels as its Y and adds color. With chroma of full size sharp and libvips show Y as red, Cb as green and Cr
# as blue, 30 levels off on the mean, gray pictures too; with chroma of half size they are right, and libvips where the
# same is JPEG. FFmpeg 9 takes the full range that the file names (ReferenceBlackWhite) for limited: another contrast.
# Coefficients other than 601's are passed over by MuPDF and geotiff, by FFmpeg, and by Pillow where nothing is
# compressed, up to 10 levels; and where nothing is compressed Pillow refuses chroma of half size as "truncated".
# OpenCV and OpenImageIO are right in all.
# Who meets it: who joins a scan's luma with predicted chroma and saves that as it is, and has a gallery's sharp or an
# IIIF server's libvips make web copies of it: a picture of red and cyan; or makes a film of it by FFmpeg.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 opencv-python-headless==5.0.0.93 imageio-ffmpeg==0.8.1 pyvips==3.2.0 pyvips-binary==8.18.7 \
  openimageio==3.2.2.0 pymupdf==2.0
echo '{}' > package.json
npm install --silent --no-audit --no-fund sharp@0.35.5 geotiff@3.0.5
cat > read.cjs <<'EOS'
const fs = require("fs"), sharp = require("sharp"), geotiff = require("geotiff");
(async () => {
  const [program, name] = process.argv.slice(2);
  if (program === "sharp") return process.stdout.write(await sharp(name).removeAlpha().raw().toBuffer());
  const bytes = fs.readFileSync(name);
  const tiff = await geotiff.fromArrayBuffer(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  process.stdout.write(Buffer.from(await (await tiff.getImage()).readRGB({ interleave: true })));
})();
EOS
v/bin/python -W ignore - <<'EOS'
import struct, subprocess, sys, zlib
from importlib.metadata import version

import cv2, imageio_ffmpeg, numpy as np, OpenImageIO as oiio, pymupdf, pyvips
from PIL import Image

print("FFmpeg", imageio_ffmpeg.get_ffmpeg_version(), "libvips", pyvips.base.version(0), pyvips.base.version(1), pyvips.base.version(2),
      *(f"{name} {version(name)}" for name in ("pillow", "opencv-python-headless", "openimageio", "pymupdf")), "sharp 0.35.5, geotiff 3.0.5")
HEIGHT, WIDTH = 152, 200
WEIGHTS = {601: (2990, 5870, 1140), 709: (2126, 7152, 722)}  # of 10000: LumaRed, LumaGreen, LumaBlue
y, x = np.mgrid[:HEIGHT, :WIDTH]
luma = np.uint8(np.clip(128 + 60 * np.sin(x / 17) * np.cos(y / 23) + y / 8 + (x * 7 + y * 13) % 11 - 5, 50, 205))
small_y, small_x = np.mgrid[:HEIGHT // 2, :WIDTH // 2]  # the chroma is the same in each 2 x 2, so that every way to enlarge it is right
blue = np.uint8(np.round(128 + 24 * np.sin(small_x / 30 + small_y / 41))).repeat(2, 0).repeat(2, 1)
red = np.uint8(np.round(128 + 24 * np.cos(small_x / 37 - small_y / 29))).repeat(2, 0).repeat(2, 1)
neutral = np.full_like(luma, 128)


def rgb(planes, weights):
    light, cb, cr = (plane.astype(float) for plane in planes)
    r, g, b = (weight / 10000 for weight in WEIGHTS[weights])
    made = np.stack([light + (cr - 128) * (2 - 2 * r), light, light + (cb - 128) * (2 - 2 * b)], -1)
    made[..., 1] = (light - r * made[..., 0] - b * made[..., 2]) / g
    assert made.min() > -0.5 and made.max() < 255.5, "out of gamut"
    return np.round(made).astype(int)


def by_hand(name, planes, weights, half, deflate):
    """TIFF 6.0, section 21: in one strip, each unit its Ys, one Cb, one Cr."""
    step = 2 if half else 1
    units = planes[0].reshape(HEIGHT // step, step, WIDTH // step, step).transpose(0, 2, 1, 3).reshape(HEIGHT // step, WIDTH // step, step * step)
    data = np.concatenate([units, *(plane[::step, ::step, None] for plane in planes[1:])], -1).tobytes()
    data = zlib.compress(data) if deflate else data
    pairs = lambda values, below: [part for value in values for part in (value, below)]
    tags = [  # tag, kind (3 short, 4 long, 5 fraction), values
        (256, 3, [WIDTH]), (257, 3, [HEIGHT]), (258, 3, [8, 8, 8]), (259, 3, [8 if deflate else 1]), (262, 3, [6]), (273, 4, [0]), (277, 3, [3]),
        (278, 3, [HEIGHT]), (279, 4, [len(data)]), (282, 5, [300, 1]), (283, 5, [300, 1]), (284, 3, [1]), (296, 3, [2]),
        (529, 5, pairs(WEIGHTS[weights], 10000)), (530, 3, [step, step]), (531, 3, [1]), (532, 5, pairs((0, 255, 128, 255, 128, 255), 1)),
    ]
    pack = lambda kind, values: struct.pack(f"<{len(values)}{'H' if kind == 3 else 'I'}", *values)
    end = 8 + 2 + 12 * len(tags) + 4
    start = end + sum(len(raw) for _, kind, values in tags if len(raw := pack(kind, values)) > 4)
    start += start % 2
    entries, far = b"", b""
    for tag, kind, values in tags:
        raw = pack(kind, [start] if tag == 273 else values)
        entries += struct.pack("<HHI", tag, kind, len(values) // (2 if kind == 5 else 1))
        entries += raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack("<I", end + len(far))
        far += raw if len(raw) > 4 else b""
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + far
    open(name, "wb").write(head.ljust(start, b"\0") + data)


def by_libvips(name):
    return pyvips.Image.new_from_file(name)[:3].numpy()


def by_ffmpeg(name, *filters):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", name, *filters, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True).stdout, np.uint8)


def by_node(program):
    return lambda name: np.frombuffer(subprocess.run(["node", "read.cjs", program, name], capture_output=True).stdout, np.uint8)


programs = {
    "OpenCV": lambda name: cv2.imread(name)[..., ::-1],
    "OpenImageIO": lambda name: oiio.ImageBuf(name).get_pixels(oiio.UINT8),
    "Pillow": lambda name: np.asarray(Image.open(name).convert("RGB")),
    "MuPDF": lambda name: np.frombuffer((pixels := pymupdf.Pixmap(name)).samples, np.uint8).reshape(HEIGHT, WIDTH, pixels.n)[..., :3],
    "libvips": by_libvips,
    "sharp": by_node("sharp"),
    "geotiff": by_node("geotiff"),
    "FFmpeg": by_ffmpeg,
    "FFmpeg, told that it is full": lambda name: by_ffmpeg(name, "-vf", "scale=in_range=full"),
}
colored, gray = (luma, blue, red), (luma, neutral, neutral)
files = {}  # name: planes, weights
for name, planes, options in (("Pillow's, plain", colored, {}), ("Pillow's, LZW", colored, {"compression": "tiff_lzw"}), ("Pillow's, gray", gray, {})):
    Image.merge("YCbCr", [Image.fromarray(plane) for plane in planes]).save(name + ".tif", **options)
    files[name] = planes, 601
for weights in (601, 709):
    for half in (False, True):
        for deflate in (False, True):
            name = f"{weights}, chroma {'half' if half else 'full'}, {'Deflate' if deflate else 'plain'}"
            by_hand(name + ".tif", colored, weights, half, deflate)
            files[name] = colored, weights
failed = []
for name, (planes, weights) in files.items():
    wanted = rgb(planes, weights)
    light = (planes[0][..., None] - 16.0) * 255 / 219
    ways = {
        "right": wanted,
        "YCbCr as RGB": np.stack(planes, -1).astype(int),
        "as by 601": rgb(planes, 601),
        "as limited range, by 601": np.clip(light + (rgb(planes, 601) - planes[0][..., None]) * 255 / 224, 0, 255),
    }
    half, plain = "half" in name, "Deflate" not in name and "LZW" not in name
    for program, read in programs.items():
        try:
            found = read(name + ".tif").reshape(HEIGHT, WIDTH, 3)
            near = {way: np.abs(found - levels).mean() for way, levels in ways.items()}
            way, off = min(near, key=near.get), np.abs(found - wanted)
            way = way if near[way] < 1.6 else "?"
            seen = f"{way}, {off.mean():.1f} levels off on the mean, {off.max()} at most"
        except (OSError, ValueError) as error:
            way, seen = "refused", f"refused ({str(error)[:24]}...)"
        expected = "right"
        if program in ("libvips", "sharp") and not half:
            expected = "YCbCr as RGB"
        elif program == "FFmpeg":
            expected = "as limited range, by 601"
        elif program == "geotiff" and half or program == "Pillow" and half and plain:
            expected = "refused"
        elif weights == 709 and (program in ("MuPDF", "geotiff") or "told" in program or program == "Pillow" and plain):
            expected = "as by 601"
        print(f"{name}: {program}: {seen}")
        if way != expected:
            failed.append((name, program, way, expected))
if failed:
    sys.exit(f"CHANGED: {failed}")
EOS
