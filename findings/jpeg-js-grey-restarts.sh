#!/usr/bin/env bash
# With a single component the sampling factors in a JPEG's header mean nothing: each unit is one block.
# jpeg-js (and image-js, which uses the like of it) knows that for the picture, and forgets it for the
# restart intervals: a grey JPEG that says 2x2 and has restart markers is refused as broken. Without the
# markers, or with 1x1, it opens.
# Who meets it: grey scans whose software writes 2x2 for every file, on a page that decodes by itself.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==12.3.0
npm install --silent --no-audit --no-fund jpeg-js@0.4.4 >/dev/null
v/bin/python - <<'EOF'
import io
import numpy as np, PIL
from PIL import Image

y, x = np.mgrid[:147, :211]
picture = Image.fromarray((128 + 60 * np.sin(x / 9) + 50 * np.cos(y / 7)).astype(np.uint8))
print("Pillow", PIL.__version__, "(libjpeg-turbo) opens all four")
for title, settings in (("plain", {}), ("restarts", {"restart_marker_blocks": 7})):
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92, **settings)
    data = bytearray(buffer.getvalue())
    for factors in (0x11, 0x22):
        data[data.index(b"\xff\xc0") + 11] = factors
        with open(f"{title} {factors:x}.jpg", "wb") as file:
            file.write(data)
        Image.open(io.BytesIO(data)).load()
EOF
cat > read.cjs <<'EOF'
const fs = require("fs"), jpeg = require("jpeg-js");
for (const name of fs.readdirSync(".").filter(f => f.endsWith(".jpg")).sort()) {
  let answer = "opens";
  try { jpeg.decode(fs.readFileSync(name)); } catch (error) { answer = "refused: " + error.message; }
  console.log("jpeg-js 0.4.4,", name + ":", answer);
}
EOF
node read.cjs | tee seen
[ "$(grep -c ': opens' seen)" = 3 ] && grep -q "restarts 22.jpg: refused" seen || { echo CHANGED; exit 1; }
