#!/usr/bin/env bash
# Color tables (.cube) that change nothing, but are written for numbers from -0.5 to 1.5, or from 0 to 2, as tables
# for film with headroom are (DOMAIN_MIN and DOMAIN_MAX). FFmpeg 9's lut3d and lut1d take the domain's width and
# forget where it begins: black becomes -0.5, and is cut off, a middle gray of 128 becomes 0. pillow-lut reads the
# lines and passes over them: 128 becomes 255 with one, and 128 by chance with the other, with lights and shadows
# gone. OpenColorIO and colour-science are right. Resolve's LUT_3D_INPUT_RANGE, which says the same, is passed over by
# pillow-lut and refused by FFmpeg, and read by the other two.
# Who meets it: who lays the look of a film stock over a colored photograph or film: as its maker's program shows it
# the picture is as it was, by FFmpeg or Pillow another, much darker or lighter, and nothing is said.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 pillow==13.0.0 imageio-ffmpeg==0.8.1 opencolorio==2.6.0 colour-science==0.4.7 pillow-lut==1.1.0
v/bin/python -W ignore - <<'EOS' 2>/dev/null
import subprocess, sys
from importlib.metadata import version

import colour, imageio_ffmpeg, numpy as np, pillow_lut, PyOpenColorIO as ocio
from PIL import Image

print("FFmpeg", imageio_ffmpeg.get_ffmpeg_version(), *(f"{name} {version(name)}" for name in ("opencolorio", "colour-science", "pillow-lut", "pillow")))
ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, 2).repeat(8, 0)
Image.fromarray(ramp).save("ramp.png")
PLACES = [0, 32, 128, 192, 255]


def table(name, lowest, highest, size=17, dimensions=3, resolve=False):
    steps = np.linspace(lowest, highest, size)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij") if dimensions == 3 else [steps] * 3
    rows = np.stack([red, green, blue], -1).reshape(-1, 3)
    domain = f"LUT_3D_INPUT_RANGE {lowest:f} {highest:f}" if resolve else "\n".join(f"DOMAIN_{end} {at:f} {at:f} {at:f}" for end, at in (("MIN", lowest), ("MAX", highest)))
    with open(name, "w") as file:
        file.write(f"LUT_{dimensions}D_SIZE {size}\n{domain}\n")
        file.writelines("{:f} {:f} {:f}\n".format(*row) for row in rows)


def by_ffmpeg(name):
    kind = "lut1d" if name.startswith("1d") else "lut3d"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", "ramp.png", "-vf", f"{kind}={name}", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    made = subprocess.run(command, capture_output=True)
    return np.frombuffer(made.stdout, np.uint8).reshape(ramp.shape) if made.stdout else None


def by_opencolorio(name):
    picture = np.float32(ramp / 255)
    ocio.Config.CreateRaw().getProcessor(ocio.FileTransform(name, interpolation=ocio.INTERP_LINEAR)).getDefaultCPUProcessor().applyRGB(picture.reshape(-1))
    return picture * 255


def by_pillow(name):
    if name.startswith("1d"):
        return None  # it knows no such tables
    return np.asarray(Image.fromarray(ramp).filter(pillow_lut.load_cube_file(name)))


programs = {
    "FFmpeg": by_ffmpeg,
    "pillow-lut": by_pillow,
    "OpenColorIO": by_opencolorio,
    "colour-science": lambda name: colour.read_LUT(name).apply(ramp / 255) * 255,
}
table("3d from 0 to 1.cube", 0, 1)
table("3d from 0 to 2.cube", 0, 2)
table("3d from -0.5 to 1.5.cube", -0.5, 1.5)
table("1d from -0.5 to 1.5.cube", -0.5, 1.5, 257, 1)
table("3d from 0 to 2, Resolve.cube", 0, 2, resolve=True)
level = np.array(PLACES)
ways = {"right": level, "begins elsewhere": level - 127.5, "twice": level * 2, "domain passed over": level * 2 - 127.5}
wrong = {
    ("FFmpeg", "3d from -0.5 to 1.5.cube"): "begins elsewhere",
    ("FFmpeg", "1d from -0.5 to 1.5.cube"): "begins elsewhere",
    ("FFmpeg", "3d from 0 to 2, Resolve.cube"): "refused",
    ("pillow-lut", "3d from 0 to 2.cube"): "twice",
    ("pillow-lut", "3d from -0.5 to 1.5.cube"): "domain passed over",
    ("pillow-lut", "1d from -0.5 to 1.5.cube"): "refused",
    ("pillow-lut", "3d from 0 to 2, Resolve.cube"): "twice",
}
failed = []
for name in ("3d from 0 to 1", "3d from 0 to 2", "3d from -0.5 to 1.5", "1d from -0.5 to 1.5", "3d from 0 to 2, Resolve"):
    for program, apply in programs.items():
        made = apply(name + ".cube")
        if made is None:
            way, found = "refused", ""
        else:
            found = np.clip(np.round(made[4, PLACES, 1]), 0, 255).astype(int).tolist()
            way = next((way for way, levels in ways.items() if np.abs(np.clip(levels, 0, 255) - found).max() <= 2), "?")
        print(f"{name}, {program}: {way} {found}")
        if way != wrong.get((program, name + ".cube"), "right"):
            failed.append((name, program))
if failed:
    print("CHANGED", failed)
    sys.exit(1)
EOS
