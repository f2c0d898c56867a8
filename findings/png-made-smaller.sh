#!/usr/bin/env bash
# A black-and-white picture stored as RGB with a profile, as photo editors export it, is not the same after
# OptiPNG: it makes one grey channel and leaves the profile for RGB, which is no valid pair. sharp and
# Skia's canvas (libpng) then pass the profile over and show the picture darker, Chromium 156 (PNG in Rust) still
# goes by it, and Pillow's ImageCms raises. ZopfliPNG drops the profile, as its help says of all that it does
# not know. oxipng makes a palette, which may have that profile. All three call themselves lossless.
# Who meets it: whoever makes inputs of a web gallery's scans: what is coloured is darker or lighter
# than what the browser showed.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 zopflipy==1.14 pyoxipng==9.1.1
npm install --silent --no-audit --no-fund optipng-js@0.1.2 sharp@0.35.5 @napi-rs/canvas@1.1.1 >/dev/null
v/bin/python - <<'EOF'
import struct
import numpy as np, oxipng, zopfli
from PIL import Image, ImageCms

# Pillow's sRGB with a gamma of 1.8 for its curve, as in ProPhoto
plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
parts = {plain[at:at + 4]: struct.unpack(">II", plain[at + 4:at + 12]) for at in range(132, 132 + 12 * plain[131], 12)}
parts = {name: plain[at:at + size] for name, (at, size) in parts.items()}
parts |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * 1.8)))
table, body = struct.pack(">I", len(parts)), b""
for name, part in parts.items():
    table += name + struct.pack(">II", 132 + 12 * len(parts) + len(body), len(part))
    body += part + bytes(-len(part) % 4)
profile = struct.pack(">I", 128 + len(table + body)) + plain[4:84] + bytes(16) + plain[100:128] + table + body
noise = np.random.default_rng(0).integers(-3, 4, (64, 256))
noise[32] = 0
grey = (np.arange(256) + noise).clip(0, 255).astype(np.uint8)
Image.fromarray(np.repeat(grey[..., None], 3, 2)).save("before.png", icc_profile=profile)
with open("before.png", "rb") as file:
    before = file.read()
for name, make in (("oxipng", oxipng.optimize_from_memory), ("zopflipng", zopfli.ZopfliPNG().optimize)):
    with open(name + ".png", "wb") as file:
        file.write(make(before))
EOF
cat > show.cjs <<'EOF'
const fs = require("fs"), optipng = require("optipng-js"), sharp = require("sharp"), { createCanvas, loadImage } = require("@napi-rs/canvas");
fs.writeFileSync("optipng.png", optipng(fs.readFileSync("before.png"), ["-o2"], () => {}).data);
(async () => {
  for (const name of ["before", "optipng", "zopflipng", "oxipng"]) {
    const { data, info } = await sharp(name + ".png").toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
    const context = createCanvas(256, 64).getContext("2d");
    context.drawImage(await loadImage(name + ".png"), 0, 0);
    console.log(`${name}: 100 is shown by sharp as ${data[(32 * 256 + 100) * info.channels]}, by Skia as ${context.getImageData(100, 32, 1, 1).data[0]}`);
  }
})();
EOF
node show.cjs | tee seen
v/bin/python - <<'EOF' | tee -a seen
import io
from PIL import Image, ImageCms

for name in ("before", "optipng"):
    picture = Image.open(name + ".png")
    said = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
    try:
        shown = ImageCms.profileToProfile(picture, said, ImageCms.createProfile("sRGB"), outputMode="RGB").getpixel((100, 32))[0]
    except ImageCms.PyCMSError as error:
        shown = f"not at all: {error}"
    print(f"{name}, {picture.mode}: by Pillow's ImageCms {shown}")
EOF
level() { sed -n "s/^$1: 100 is shown by sharp as \([0-9]*\), by Skia as \([0-9]*\)$/\1 \2/p" seen; }
read -r sharp_before skia_before <<<"$(level before)"
read -r sharp_after skia_after <<<"$(level optipng)"
[ "$((sharp_before - sharp_after))" -ge 15 ] && [ "$((skia_before - skia_after))" -ge 15 ] && [ "$(level oxipng)" = "$(level before)" ] &&
  [ "$(level zopflipng)" = "100 100" ] && grep -q "^optipng, L: .* not at all" seen || { echo CHANGED; exit 1; }
