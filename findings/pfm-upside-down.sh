#!/usr/bin/env bash
# Gray PFMs (floating-point numbers, rows from the bottom up). OpenImageIO writes them so and reads them from the top
# down: its own file comes back upside down, as does one by Pillow or OpenCV; unless it is asked for pnm:pfmflip, which
# is said to be on. netpbmfile reads them upside down too. And the scale in the header, where numbers up to 255 or
# 65535 say that white is not 1, is multiplied by OpenImageIO, passed over by Pillow and
# netpbmfile, and divided by in OpenCV and FFmpeg: a light of 0.9 is 0.9, 230 or 58516.
# Who meets it: who takes the light of a scan or a guide for its colors as floats from one program to another: it is
# laid over the photograph upside down (a sky in the meadow), or is white altogether.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 opencv-python-headless==5.0.0.93 openimageio==3.2.2.0 netpbmfile==2026.1.29 imageio-ffmpeg==0.8.1
v/bin/python - <<'EOS'
import subprocess, sys

import cv2, imageio_ffmpeg, netpbmfile, numpy as np, OpenImageIO as oiio, PIL
from PIL import Image

print("Pillow", PIL.__version__, "OpenCV", cv2.__version__, "OpenImageIO", oiio.VERSION_STRING,
      "netpbmfile", netpbmfile.__version__, "FFmpeg", imageio_ffmpeg.get_ffmpeg_version())
light = np.repeat(np.linspace(0.9, 0.1, 32, dtype=np.float32)[:, None], 64, 1)  # light above, dark below
failed = []


def by_ffmpeg(name):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", name, "-f", "rawvideo", "-pix_fmt", "grayf32le", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, "<f4").reshape(32, 64)


def by_openimageio_flipped(name):
    asked = oiio.ImageSpec()
    asked.attribute("pnm:pfmflip", 1)
    return oiio.ImageInput.open(name, asked).read_image()[..., 0]


readers = {
    "Pillow": lambda name: np.asarray(Image.open(name)),
    "OpenCV": lambda name: cv2.imread(name, cv2.IMREAD_UNCHANGED),
    "FFmpeg": by_ffmpeg,
    "OpenImageIO": lambda name: oiio.ImageBuf(name).get_pixels(oiio.FLOAT)[..., 0],
    "OpenImageIO, pnm:pfmflip": by_openimageio_flipped,
    "netpbmfile": netpbmfile.imread,
}
turned = {"OpenImageIO", "netpbmfile"}


def seen(name, found, expected):
    print(f"{name}: {found}")
    if found != expected:
        failed.append(name)


Image.fromarray(light).save("Pillow.pfm")
cv2.imwrite("OpenCV.pfm", light)
oiio.ImageBuf(light[..., None].copy()).write("OpenImageIO.pfm")
for writer in ("Pillow", "OpenCV", "OpenImageIO"):
    for reader, read in readers.items():
        top = read(f"{writer}.pfm")[0, 0]
        way = "upright" if abs(top - 0.9) < 0.001 else "upside down" if abs(top - 0.1) < 0.001 else "?"
        seen(f"written by {writer}, read by {reader}", way, "upside down" if reader in turned else "upright")
for order in ("<", ">"):
    with open("scaled.pfm", "wb") as file:  # white is 255, so the scale is 1/255
        file.write(b"Pf\n64 32\n%s0.003922\n" % (b"-" if order == "<" else b"") + (light[::-1] * 255).astype(order + "f4").tobytes())
    for reader, read in readers.items():
        most = float(np.max(read("scaled.pfm")))
        ways = {"multiplied": 0.9, "passed over": 0.9 * 255, "divided": 0.9 * 255 * 255}
        way = next((name for name, value in ways.items() if abs(most / value - 1) < 0.001), "?")
        expected = "divided" if reader in ("OpenCV", "FFmpeg") else "multiplied" if "OpenImageIO" in reader else "passed over"
        seen(f"a scale of 1/255 ({'little' if order == '<' else 'big'}-endian) by {reader}: 0.9 is {most:.5g}", way, expected)
if failed:
    sys.exit(f"CHANGED: {failed}")
EOS
