#!/usr/bin/env bash
# OpenCV's CIELAB of 32-bit floats is not the formula: it is read from a table of 33 steps a side and
# interpolated. Grey of equal r, g and b gets a = 0.125, L is up to 0.19 off, a up to 0.47, and there
# and back again costs more than one level of 255. Floats look as if they were exact.
# Who meets it: whoever joins a photograph's L with predicted a and b in OpenCV and promises that the
# brightness stays, or measures colour errors under one unit with it.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 opencv-python-headless==5.0.0.93
v/bin/python - <<'EOF'
import sys
import cv2, numpy as np


def formula(rgb):  # CIE 15 and IEC 61966-2-1, white D65
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    matrix = [[0.4124564, 0.3575761, 0.1804375],
              [0.2126729, 0.7151522, 0.0721750],
              [0.0193339, 0.1191920, 0.9503041]]
    xyz = linear @ np.transpose(matrix) / np.sum(matrix, axis=1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


steps = np.arange(0, 256, 3, dtype=np.float32) / 255
cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
lab = cv2.cvtColor(cube, cv2.COLOR_RGB2Lab)
off = np.abs(lab - formula(cube.astype(np.float64))).max(axis=(0, 1))
gray = np.repeat(np.arange(256, dtype=np.float32)[None, :, None] / 255, 3, axis=2)
tint = np.abs(cv2.cvtColor(gray, cv2.COLOR_RGB2Lab)[..., 1:]).max()
back = np.abs(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB) - cube).max() * 255
print("OpenCV", cv2.__version__)
print("furthest from the formula: L %.2f, a %.2f, b %.2f" % tuple(off))
print(f"tint of pure greys: {tint:.3f} units; there and back: {back:.2f} levels of 255")
if not (off[1] > 0.3 and tint > 0.05 and back > 1):
    sys.exit("CHANGED")
EOF
