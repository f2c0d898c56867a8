#!/usr/bin/env bash
# A TIFF whose strips are JPEG, as archives store photographs where space is short, is a black picture in FFmpeg 9: no
# error, no warning, the exit status is 0, and size and number of frames are right. The same photograph with LZW,
# Deflate, PackBits or no compression is right; Pillow, OpenCV and tifffile read the JPEG one right, too.
# Who meets it: who makes a film of scans, or takes frames for coloring from a folder of TIFFs: black ones among the
# others, and where all are of that kind a black film.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 opencv-python-headless==5.0.0.93 tifffile==2026.3.3 imagecodecs==2026.3.6 imageio-ffmpeg==0.8.1
v/bin/python - <<'EOS'
import subprocess, sys

import cv2, imageio_ffmpeg, numpy as np, PIL, tifffile
from PIL import Image

print("FFmpeg", imageio_ffmpeg.get_ffmpeg_version(), "Pillow", PIL.__version__, "OpenCV", cv2.__version__, "tifffile", tifffile.__version__)
y, x = np.mgrid[:152, :200]
gray = np.uint8(np.clip(128 + 80 * np.sin(x / 17) * np.cos(y / 23) + y / 4, 0, 255))
pictures = {"gray": gray, "RGB": np.stack([gray, gray[::-1], 255 - gray], -1)}
failed = []
for kind, picture in pictures.items():
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        Image.fromarray(picture).save("scan.tif", compression=compression, **({"quality": 95} if compression == "jpeg" else {}))
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "warning", "-i", "scan.tif", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
        made = subprocess.run(command, capture_output=True)
        read = {
            "FFmpeg": np.frombuffer(made.stdout, np.uint8).reshape(152, 200, 3),
            "Pillow": np.asarray(Image.open("scan.tif").convert("RGB")),
            "OpenCV": cv2.imread("scan.tif")[..., ::-1],
            "tifffile": tifffile.imread("scan.tif"),
        }
        wanted = picture if kind == "RGB" else gray[..., None]
        for program, found in read.items():
            found = found if found.ndim == 3 else found[..., None]
            off, black = np.abs(found.astype(int) - wanted).mean(), not found.any()
            said = f", exit status {made.returncode}, said {made.stderr.decode().strip()!r}" if program == "FFmpeg" else ""
            print(f"{kind}, {compression}, {program}: {'black' if black else f'{off:.1f} levels off'}{said}")
            if program == "FFmpeg" and compression == "jpeg":
                if not black or made.returncode or made.stderr:
                    failed.append((kind, compression, program))
            elif off > 6:
                failed.append((kind, compression, program))
if failed:
    sys.exit(f"CHANGED: {failed}")
EOS
