#!/usr/bin/env bash
# Grey PNGs in two decoders of JavaScript, neither of which says a word. upng-js reads 1, 2 and 4 bits as if a
# row could end in the middle of a byte: where a row does not fill its last byte, each row is shifted against
# the one above, so that a picture 203 wide is slanted and one 200 wide is right. png-js (a part of pdfkit)
# unpacks no depth but 8 and takes bytes for pixels: of 16 bits the upper half is shown, twice as tall, each line
# in two, with stripes of the low bytes; 1 to 4 bits are squeezed into the first lines, and black below. pngjs,
# lodepng (@cwasm/lodepng) and sharp are right in all.
# Who meets it: pages that open scans by themselves. Optimisers store a scan of few greys in 4 bits, scanners
# write 16; the colours are laid over a slanted or striped picture.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
npm install --silent --no-audit --no-fund upng-js@2.1.0 png-js@2.0.0 pngjs@7.0.0 @cwasm/lodepng@0.1.9 sharp@0.35.5 >/dev/null
cat > read.mjs <<'EOF'
import { createRequire } from "module";
import zlib from "zlib";
import UPNG from "upng-js";
import PNG from "png-js";
import { PNG as Pngjs } from "pngjs";
import lodepng from "@cwasm/lodepng";
import sharp from "sharp";
const require = createRequire(import.meta.url);
const HEIGHT = 120;
const level = (x, y, bits) => Math.floor((((x + 2 * y) % 256) / 256) * 2 ** bits);
function chunk(name, content) {
  const size = Buffer.alloc(4), sum = Buffer.alloc(4), body = Buffer.concat([Buffer.from(name), content]);
  size.writeUInt32BE(content.length);
  let crc = 0xffffffff;
  for (const byte of body) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  sum.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return Buffer.concat([size, body, sum]);
}
function png(width, bits) {
  const row = 1 + Math.ceil((width * bits) / 8), pixels = Buffer.alloc(row * HEIGHT), header = Buffer.alloc(13);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < width; x++) {
      const value = level(x, y, bits), at = y * row + 1 + ((x * bits) >> 3);
      if (bits === 16) pixels.writeUInt16BE(value, at);
      else pixels[at] |= value << (8 - bits - ((x * bits) & 7));
    }
  }
  header.writeUInt32BE(width);
  header.writeUInt32BE(HEIGHT, 4);
  header[8] = bits;
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const parts = [chunk("IHDR", header), chunk("IDAT", zlib.deflateSync(pixels)), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...parts]);
}
const version = (name) => JSON.parse(require("fs").readFileSync(`node_modules/${name}/package.json`)).version;
const programs = {
  "upng-js": (file) => new Uint8Array(UPNG.toRGBA8(UPNG.decode(new Uint8Array(file).buffer))[0]),
  "png-js": (file) => new Promise((done) => new PNG(file).decode(done)),
  pngjs: (file) => Pngjs.sync.read(file).data,
  "@cwasm/lodepng": (file) => lodepng.decode(file).data,
  sharp: (file) => sharp(file).toColourspace("srgb").ensureAlpha().raw().toBuffer(),
};
for (const [name, read] of Object.entries(programs)) {
  const wrong = [];
  for (const width of [200, 203]) {
    for (const bits of [1, 2, 4, 8, 16]) {
      const shown = await read(png(width, bits));
      let off = 0;
      for (let i = 0; i < width * HEIGHT; i++) {
        const expected = (level(i % width, Math.floor(i / width), bits) * 255) / (2 ** bits - 1);
        if (Math.abs(shown[i * 4] - expected) > 1.01) off++;
      }
      if (off) wrong.push(`${width} wide, ${bits} bits (${Math.round((100 * off) / width / HEIGHT)} % of the pixels)`);
    }
  }
  console.log(`${name} ${version(name)}: wrong in ${wrong.length} of 10: ${wrong.join("; ")}`);
}
EOF
node read.mjs | tee seen
grep -q "^upng-js .*: wrong in 3 of 10: 203 wide, 1 bits .*; 203 wide, 2 bits .*; 203 wide, 4 bits " seen &&
  grep -q "^png-js .*: wrong in 8 of 10: " seen &&
  [ "$(grep -c ": wrong in 0 of 10: " seen)" = 3 ] || { echo CHANGED; exit 1; }
