#!/usr/bin/env bash
# A grey photograph as lossy JPEG XL, or a grey JPEG repacked as one, has coloured noise in Chromium 156, the
# first of Debian's that opens the format: R, G and B of a quarter to a half of all pixels differ, mostly by
# four levels. Two things meet: the decoder (jxl-rs) dithers each channel by itself when it makes 8 bits of
# floating point, and Chromium takes the channels of a picture with a grey profile for X, Y and Z, so that a
# level less in red becomes three less in red and one more in green. The same photograph stored as colour
# differs by one level at most, lossless and as JPEG by none; libjxl gives one grey channel.
# Who meets it: a page that colours photographs, or asks "is it grey?" by equal channels of a canvas; and
# whoever stretches a faded grey photograph there. Needs Debian's chromium, or another Chromium, in the path.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
browser=$(command -v chromium) || { echo "needs Chromium 156"; exit 1; }
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 imagecodecs==2026.3.6
npm install --silent --no-audit --no-fund puppeteer-core@25.16.0 >/dev/null
v/bin/python - <<'EOF'
import base64, io, json
import imagecodecs, numpy as np
from PIL import Image

# a soft picture, as photographs are
waves = np.add.outer(np.sin(np.arange(240) / 37), np.cos(np.arange(320) / 53))
grey = np.round(128 + 55 * waves + np.random.default_rng(0).normal(0, 3, waves.shape)).clip(0, 255).astype(np.uint8)
jpeg = io.BytesIO()
Image.fromarray(grey).save(jpeg, "JPEG", quality=90)
files = {
    "grey, lossy": ("jxl", imagecodecs.jpegxl_encode(grey, level=90)),
    "grey JPEG, repacked": ("jxl", imagecodecs.jpegxl_encode_jpeg(jpeg.getvalue())),
    "stored as colour, lossy": ("jxl", imagecodecs.jpegxl_encode(np.repeat(grey[..., None], 3, 2), level=90)),
    "grey, lossless": ("jxl", imagecodecs.jpegxl_encode(grey, lossless=True)),
    "grey JPEG": ("jpeg", jpeg.getvalue()),
}
with open("files.json", "w") as file:
    json.dump({name: f"data:image/{kind};base64,{base64.b64encode(data).decode()}" for name, (kind, data) in files.items()}, file)
print("by libjxl, channels of the first two:", *(imagecodecs.jpegxl_decode(files[n][1]).ndim - 1 for n in list(files)[:2]))
EOF
cat > show.mjs <<'EOF'
import fs from "node:fs";
import puppeteer from "puppeteer-core";
const browser = await puppeteer.launch({ executablePath: process.argv[2], headless: "shell", args: ["--no-sandbox"] });
const page = await browser.newPage();
console.log(await browser.version());
for (const [name, address] of Object.entries(JSON.parse(fs.readFileSync("files.json"))))
  console.log(`${name}: ` + await page.evaluate(async (source) => {
    const picture = new Image();
    picture.src = source;
    try { await picture.decode(); } catch { return "not opened"; }
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    const values = context.getImageData(0, 0, canvas.width, canvas.height).data;
    let tinted = 0, most = 0;
    for (let at = 0; at < values.length; at += 4) {
      const [r, g, b] = values.slice(at, at + 3), apart = Math.max(r, g, b) - Math.min(r, g, b);
      tinted += apart > 0;
      most = Math.max(most, apart);
    }
    return `${(400 * tinted / values.length).toFixed(0)} % of the pixels have a tint, ${most} levels at most`;
  }, address));
await browser.close();
EOF
node show.mjs "$browser" | tee seen
most() { sed -n "s/^$1: [0-9]* % of the pixels have a tint, \([0-9]*\) levels at most$/\1/p" seen; }
[ "$(most 'grey, lossy')" -ge 4 ] && [ "$(most 'grey JPEG, repacked')" -ge 4 ] && [ "$(most 'stored as colour, lossy')" -eq 1 ] &&
  [ "$(most 'grey, lossless')" -eq 0 ] && [ "$(most 'grey JPEG')" -eq 0 ] || { echo CHANGED; exit 1; }
