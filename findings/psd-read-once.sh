#!/usr/bin/env bash
# ag-psd, asked to read a Photoshop file of 16 bits without compression (psd-tools writes such), turns the bytes round
# in the very array that it was given: what it shows is right, and the file in memory is ruined. Read a second time,
# stored or sent on it is another picture, a soft ramp of 256 sharp stripes, in gray and in color; only the size is as
# before. One of 8 bits is left alone. A file of 16 bits with RLE is left alone, too, but shown twice as wide and
# nearly black, as each byte is taken for a pixel. (Its document says that it does not support 16 bits; it gives no
# error and no warning.) psd-tools, OpenImageIO and FFmpeg read all of them right.
# Who meets it: pages that show a scan or a colored photograph from Photoshop and then send the same bytes to be colored
# or kept: what arrives is not what was shown.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 psd-tools==1.26.0 openimageio==3.2.2.0 imageio-ffmpeg==0.8.1
npm install --silent --no-audit --no-fund ag-psd@31.0.2 >/dev/null
cat > write.py <<'EOS'
import struct

import numpy as np
from psd_tools import PSDImage

WIDTH, HEIGHT = 64, 8
ramp = np.tile(np.linspace(0, 65535, WIDTH).round().astype(np.uint16), (HEIGHT, 1))


def packed(row):
    """PackBits of literal bytes; a row has 64 or 128."""
    return bytes([len(row) - 1]) + row


def write(name, planes, bits, rle):
    rows = [(row.astype(">u2") if bits == 16 else np.uint8(row >> 8)).tobytes() for plane in planes for row in plane]
    with open(name, "wb") as file:
        file.write(b"8BPS" + struct.pack(">H6xHIIHH", 1, len(planes), HEIGHT, WIDTH, bits, 3 if len(planes) == 3 else 1))
        file.write(struct.pack(">III", 0, 0, 0))  # no palette, no resources, no layers
        file.write(struct.pack(">H", rle))
        if rle:
            rows = [packed(row) for row in rows]
            file.write(struct.pack(f">{len(rows)}H", *map(len, rows)))
        file.write(b"".join(rows))


for kind, planes in (("gray", [ramp]), ("color", [ramp, ramp[:, ::-1], 65535 - ramp])):
    for bits in (8, 16):
        for rle in (0, 1):
            write(f"{kind} {bits} {'RLE' if rle else 'plain'}.psd", planes, bits, rle)
own = PSDImage.new("L", (WIDTH, HEIGHT), depth=16)
own.save("own.psd")
print("written by psd-tools:", PSDImage.open("own.psd")._record.image_data.compression.name)
EOS
cat > read.mjs <<'EOS'
import fs from "fs";
import { initializeCanvas, readPsd } from "ag-psd";

// pictures are asked for as data, so that no canvas is needed
initializeCanvas(() => null, (width, height) => ({ width, height, data: new Uint8ClampedArray(width * height * 4) }));
for (const kind of ["gray", "color"])
  for (const bits of [8, 16])
    for (const way of ["plain", "RLE"]) {
      const name = `${kind} ${bits} ${way}`;
      const file = new Uint8Array(fs.readFileSync(`${name}.psd`));
      const before = file.slice();
      const { data } = readPsd(file, { useImageData: true }).imageData;
      const shown = [0, 16, 24, 32, 48, 63].map((x) => Math.round(data[(4 * 64 + x) * 4] / (bits === 16 ? 257 : 1)));
      const changed = file.filter((value, i) => value !== before[i]).length;
      console.log(`${name}, ag-psd 31.0.2: [${shown.join(", ")}], ${changed ? "file changed" : "file as before"}`);
      fs.writeFileSync(`${name} read.psd`, file);
    }
EOS
cat > read.py <<'EOS'
import subprocess
from importlib.metadata import version

import imageio_ffmpeg, numpy as np, OpenImageIO
from psd_tools import PSDImage


def by_ffmpeg(name):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", name, "-f", "rawvideo", "-pix_fmt", "rgb48le", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, "<u2").reshape(8, 64, 3) / 257


readers = {
    "psd-tools": lambda name: PSDImage.open(name).numpy() * 255,
    "OpenImageIO": lambda name: OpenImageIO.ImageBuf(name).get_pixels(OpenImageIO.FLOAT) * 255,
    "FFmpeg": by_ffmpeg,
}
print("FFmpeg", imageio_ffmpeg.get_ffmpeg_version(), *(f"{name} {version(name)}" for name in ("psd-tools", "openimageio")))
ramp = np.linspace(0, 65535, 64).round() / 257
for kind in ("gray", "color"):
    for bits in (8, 16):
        for way in ("plain", "RLE"):
            for after in ("", " read"):
                name = f"{kind} {bits} {way}{after}"
                off = {program: np.abs(read(name + ".psd")[4, :, 0] - ramp).max() for program, read in readers.items()}
                print(f"{name}:", ", ".join(f"{program} {'right' if value < 1.1 else f'{value:.0f} levels off'}" for program, value in off.items()))
EOS
{ v/bin/python write.py; node read.mjs; v/bin/python read.py; } | tee seen
all() { echo "psd-tools $1, OpenImageIO $1, FFmpeg $1"; }
for kind in gray color; do
  for line in "$kind 8 plain, ag-psd 31.0.2: \[0, 65, 97, 130, 195, 255\], file as before" "$kind 8 RLE, ag-psd 31.0.2: \[0, 65, 97, 130, 195, 255\], file as before" \
    "$kind 16 plain, ag-psd 31.0.2: \[0, 65, 97, 130, 194, 255\], file changed" "$kind 16 RLE, ag-psd 31.0.2: \[0, 0, 0, 0, 0, 1\], file as before" \
    "$kind 8 plain: $(all right)" "$kind 8 RLE: $(all right)" "$kind 16 plain: $(all right)" "$kind 16 RLE: $(all right)" \
    "$kind 8 plain read: $(all right)" "$kind 16 RLE read: $(all right)" "$kind 16 plain read: $(all "[12].. levels off")"; do
    grep -qx "$line" seen || { echo "CHANGED: $line"; exit 1; }
  done
done
grep -qx "written by psd-tools: RAW" seen || { echo CHANGED; exit 1; }
