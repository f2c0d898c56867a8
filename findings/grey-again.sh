#!/usr/bin/env bash
# A coloured copy that keeps the scan's luma (the weights 601 of JPEG), made grey again: Pillow, OpenCV and
# FFmpeg give the scan back to a level; sharp's `greyscale` (and a saturation of 0 by `modulate`), libvips'
# "b-w" and so the IIIF quality `gray` of iiif-processor do not, by up to 28 levels. Pure red is 127 by them,
# neither 76 (the weights 601) nor 54 (709): libvips sums light, not levels, and goes back to levels afterwards.
# jimp, image-js and Skia's canvas filter take 709, and are up to 17 levels off.
# Who meets it: galleries and IIIF servers that offer "in black and white" of a coloured photograph: it is not
# the scan; and who makes grey inputs for a network by sharp in a page's server, and learnt it with Pillow's.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 opencv-python-headless==5.0.0.93 pyvips==3.2.0 \
  pyvips-binary==8.18.7 av==18.1.0
npm install --silent --no-audit --no-fund sharp@0.35.5 iiif-processor@7.0.0 jimp@1.6.1 image-js@1.7.0 \
  @napi-rs/canvas@1.1.1 >/dev/null
v/bin/python - <<'EOF' | tee seen
import av, cv2, numpy as np, PIL, pyvips
from PIL import Image

WIDTH, HEIGHT = 160, 120
luma = np.broadcast_to(np.linspace(90, 160, WIDTH), (HEIGHT, WIDTH))
blue = np.broadcast_to(np.linspace(-45, 45, HEIGHT)[:, None], (HEIGHT, WIDTH))
red = np.broadcast_to(np.where(np.arange(WIDTH) // 20 % 2, 50, -45), (HEIGHT, WIDTH))
colored = np.stack([luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue], -1)
assert colored.min() >= 0 and colored.max() <= 255
colored = colored.round().astype(np.uint8)
colored[:8, :8] = 255, 0, 0
Image.fromarray(colored).save("colored.png")


def show(program, grey):
    off = np.abs(np.float64(grey) - luma)[8:].max()
    print(f"{program}: red is {int(grey[4, 4])}, up to {off:.0f} off")


show(f"Pillow {PIL.__version__}", np.asarray(Image.fromarray(colored).convert("L")))
show(f"OpenCV {cv2.__version__}", cv2.cvtColor(colored, cv2.COLOR_RGB2GRAY))
show(f"FFmpeg of PyAV {av.__version__}", av.VideoFrame.from_ndarray(colored, "rgb24").to_ndarray(format="gray"))
show("libvips 8.18.7", pyvips.Image.new_from_file("colored.png").colourspace("b-w").numpy())
EOF
cat > grey.mjs <<'EOF'
import fs from "fs";
import sharp from "sharp";
import { Processor } from "iiif-processor";
import { Jimp } from "jimp";
import { decode } from "image-js";
import { createCanvas, loadImage } from "@napi-rs/canvas";
const WIDTH = 160, HEIGHT = 120;
function show(program, data, channels) {
  let off = 0;
  for (let i = 8 * WIDTH; i < WIDTH * HEIGHT; i++) {
    off = Math.max(off, Math.abs(data[i * channels] - (90 + (70 * (i % WIDTH)) / (WIDTH - 1))));
  }
  console.log(`${program}: red is ${data[(4 * WIDTH + 4) * channels]}, up to ${Math.round(off)} off`);
}
async function raw(program, pipeline) {
  const { data, info } = await pipeline.raw().toBuffer({ resolveWithObject: true });
  show(program, data, info.channels);
}
await raw(`sharp ${sharp.versions.sharp} greyscale`, sharp("colored.png").greyscale());
await raw("sharp saturation 0", sharp("colored.png").modulate({ saturation: 0 }));
const address = "http://localhost/iiif/2/a/full/full/0/gray.png";
const served = await new Processor(address, async () => fs.createReadStream("colored.png")).execute();
await raw("iiif-processor 7.0.0 gray", sharp(served.body));
const jimp = await Jimp.read("colored.png");
show("jimp 1.6.1", jimp.greyscale().bitmap.data, 4);
show("image-js 1.7.0", decode(fs.readFileSync("colored.png")).grey().getRawImage().data, 1);
const context = createCanvas(WIDTH, HEIGHT).getContext("2d");
context.filter = "grayscale(1)";
context.drawImage(await loadImage("colored.png"), 0, 0);
show("Skia of @napi-rs/canvas 1.1.1", context.getImageData(0, 0, WIDTH, HEIGHT).data, 4);
EOF
node grey.mjs | tee -a seen
[ "$(grep -cE "^(Pillow|OpenCV|FFmpeg).*: red is 76, up to [12] off$" seen)" = 3 ] &&
  [ "$(grep -cE "^(libvips|sharp|iiif).*: red is 127, up to (1[5-9]|2[0-9]) off$" seen)" = 4 ] &&
  [ "$(grep -cE "^(jimp|image-js|Skia).*: red is 54, up to (1[5-9]|2[0-9]) off$" seen)" = 3 ] || { echo CHANGED; exit 1; }
