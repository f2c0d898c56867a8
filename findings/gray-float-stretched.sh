#!/usr/bin/env bash
# A gray picture of floating-point numbers, as OpenEXR with the channel Y alone or as PFM, made a PNG, TIFF, JPEG or
# DPX by FFmpeg 9: 16/255 of the light and less is black, 235/255 and more is white, what lies between is stretched,
# as if it were limited range, and the files say that they are full. The same picture stored as three equal channels
# comes out as it is; those three made gray float are squeezed instead. To say range=full changes nothing; only gray
# of 8 bits, and only from 32-bit numbers, is right (or `-sws_flags unstable`, from 32 bits again).
# Who meets it: who colors a film that a scanner gave as gray EXR, by frames, and takes frames and colored copies
# through FFmpeg: the scan has lost its shadows and lights, the colored copy (R, G, B) has not; a before and after of
# two contrasts, and a luma "not kept".
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 imageio-ffmpeg==0.8.1 openexr==3.5.3 openimageio==3.2.2.0
v/bin/python - <<'EOS'
import subprocess, sys

import imageio_ffmpeg, numpy as np, OpenEXR, OpenImageIO as oiio

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
print("FFmpeg", imageio_ffmpeg.get_ffmpeg_version(), "OpenEXR", OpenEXR.__version__, "OpenImageIO", oiio.VERSION_STRING)
ramp = np.tile(np.linspace(0, 1, 256, dtype=np.float32), (32, 1))
PLACES = [10, 64, 128, 192, 245]


def exr(name, **channels):
    OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}, channels).write(name)


exr("half.exr", Y=ramp.astype(np.float16))
exr("float.exr", Y=ramp)
exr("three.exr", R=ramp, G=ramp, B=ramp)
with open("float.pfm", "wb") as file:
    file.write(b"Pf\n256 32\n-1.0\n" + ramp.astype("<f4")[::-1].tobytes())


def levels(name):
    read = oiio.ImageBuf(name).get_pixels(oiio.FLOAT)
    assert np.ptp(read, axis=-1).max() < 0.01, "not gray"
    return np.round(read[16, PLACES, 0] * 255).astype(int).tolist()


def made(source, target, *options):
    subprocess.run([FFMPEG, "-y", "-loglevel", "error", "-i", source, "-frames:v", "1", *options, target], check=True)
    return levels(target)


limited = np.clip(np.round((np.array(PLACES) - 16) / 219 * 255), 0, 255)
squeezed = np.round(np.array(PLACES) / 255 * 219 + 16)
failed = []


def seen(name, found, expected):
    print(f"{name}: {found}")
    if np.abs(np.array(found) - expected).max() > 2:
        failed.append(name)


print(f"in the files {PLACES}, as limited range {limited.astype(int).tolist()}")
for source in ("half.exr", "float.exr", "float.pfm"):
    seen(f"{source} by OpenImageIO", levels(source), PLACES)
    for target in ("made.png", "made.tif", "made.jpg", "made.dpx"):
        seen(f"{source} to {target[5:]} by FFmpeg", made(source, target), limited)
    seen(f"{source} to png, said to be full", made(source, "made.png", "-vf", "scale=in_range=full:out_range=full"), limited)
    gray = limited if source == "half.exr" else PLACES
    seen(f"{source} to png of 8-bit gray", made(source, "made.png", "-pix_fmt", "gray"), gray)
    seen(f"{source} to png, -sws_flags unstable", made(source, "made.png", "-sws_flags", "unstable"), gray)
seen("three.exr to png by FFmpeg", made("three.exr", "made.png"), PLACES)
seen("three.exr to gray pfm by FFmpeg", made("three.exr", "made.pfm", "-pix_fmt", "grayf32le"), squeezed)
if failed:
    sys.exit(f"CHANGED: {failed}")
EOS
