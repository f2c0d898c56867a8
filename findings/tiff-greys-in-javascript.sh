#!/usr/bin/env bash
# Grey TIFFs that are wrong in a page and right elsewhere, without an error. geotiff undoes the predictor of
# 16-bit TIFFs in the machine's byte order, whatever the file's: of big-endian ones ("MM", the order of old
# Macintoshes) the carries go the wrong way, and the greys are off more and more along the row. utif2 knows grey of
# 4 bits, one of the two depths that the standard's baseline asks for, with white as 0, but not with black as 0:
# it hands out a picture that is transparent and black all over. FFmpeg reads 12 bits if they are stored as they
# are, and shows another picture if they are compressed by Deflate.
# Who meets it: pages and film programs that take scans from archives, to colour them.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 tifffile==2026.3.3 imagecodecs==2026.3.6 pillow==13.0.0 av==18.1.0
npm install --silent --no-audit --no-fund geotiff@3.0.5 utif2@4.1.0 tiff@7.1.3 sharp@0.35.5 >/dev/null
v/bin/python - <<'EOF' | tee seen
import struct, zlib
import av, numpy as np, tifffile
from PIL import Image

WIDTH, HEIGHT = 320, 64
down, across = np.mgrid[:HEIGHT, :WIDTH]
shade = 0.5 + 0.4 * np.sin(across / 25) * np.cos(down / 20) + 0.05 * np.cos(across * 0.9)
deep = (shade * 65535).round().astype(np.uint16)
(deep >> 8).astype(np.uint8).tofile("expected")
for name, order in (("little", "<"), ("big", ">")):
    tifffile.imwrite(f"{name}.tif", deep, byteorder=order, compression="zlib", predictor=2, photometric="minisblack")


def small(name, levels, bits, zero, deflate):
    """A TIFF of one strip, packed; every row of these fills whole bytes."""
    packed = np.packbits(((levels[..., None] >> np.arange(bits)[::-1]) & 1).astype(np.uint8).ravel()).tobytes()
    strip = zlib.compress(packed) if deflate else packed
    strip += bytes(len(strip) % 2)
    tags = {256: WIDTH, 257: HEIGHT, 258: bits, 259: 8 if deflate else 1, 262: zero}
    tags |= {273: 8, 277: 1, 278: HEIGHT, 279: len(strip)}
    entries = (struct.pack("<HHII", tag, 4 if tag in (273, 279) else 3, 1, value) for tag, value in tags.items())
    directory = b"".join(entries)
    with open(name, "wb") as file:
        file.write(b"II*\0" + struct.pack("<I", 8 + len(strip)) + strip + struct.pack("<H", len(tags)) + directory + bytes(4))


small("black.tif", deep >> 12, 4, 1, False)
small("white.tif", 15 - (deep >> 12), 4, 0, False)
for name, deflate in (("stored", False), ("deflated", True)):
    small(f"{name}.tif", deep >> 4, 12, 1, deflate)
    with Image.open(f"{name}.tif") as opened:
        pillow = np.abs(np.asarray(opened).astype(int) - (deep >> 4)).max() * 255 / 4095
    with av.open(f"{name}.tif") as container:
        shown = next(container.decode(video=0))
    off = np.abs(shown.to_ndarray(format="gray16le").astype(int) - deep).max() / 257
    print(f"12 bits, {name}: off by {off:.0f} levels of 255 at most in FFmpeg (PyAV {av.__version__}), {pillow:.0f} in Pillow")
for name in ("little", "big"):
    off = np.abs(tifffile.imread(f"{name}.tif").astype(int) - deep).max()
    print(f"16 bits, {name}-endian: off by {off} in tifffile {tifffile.__version__}")
EOF
cat > read.mjs <<'EOF'
import fs from "fs";
import { fromArrayBuffer } from "geotiff";
import UTIF from "utif2";
import { decode } from "tiff";
import sharp from "sharp";
const expected = fs.readFileSync("expected");
const apart = (levels) => Math.round(expected.reduce((most, value, i) => Math.max(most, Math.abs(levels(i, value) - value)), 0));
for (const name of ["little", "big"]) {
  const file = fs.readFileSync(`${name}.tif`);
  const tiff = await fromArrayBuffer(new Uint8Array(file).buffer);
  const [greys] = await (await tiff.getImage()).readRasters();
  const other = decode(file)[0].data;
  const { data } = await sharp(file).toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
  console.log(`16 bits, ${name}-endian: off by ${apart((i) => greys[i] >> 8)} in geotiff 3.0.5,`,
    `${apart((i) => other[i] >> 8)} in tiff 7.1.3, ${apart((i) => data[i])} in sharp ${sharp.versions.sharp}`);
}
for (const name of ["black", "white"]) {
  const file = fs.readFileSync(`${name}.tif`);
  const [page] = UTIF.decode(file);
  UTIF.decodeImage(file, page);
  const shown = UTIF.toRGBA8(page);
  const { data } = await sharp(file).toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
  const off = (levels) => apart((i, value) => levels(i) - (value >> 4) * 17 + value);
  const seen = shown.every((value) => value === 0) ? "all transparent and black" : "seen";
  console.log(`4 bits, ${name} is 0: off by ${off((i) => shown[i * 4])} in utif2 4.1.0 (${seen}), ${off((i) => data[i])} in sharp`);
}
EOF
node read.mjs 2>/dev/null | tee -a seen
for line in "12 bits, stored: off by [01] levels .*, 0 in Pillow" "12 bits, deflated: off by [12].. levels .*, 0 in Pillow" \
  "16 bits, little-endian: off by 0 in geotiff 3.0.5, 0 in tiff 7.1.3, [01] in sharp .*" \
  "16 bits, big-endian: off by [12].. in geotiff 3.0.5, 0 in tiff 7.1.3, [01] in sharp .*" \
  "4 bits, black is 0: off by 255 in utif2 4.1.0 (all transparent and black), 0 in sharp" \
  "4 bits, white is 0: off by 0 in utif2 4.1.0 (seen), 0 in sharp"; do
  grep -qx "$line" seen || { echo CHANGED; exit 1; }
done
[ "$(grep -c "endian: off by 0 in tifffile" seen)" = 2 ] || { echo CHANGED; exit 1; }
