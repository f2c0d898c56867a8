#!/usr/bin/env bash
# A TIFF in CIELAB of 8 bits, as the standard describes it (here with the white of print and of color profiles, D50),
# looks otherwise in nearly every reader, and none of them warns. OpenCV 5 and OpenImageIO tint its grays, the more the
# lighter: a* = b* = 0 and the level 128 comes out as 142, 131, 115, white as 255, 252, 222; they leave it to libtiff,
# which does not bring the file's white to the screen's (with the white of D65 it is 133 three times). geotiff's
# readRGB takes the stored 0 to 255 for L* of 0 to 100: all from a dark gray on is white. utif2's picture is
# transparent and black. sharp and libvips 8.18.7 refuse it ("bad labq format"), even one that libvips wrote itself. Of
# 16 bits they read, for a white of D65, so that a deep blue loses 60 levels of red; grays are right. Pillow and MuPDF
# have the grays right.
# Who meets it: who works on the colors of a photograph as a* and b* and keeps the result as a Lab TIFF, or gets one
# from a retoucher: gray borders turn brown, or the picture is white.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 opencv-python-headless==5.0.0.93 tifffile==2026.3.3 imagecodecs==2026.3.6 \
  openimageio==3.2.2.0 pyvips==3.2.0 pyvips-binary==8.18.7 pymupdf==2.0
npm install --silent --no-audit --no-fund sharp@0.35.5 geotiff@3.0.5 utif2@4.1.0 >/dev/null
cat > seen.py <<'EOS'
from importlib.metadata import version

import cv2, numpy as np, OpenImageIO, pymupdf, pyvips, tifffile
from PIL import Image

print(*(f"{name} {version(name)}" for name in ("pillow", "opencv-python-headless", "openimageio", "pyvips-binary", "pymupdf")))
# black, dark gray, gray, light gray, white, a deep blue and a red, as sRGB and, by the formulas, as L*a*b* under D50
rgb = np.array([[0, 0, 0], [64, 64, 64], [128, 128, 128], [200, 200, 200], [255, 255, 255], [60, 60, 200], [200, 60, 60]])
light = np.where(rgb <= 10, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
to_d50 = np.array([[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]])
xyz = light @ to_d50.T / to_d50.sum(1)
f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
lab = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], -1)
PATCH = 16


def write(name, scales, dtype, white):
    stored = np.round(lab * scales).astype(np.int64).astype(dtype)  # a* and b* in two's complement
    picture = stored.repeat(PATCH, 0)[None].repeat(PATCH, 0)
    tags = [(318, 5, 2, white, True)]  # WhitePoint
    tifffile.imwrite(name, picture, photometric="cielab", metadata=None, extratags=tags)


d50, d65 = (3457, 10000, 3585, 10000), (3127, 10000, 3290, 10000)
write("8.tif", [255 / 100, 1, 1], np.uint8, d50)
write("8 D65.tif", [255 / 100, 1, 1], np.uint8, d65)
write("16.tif", [65535 / 100, 256, 256], np.uint16, d50)
own = pyvips.Image.new_from_array(rgb.astype(np.uint8).repeat(PATCH, 0)[None].repeat(PATCH, 0), interpretation="srgb")
own.colourspace("labq").tiffsave("own.tif")


def by_mupdf(name):
    found = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.Pixmap(name))
    return np.frombuffer(found.samples, np.uint8).reshape(found.h, found.w, found.n)


readers = {
    "Pillow": lambda name: np.asarray(Image.open(name).convert("RGB")),
    "MuPDF": by_mupdf,
    "OpenCV": lambda name: cv2.imread(name)[..., ::-1],
    "OpenImageIO": lambda name: OpenImageIO.ImageBuf(name).get_pixels(OpenImageIO.UINT8),
    "libvips": lambda name: pyvips.Image.new_from_file(name).colourspace("srgb").numpy(),
}
for name in ("8.tif", "8 D65.tif", "16.tif", "own.tif"):
    for program, read in readers.items():
        try:
            found = np.asarray(read(name))[PATCH // 2, PATCH // 2 :: PATCH].tolist()
        except Exception as error:
            found = "refused: " + " ".join(str(error).split())[-60:]
        print(f"{name}, {program}: {found}")
EOS
cat > seen.mjs <<'EOS'
import fs from "fs";
import { fromArrayBuffer } from "geotiff";
import sharp from "sharp";
import UTIF from "utif2";

const shown = (data, channels) => Array.from({ length: 7 }, (_, i) => "[" + Array.from(data.slice((8 * 112 + 8 + 16 * i) * channels).slice(0, channels)).join(", ") + "]").join(", ");
const readers = {
  sharp: async (file) => shown(await sharp(file).raw().toBuffer(), 3),
  geotiff: async (file) => shown(await (await (await fromArrayBuffer(new Uint8Array(file).buffer)).getImage()).readRGB({ interleave: true }), 3),
  utif2: (file) => {
    const [page] = UTIF.decode(file);
    UTIF.decodeImage(file, page);
    return shown(UTIF.toRGBA8(page), 4);
  },
};
console.log(`sharp ${sharp.versions.sharp}, geotiff 3.0.5, utif2 4.1.0`);
for (const name of ["8.tif", "16.tif"])
  for (const [program, read] of Object.entries(readers)) {
    let found;
    try {
      found = await read(fs.readFileSync(name));
    } catch (error) {
      found = "refused: " + error.message.split(/\s+/).join(" ").slice(-60);
    }
    console.log(`${name}, ${program}: ${found}`);
  }
EOS
{ v/bin/python seen.py; node seen.mjs; } 2>/dev/null | tee seen
n="[0-9]*"
for line in "8.tif, Pillow: .*, \[128, 128, 128\], \[200, 200, 20[01]\], \[25[45], 255, 25[45]\], .*" \
  "8.tif, MuPDF: .*, \[128, 128, 128\], \[200, 200, 20[01]\], \[25[45], 255, 25[45]\], .*" \
  "8.tif, OpenCV: .*, \[142, 131, 115\], \[217, 201, 176\], \[255, 252, 222\], .*" \
  "8.tif, OpenImageIO: .*, \[142, 131, 115\], \[217, 201, 176\], \[255, 252, 222\], .*" \
  "8 D65.tif, OpenCV: .*, \[133, 133, 133\], .*" "8 D65.tif, OpenImageIO: .*, \[133, 133, 133\], .*" "8 D65.tif, Pillow: .*, \[128, 128, 128\], .*" \
  "8.tif, libvips: refused: .*bad labq format.*" "own.tif, libvips: refused: .*bad labq format.*" "own.tif, Pillow: .*, \[128, 128, 128\], .*" \
  "8.tif, sharp: refused: .*bad labq format.*" "16.tif, sharp: .*, \[128, 128, 128\], .*, \[0, $n, $n\], \[20$n, .*" \
  "8.tif, geotiff: \[0, 0, 0\], \[168, 168, 168\], \[255, 255, 255\], .*" \
  "8.tif, utif2: \[0, 0, 0, 0\], .*, \[0, 0, 0, 0\], \[0, 0, 0, 0\]"; do
  grep -qx "$line" seen || { echo "CHANGED: $line"; exit 1; }
done
