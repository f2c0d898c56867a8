#!/usr/bin/env bash
# A grey TIFF may store white as 0 (PhotometricInterpretation 0, "min is white"); scanners of film and
# of microfiche write it. Pillow and OpenCV turn such a file the right way round when it has 8 bits.
# The same picture in 16 bits comes out as a negative, in mode I;16 and with IMREAD_UNCHANGED, without
# a warning; OpenCV even shows one file both ways, by the flag it is read with.
# Who meets it: an archive that scans in 16 bits and colours what Pillow or OpenCV read: negatives.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==12.3.0 opencv-python-headless==5.0.0.93 tifffile==2026.3.3
v/bin/python - <<'EOF'
import sys
import cv2, numpy as np, PIL, tifffile
from PIL import Image

ramp = np.tile(np.linspace(10, 245, 64).astype(np.uint8), (16, 1))  # dark on the left
for bits, levels in ((8, ramp), (16, ramp.astype(np.uint16) * 257)):
    tifffile.imwrite(f"{bits}.tif", np.iinfo(levels.dtype).max - levels, photometric="miniswhite")

readers = {
    "Pillow": lambda name: np.asarray(Image.open(name)),
    "OpenCV, IMREAD_UNCHANGED": lambda name: cv2.imread(name, cv2.IMREAD_UNCHANGED),
    "OpenCV, IMREAD_GRAYSCALE": lambda name: cv2.imread(name, cv2.IMREAD_GRAYSCALE),
}
print("Pillow", PIL.__version__, "OpenCV", cv2.__version__)
seen = []
for bits in (8, 16):
    for name, read in readers.items():
        picture = read(f"{bits}.tif")
        seen.append("positive" if picture[8, 0] < picture[8, -1] else "negative")
        print(f"{bits} bits, {name}: left {picture[8, 0]}, right {picture[8, -1]}: {seen[-1]}")
if seen != ["positive"] * 3 + ["negative", "negative", "positive"]:
    sys.exit("CHANGED")
EOF
