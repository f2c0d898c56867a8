#!/usr/bin/env bash
# A grey ICC profile may connect through Lab instead of XYZ; some for black-and-white printing do. Little
# CMS (so Pillow's ImageCms, and sharp) takes such a profile. Skia (here through @napi-rs/canvas; Debian's
# Chromium 156 likewise) passes over it without a word and shows the bare levels. The same curve
# connected through XYZ is taken by both.
# Who meets it: a photographer's scan or print file with such a profile has other greys in the browser
# than in the program that coloured it, and its brightness seems to have been changed.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==12.3.0
npm install --silent --no-audit --no-fund @napi-rs/canvas@1.1.1 sharp@0.35.5 >/dev/null
v/bin/python - <<'EOF' | tee seen
import io, struct
import numpy as np, PIL
from PIL import Image, ImageCms, features

LEVELS = [0, 32, 64, 128, 192, 255]
picture = Image.fromarray(np.repeat(np.uint8(LEVELS), 32)[None].repeat(64, axis=0))


def fixed(*numbers):
    return b"".join(struct.pack(">i", round(n * 65536)) for n in numbers)


def profile(connection, curve):
    white = fixed(0.9642, 1, 0.8249)
    entries = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(79),
        b"wtpt": b"XYZ " + bytes(4) + white,
        b"cprt": b"text" + bytes(4) + b"none\0\0\0\0",
        b"kTRC": b"curv" + bytes(4) + struct.pack(f">I{len(curve)}H", len(curve), *curve) + bytes(len(curve) % 2 * 2),
    }
    table, body, start = struct.pack(">I", len(entries)), b"", 132 + 12 * len(entries)
    for name, data in entries.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = start + len(body)
    return (struct.pack(">I4sI4s4s4s6H4s", size, bytes(4), 0x02400000, b"prtr", b"GRAY", connection,
                        2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + white + bytes(48) + table + body)


lightness = np.linspace(0, 100, 256)  # L* rises evenly with the level, written in both connections
y = np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness * 27 / 24389)
profiles = {"XYZ": profile(b"XYZ ", np.rint(y * 65535).astype(int)),
            "Lab": profile(b"Lab ", np.rint(lightness * 655.35).astype(int))}
print("Pillow", PIL.__version__, "Little CMS", features.version("littlecms2"))
for name, data in profiles.items():
    picture.save(name + ".png", icc_profile=data)
    shown = ImageCms.profileToProfile(picture, ImageCms.ImageCmsProfile(io.BytesIO(data)),
                                      ImageCms.createProfile("sRGB"), outputMode="RGB")
    print(name, "lcms", *np.asarray(shown)[32, 16::32, 0])
EOF
cat > show.cjs <<'EOF'
const fs = require("fs"), canvas = require("@napi-rs/canvas"), sharp = require("sharp");
(async () => {
  for (const name of ["XYZ", "Lab"]) {
    const file = fs.readFileSync(name + ".png");
    const image = await canvas.loadImage(file);
    const context = canvas.createCanvas(192, 64).getContext("2d");
    context.drawImage(image, 0, 0);
    const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    const at = (pixels, channels, start) => [0, 1, 2, 3, 4, 5].map(i => pixels[start + (16 + 32 * i) * channels]).join(" ");
    console.log(name, "Skia", at(context.getImageData(0, 32, 192, 1).data, 4, 0));
    console.log(name, "sharp", at(data, info.channels, 32 * 192 * info.channels));
  }
})();
EOF
echo "@napi-rs/canvas 1.1.1, sharp 0.35.5"
node show.cjs | tee -a seen
[ "$(grep -c ' 0 33 60 119 185 255$' seen)" = 5 ] && grep -qx "Lab Skia 0 32 64 128 192 255" seen || { echo CHANGED; exit 1; }
