#!/usr/bin/env bash
# DPX frames of 8 bits written by FFmpeg come slanted out of OpenImageIO, unless a line is a multiple of four
# bytes: FFmpeg (and ImageMagick) begins each line at a whole word of 32 bits, and OpenImageIO neither
# leaves nor expects the bytes between, since the header's field for padding says 0. FFmpeg reads both
# kinds. Grey of 10 bits, what a film scanner gives, goes the other way only in part: OpenImageIO packs it
# however it is asked to, and FFmpeg refuses that.
# Who meets it: whoever colours an old film by frames and hands them on to grading as DPX: of a digitised
# PAL tape the picture without its black edges is 702 wide, and is slanted; 704 and 720 are not.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 av==18.1.0 openimageio==3.2.2.0
v/bin/python - <<'EOF'
import sys
import av, numpy as np, OpenImageIO as oiio

av.logging.set_level(None)
print("FFmpeg", av.ffmpeg_version_info, "OpenImageIO", oiio.__version__)
rng = np.random.default_rng(0)


def by_ffmpeg(name, pixels, kind):
    with av.open(name, "w", format="image2", options={"update": "1"}) as file:
        stream = file.add_stream("dpx", rate=25)
        stream.height, stream.width, stream.pix_fmt = *pixels.shape[:2], kind
        for packet in [*stream.encode(av.VideoFrame.from_ndarray(pixels, format=kind)), *stream.encode(None)]:
            file.mux(packet)


def by_oiio(name, pixels, bits, packing=None):
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], 1 if pixels.ndim == 2 else 3, pixels.dtype.name)
    spec["oiio:BitsPerSample"] = bits
    if packing:
        spec["dpx:Packing"] = packing
    file = oiio.ImageOutput.create(name)
    assert file.open(name, spec) and file.write_image(pixels.reshape(*pixels.shape[:2], -1)) and file.close()


def read_ffmpeg(name):
    with av.open(name) as file:
        return next(file.decode(video=0)).to_ndarray()


def read_oiio(name):
    return np.squeeze(oiio.ImageBuf(name).get_pixels(oiio.UINT8))


seen = {}
for width in (702, 704, 720):
    for kind, shape in (("rgb24", (64, width, 3)), ("gray", (64, width))):
        pixels = rng.integers(0, 256, shape, dtype=np.uint8)
        by_ffmpeg("f.dpx", pixels, kind)
        by_oiio("o.dpx", pixels, 8)
        wrong = [100 * (got != pixels).mean() for got in (
            read_ffmpeg("f.dpx"), read_oiio("f.dpx"), read_oiio("o.dpx"), read_ffmpeg("o.dpx"))]
        print(f"{width} wide, {kind}: wrong values, FFmpeg to FFmpeg {wrong[0]:.0f} %, to OpenImageIO {wrong[1]:.0f} %; "
              f"OpenImageIO to itself {wrong[2]:.0f} %, to FFmpeg {wrong[3]:.0f} %")
        seen[width, kind] = wrong
ten = (rng.integers(0, 1024, (64, 704)) << 6).astype(np.uint16)
by_oiio("t.dpx", ten, 10, "Filled, method A")
try:
    read_ffmpeg("t.dpx")
    refused = False
except av.FFmpegError:
    refused = True
print("grey of 10 bits, filled words asked of OpenImageIO: FFmpeg", "refuses it" if refused else "reads it")
slanted = all(seen[702, kind][1] > 80 for kind in ("rgb24", "gray"))
rest = [w for (width, _), ws in seen.items() for i, w in enumerate(ws) if not (width == 702 and i == 1)]
if not slanted or any(rest) or not refused:
    sys.exit("CHANGED")
EOF
