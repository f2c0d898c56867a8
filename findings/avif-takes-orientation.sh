#!/usr/bin/env bash
# Pillow's AVIF writer puts the Orientation into the file's own `irot`, and takes it out of the EXIF for
# that: out of the very object that it was given. What is saved after it with the same object, as JPEG, PNG or
# TIFF, lies on its side; what was saved before stands.
# Who meets it: whoever saves one coloured scan in several formats in a loop, and finds that it depends on the
# order of the formats which of them are upright.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0
v/bin/python - <<'EOF'
import io, sys
import numpy as np, PIL
from PIL import Image, ImageOps

print("Pillow", PIL.__version__)
picture = Image.fromarray(np.zeros((48, 80, 3), np.uint8))  # stored on its side
seen = {}
for forms in (("jpeg", "png", "webp", "avif"), ("avif", "jpeg", "png", "webp")):
    about = Image.Exif()
    about[0x112] = 6
    for form in forms:
        file = io.BytesIO()
        picture.save(file, form, exif=about)
        with Image.open(file) as opened:
            upright = ImageOps.exif_transpose(opened).size == (48, 80)
        print(f"{' '.join(forms)}: {form} {'upright' if upright else 'on its side'}; the object has {about.get(0x112)}")
        seen[forms[0], form] = upright
if not all(seen["jpeg", form] for form in ("jpeg", "png", "webp", "avif")) or not seen["avif", "avif"]:
    sys.exit("CHANGED")
if any(seen["avif", form] for form in ("jpeg", "png", "webp")):
    sys.exit("CHANGED")
EOF
