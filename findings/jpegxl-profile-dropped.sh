#!/usr/bin/env bash
# Pillow's plugin for JPEG XL stores no colour profile: neither the one that the picture has nor the one that
# `save(icc_profile=...)` names, which it takes without a word; the file says sRGB. Only a JPEG opened by its
# name keeps its own, since it is repacked as it is. AVIF, WebP, TIFF and PNG by Pillow keep it.
# Who meets it: whoever saves grey scans (most have a gamma of 1.8 or 2.2, or a dot gain) or pictures in
# Adobe RGB as JPEG XL: other brightness, duller colours, and nothing that tells of it.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 pillow-jxl-plugin==1.3.8
v/bin/python - <<'EOF'
import importlib.metadata, io, struct, sys, warnings
import numpy as np, PIL, pillow_jxl
from PIL import Image, ImageCms

warnings.simplefilter("ignore")
print("Pillow", PIL.__version__, "pillow-jxl-plugin", importlib.metadata.version("pillow-jxl-plugin"))


def fixed(*values):
    return struct.pack(f">{len(values)}i", *(round(65536 * value) for value in values))


def grey_profile(gamma):
    white = fixed(0.9642, 1, 0.8249)
    parts = {b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78), b"cprt": b"text" + bytes(4) + b"none\0",
             b"wtpt": b"XYZ " + bytes(4) + white, b"kTRC": b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * gamma))}
    table, body = struct.pack(">I", len(parts)), b""
    for name, part in parts.items():
        table += name + struct.pack(">II", 128 + 4 + 12 * len(parts) + len(body), len(part))
        body += part + bytes(-len(part) % 4)
    head = struct.pack(">I4sI4s4s4s", 128 + len(table + body), bytes(4), 0x2100000, b"mntr", b"GRAY", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + white
    return head.ljust(128, b"\0") + table + body


profile = grey_profile(1.8)
ImageCms.ImageCmsProfile(io.BytesIO(profile))
picture = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (64, 1)))
seen = {}
for name in ("a.png", "a.tif", "a.jpg", "a.webp", "a.avif"):
    picture.save(name, icc_profile=profile)
for name, given in (("a.png", {}), ("a.tif", {}), ("a.png", {"icc_profile": profile}), ("a.jpg", {})):
    with Image.open(name) as opened:
        assert opened.info["icc_profile"] == profile
        opened.save("a.jxl", lossless=True, **given)
    with Image.open("a.jxl") as saved:
        kept = saved.info.get("icc_profile") == profile
        said = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(saved.info["icc_profile"]))).strip()
    print(f"from {name}{', profile named' if given else ''}: {'kept' if kept else 'dropped'}; the file says {said}")
    seen[name, bool(given)] = kept
others = [Image.open(name).info.get("icc_profile") == profile for name in ("a.webp", "a.avif")]
print("WebP and AVIF by Pillow:", *("kept" if kept else "dropped" for kept in others))
if list(seen.values()) != [False, False, False, True] or not all(others):
    sys.exit("CHANGED")
EOF
