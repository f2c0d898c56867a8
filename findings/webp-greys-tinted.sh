#!/usr/bin/env bash
# A grey photograph as lossy WebP of quality 100: 220 of its 256 levels are left, and some greys come back
# with a tint (R, G and B differ by a level). VP8 stores luma as 16..235, always. JPEG and AVIF of quality
# 100 keep all levels, and none has a tint.
# Who meets it: whoever stretches the contrast of a faded photograph from the web: bands in the sky; and a
# check for "is it grey?" by equal channels, which says that it is in colour already.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0
v/bin/python - <<'EOF'
import io, sys
import numpy as np, PIL
from PIL import Image

print("Pillow", PIL.__version__)
ramp = np.arange(256, dtype=np.uint8).repeat(16)[None].repeat(64, 0)
seen = {}
for form in ("jpeg", "avif", "webp"):
    file = io.BytesIO()
    Image.fromarray(ramp).save(file, form, quality=100)
    with Image.open(file) as opened:
        shown = np.asarray(opened.convert("RGB")).astype(int)[32, 8::16]
    levels, tinted = len(np.unique(shown[:, 1])), int((np.ptp(shown, axis=1) > 0).sum())
    print(f"{form}: {levels} levels of 256, {tinted} with a tint, off by {np.abs(shown[:, 1] - ramp[0, ::16]).max()} at most")
    seen[form] = levels, tinted
if seen["jpeg"] != (256, 0) or seen["avif"] != (256, 0) or seen["webp"][0] > 221 or seen["webp"][1] == 0:
    sys.exit("CHANGED")
EOF
