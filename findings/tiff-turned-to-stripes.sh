#!/usr/bin/env bash
# A grey TIFF without compression whose Orientation says that it lies on its side, opened by Pillow by its
# name: stripes, of the stored size, and the tag is gone, so that nobody can turn it any more. The same file
# from memory, or compressed, or in colour: upright. (Pillow maps the file of such a picture into memory, with
# width and height changed over already.) Orientations 2 to 4 are right.
# Who meets it: archives, whose scanners write just that; a colouriser is shown stripes, and a tool that
# compares before and after reports another picture.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0
v/bin/python - <<'EOF'
import io, sys
import numpy as np, PIL
from PIL import Image, ImageOps

print("Pillow", PIL.__version__)
gray = np.repeat((np.arange(80) * 3).astype(np.uint8)[None], 48, 0)
turned = np.rot90(gray, -1)  # 6: to be turned clockwise
about = Image.Exif()
about[0x112] = 6
seen = {}
for name, picture, compression in (
    ("grey", gray, "raw"),
    ("grey, compressed", gray, "tiff_lzw"),
    ("colour", np.dstack([gray] * 3), "raw"),
):
    Image.fromarray(picture).save("scan.tif", exif=about, compression=compression)
    for where in ("by name", "from memory"):
        with open("scan.tif", "rb") as file:
            stored = io.BytesIO(file.read())
        with Image.open("scan.tif" if where == "by name" else stored) as opened:
            promised = opened.size
            shown = ImageOps.exif_transpose(opened)
            levels = np.asarray(shown.convert("L"))
            tag = shown.getexif().get(0x112)
        right = levels.shape == turned.shape and bool((levels == turned).all())
        stored_as_is = levels.shape == gray.shape and bool((levels == gray).all())
        what = "upright" if right else "on its side" if stored_as_is else "stripes"
        print(f"{name}, {where}: promised {promised}, is {shown.size}, Orientation {tag}: {what}")
        seen[name, where] = what
if seen.pop(("grey", "by name")) != "stripes" or set(seen.values()) != {"upright"}:
    sys.exit("CHANGED")
EOF
