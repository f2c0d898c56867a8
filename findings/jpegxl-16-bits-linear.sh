#!/usr/bin/env bash
# A picture written as JPEG XL by imagecodecs says that it is sRGB if it has 8 bits, and that its values are
# linear light if it has 16, whatever they are. imagecodecs reads both as they were; whoever goes by what
# the file says (a browser, djxl) shows the one of 16 bits far lighter: a level of 100 as 168.
# Who meets it: an archive that keeps its grey scans of 16 bits as JPEG XL: since a browser opens them
# (Chromium 156 does) they are pale there, and what is coloured from them is right in one program alone.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 imagecodecs==2026.3.6 pillow-jxl-plugin==1.3.8
v/bin/python - <<'EOF'
import io, sys
import imagecodecs, numpy as np, PIL, pillow_jxl  # pillow_jxl: tells what the file says of its colours
from PIL import Image, ImageCms

print("imagecodecs", imagecodecs.__version__, imagecodecs.jpegxl_version(), "Pillow", PIL.__version__)
srgb = ImageCms.createProfile("sRGB")
ramp = np.tile(np.arange(256, dtype=np.uint8), (16, 1))
seen = {}
for bits in (8, 16):
    for kind in ("grey", "colour"):
        pixels = ramp if kind == "grey" else np.repeat(ramp[..., None], 3, 2)
        values = pixels if bits == 8 else pixels.astype(np.uint16) * 257
        file = imagecodecs.jpegxl_encode(values, lossless=True)
        same = (imagecodecs.jpegxl_decode(file) == values).all()
        with Image.open(io.BytesIO(file)) as opened:
            said = ImageCms.ImageCmsProfile(io.BytesIO(opened.info["icc_profile"]))
        name = ImageCms.getProfileDescription(said).strip()
        shown = ImageCms.profileToProfile(Image.fromarray(pixels), said, srgb, outputMode="RGB")
        level = shown.getpixel((100, 0))[1]
        print(f"{kind} of {bits} bits: imagecodecs reads {'the same' if same else 'others'}; "
              f"the file says {name}, by which 100 is shown as {level}")
        seen[bits, kind] = level, same
levels = {key: level for key, (level, same) in seen.items() if same}
if len(levels) < 4 or any(abs(level - (100 if bits == 8 else 168)) > 2 for (bits, _), level in levels.items()):
    sys.exit("CHANGED")
EOF
