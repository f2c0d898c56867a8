#!/usr/bin/env bash
# A JPEG in colour may keep its components in scans of their own; the standard has it, libjpeg, FFmpeg and
# browsers read it. Rust's zune-jpeg (in `image`, so in much else; here through @napi-rs/image) shows
# such a file wrong, without an error: with 4:2:0 always (stripes), with 4:4:4, which looks like the way
# out, as soon as the file has restart intervals. The same data in one scan is shown right.
# Who meets it: a colouriser adds chroma to a grey JPEG without touching its luma by adding two scans to
# it; camera files have restart intervals. The result looks right to its author.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==12.3.0
npm install --silent --no-audit --no-fund @napi-rs/image@1.15.0 >/dev/null
cat > write.py <<'EOF'
"""Baseline JPEG of smooth planes: only DC coefficients, so that all fits on a page."""
import itertools, struct
import numpy as np, PIL
from PIL import Image

WIDTH, HEIGHT = 208, 144  # whole units at 4:2:0


def jpeg(samplings, scans, restart):
    largest = max(h for h, _ in samplings)
    y, x = np.mgrid[: HEIGHT // 8, : WIDTH // 8]
    waves = (90 * np.sin(x / 6 + y / 9), 60 * np.cos(x / 7), 60 * np.sin(y / 5))
    planes = []
    for (h, v), wave in zip(samplings, waves):
        size = HEIGHT // 8 * v // largest, WIDTH // 8 * h // largest
        step = largest // h
        planes.append(np.rint(wave[::step, ::step][: size[0], : size[1]]).astype(int))
    out = b"\xff\xd8\xff\xdb\x00\x43\x00" + bytes([8] * 64)
    out += b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, HEIGHT, WIDTH, 3)
    out += b"".join(bytes([i + 1, h << 4 | v, 0]) for i, (h, v) in enumerate(samplings))
    out += b"\xff\xc4" + struct.pack(">HB", 31, 0) + bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12))
    out += b"\xff\xc4" + struct.pack(">HB", 20, 16) + bytes([1] + [0] * 15) + b"\x00"  # end of block: 0
    if restart:
        out += b"\xff\xdd" + struct.pack(">HH", 4, restart)
    for scan in scans:
        out += b"\xff\xda" + struct.pack(">HB", 6 + 2 * len(scan), len(scan))
        out += b"".join(bytes([i + 1, 0]) for i in scan) + b"\x00\x3f\x00"
        if len(scan) == 1:
            rows, columns = planes[scan[0]].shape
            units = [[(scan[0], r, c)] for r in range(rows) for c in range(columns)]
        else:
            rows, columns = HEIGHT // 8 // largest, WIDTH // 8 // largest
            units = [
                [(i, r * samplings[i][1] + v, c * samplings[i][0] + h)
                 for i in scan for v in range(samplings[i][1]) for h in range(samplings[i][0])]
                for r, c in itertools.product(range(rows), range(columns))
            ]
        bits, before = "", [0, 0, 0]
        for number, unit in enumerate(units):
            if restart and number and number % restart == 0:
                out += stuffed(bits) + bytes([0xFF, 0xD0 + (number // restart - 1) % 8])
                bits, before = "", [0, 0, 0]
            for i, r, c in unit:
                change = int(planes[i][r, c]) - before[i]
                before[i] += change
                size = abs(change).bit_length()
                bits += f"{size:04b}"
                if size:
                    bits += f"{change if change > 0 else change + (1 << size) - 1:0{size}b}"
                bits += "0"
        out += stuffed(bits)
    return out + b"\xff\xd9"


def stuffed(bits):
    bits += "1" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)).replace(b"\xff", b"\xff\x00")


together, apart = [[0, 1, 2]], [[0], [1], [2]]
print("Pillow", PIL.__version__, "@napi-rs/image 1.15.0")
for name, sampling in (("444", (1, 1)), ("420", (2, 2))):
    for way, scans in (("one scan", together), ("three scans", apart)):
        for restart in (0, 5):
            title = f"{name}, {way}, {'restart intervals' if restart else 'no restarts'}"
            with open(title + ".jpg", "wb") as file:
                file.write(jpeg([sampling, (1, 1), (1, 1)], scans, restart))
            with Image.open(title + ".jpg") as opened:
                np.asarray(opened.convert("RGB")).tofile(title + ".rgb")
EOF
v/bin/python write.py
cat > read.cjs <<'EOF'
const fs = require("fs"), { Transformer } = require("@napi-rs/image");
(async () => {
  for (const name of fs.readdirSync(".").filter(f => f.endsWith(".jpg")).sort()) {
    const pixels = await new Transformer(fs.readFileSync(name)).rawPixels();
    const right = fs.readFileSync(name.replace(".jpg", ".rgb"));
    let sum = 0;
    for (let i = 0; i < right.length; i++) sum += Math.abs(right[i] - pixels[i]);
    const mean = sum / right.length;
    console.log(name.replace(".jpg", "") + ":", mean < 3 ? "right" : "WRONG", "(" + mean.toFixed(1) + " levels from libjpeg-turbo's)");
  }
})();
EOF
node read.cjs | tee seen
[ "$(grep -c ': right' seen)" = 5 ] && grep -q "444, three scans, restart.*WRONG" seen &&
  grep -q "420, three scans, no.*WRONG" seen && grep -q "420, three scans, restart.*WRONG" seen || { echo CHANGED; exit 1; }
