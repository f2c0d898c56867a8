#!/usr/bin/env bash
# OpenCV reads a colour PNG as grey (`IMREAD_GRAYSCALE`) in two ways: as everything else, 0.299 R + 0.587 G +
# 0.114 B of the levels; but if the file has the chunk sRGB, or gAMA of 1/2.2, as nearly every editor
# writes, libpng does the sum in linear light. Same pixels, other greys, by up to a quarter of the scale. JPEG,
# TIFF, BMP and WebP of these pixels, and `cvtColor` after reading it in colour, are as the first.
# Who meets it: whoever makes grey inputs for a colouriser from a folder of PNGs (some with the chunk), or
# checks with it that a coloured PNG has the greys of the scan.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 opencv-python-headless==5.0.0.93
v/bin/python - <<'EOF'
import io, struct, sys, zlib
import cv2, numpy as np
from PIL import Image

picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
expected = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(int)
print("OpenCV", cv2.__version__)


def content(form, **options):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, form, **options)
    return file.getvalue()


def with_chunk(name, data):
    chunk = struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return content("png")[:33] + chunk + content("png")[33:]


files = {
    "PNG": content("png"),
    "PNG, sRGB": with_chunk(b"sRGB", b"\0"),
    "PNG, gAMA 1/2.2": with_chunk(b"gAMA", struct.pack(">I", 45455)),
    "TIFF": content("tiff"),
    "WebP": content("webp", lossless=True),
}
off = {}
for name, data in files.items():
    stored = np.frombuffer(data, np.uint8)
    gray = cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE).astype(int)
    same = bool((cv2.imdecode(stored, cv2.IMREAD_COLOR_RGB) == picture).all())
    off[name] = np.abs(gray - expected).max()
    print(f"{name}: greys off by {np.abs(gray - expected).mean():.1f} on the mean, {off[name]} at most; colours {'the same' if same else 'others'}")
if not (max(off["PNG"], off["TIFF"], off["WebP"]) <= 1 and min(off["PNG, sRGB"], off["PNG, gAMA 1/2.2"]) > 50):
    sys.exit("CHANGED")
EOF
