#!/usr/bin/env bash
# One grey scan with a grey profile (dot gain: a level stands for a lighter tone than sRGB's), saved by Pillow
# in six formats with `icc_profile`. JPEG 2000 loses the profile without a word; WebP has no grey, so the file
# is RGB with a grey profile. sharp shows the scan's tones from JPEG, PNG and TIFF, and the bare levels from WebP and
# AVIF, although the AVIF is grey and has the profile: in the same gallery one scan has two brightnesses.
# Who meets it: archives that make web copies of scans with the scanner's profile, and then compare or colour them.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0
npm install --silent --no-audit --no-fund sharp@0.35.5 >/dev/null
v/bin/python - <<'EOF' | tee seen
import struct
import numpy as np, PIL
from PIL import Image

LEVELS = [0, 64, 128, 192, 255]
white = b"XYZ " + bytes(4) + struct.pack(">3i", *(round(n * 65536) for n in (0.9642, 1, 0.8249)))
curve = np.rint(65535 * np.linspace(0, 1, 256) ** 1.2).astype(int)  # far lighter than sRGB
tags = {
    b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(79),
    b"cprt": b"text" + bytes(4) + b"none\0\0\0\0",
    b"wtpt": white,
    b"kTRC": b"curv" + bytes(4) + struct.pack(">I256H", 256, *curve),
}
table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
for name, data in tags.items():
    table += name + struct.pack(">II", start + len(body), len(data))
    body += data + bytes(-len(data) % 4)
profile = struct.pack(">I4sI4s4s4s6H4s", start + len(body), bytes(4), 0x02400000, b"scnr", b"GRAY", b"XYZ ",
                      2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + white[8:] + bytes(48) + table + body
scan = Image.fromarray(np.repeat(np.uint8(LEVELS), 16)[None].repeat(64, 0))
print("Pillow", PIL.__version__)
options = {"jpg": {"quality": 100}, "webp": {"lossless": True}, "avif": {"quality": 100}}
for ending in ("jpg", "png", "tif", "webp", "avif", "jp2"):
    scan.save("scan." + ending, icc_profile=profile, **options.get(ending, {}))
    with Image.open("scan." + ending) as opened:
        kept = opened.info.get("icc_profile")
        print(ending, opened.mode, "profile", kept[16:20].decode() if kept else "lost")
EOF
cat > show.cjs <<'EOF'
const sharp = require("sharp");
(async () => {
  for (const ending of ["jpg", "png", "tif", "webp", "avif"]) {
    const { data, info } = await sharp("scan." + ending).raw().toBuffer({ resolveWithObject: true });
    console.log(ending, "sharp", [0, 1, 2, 3, 4].map(i => data[(32 * info.width + 8 + 16 * i) * info.channels]).join(" "));
  }
})();
EOF
echo "sharp 0.35.5"
node show.cjs | tee -a seen
bare="0 64 128 192 255"
for line in "webp RGB profile GRAY" "avif L profile GRAY" "jp2 L profile lost" "webp sharp $bare" "avif sharp $bare"; do
  grep -qxF "$line" seen || { echo CHANGED; exit 1; }
done
for ending in jpg png tif; do ! grep -qxF "$ending sharp $bare" seen || { echo CHANGED; exit 1; }; done
