#!/usr/bin/env bash
# A film that is tagged full range is stretched by torchcodec as if it were limited range, if its width is a multiple
# of 32 and its pixels are of a format whose name does not say full range too: FFV1 of 8 bits, and all of 10 bits,
# H.264 as well. 64 becomes 54 and 192 204, what is darker than 16 or lighter than 235 is gone. Two columns more, and it
# is right, as PyAV is by the same FFmpeg libraries at every width. H.264 of 8 bits is right, since FFmpeg has a second
# name for it ("yuvj420p"), and limited range is right in all. (torchcodec 0.14 and 0.17 from PyPI do not start without
# CUDA's libraries, so that 0.13 is used; it takes FFmpeg from the system, here out of PyAV's package.)
# Who meets it: who trains on, or colors, old films that an archive keeps in FFV1 or 10 bits and full range, frame by
# frame in PyTorch: 1920 or 640 wide they have harder pictures with crushed shadows, 720 wide they are right.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 av==18.1.0 torchcodec==0.13.0 torch==2.13.0
mkdir libraries
for library in v/lib/python3*/site-packages/av.libs/lib{av,sw}*.so.*; do
  name=${library##*/}; version=${name#*.so.}
  ln -s "$PWD/$library" "libraries/${name%%-*}.so.${version%%.*}"
done
cat > seen.py <<'EOS'
import sys

import av, numpy as np, torch, torchcodec
from torchcodec.decoders import VideoDecoder

print("torchcodec", torchcodec.__version__, "torch", torch.__version__, "PyAV", av.__version__, "FFmpeg", av.ffmpeg_version_info)
HEIGHT, PLACES = 64, [8, 64, 128, 192, 250]


def write(name, codec, pixels, full, width):
    """A gray ramp that stands still, three frames, tagged."""
    with av.open(name, "w") as film:
        stream = film.add_stream(codec, rate=24, options={"crf": "0", "preset": "ultrafast"} if codec == "libx264" else {})
        stream.width, stream.height, stream.pix_fmt = width, HEIGHT, pixels
        stream.codec_context.color_range = 2 if full else 1
        ten = "10" in pixels
        light = np.clip(np.arange(width) / 255, 0, 1)
        levels = light * (1023 if ten else 255) if full else (64 + light * 876 if ten else 16 + light * 219)
        for at in range(3):
            frame = av.VideoFrame(width, HEIGHT, pixels)
            for i, plane in enumerate(frame.planes):
                kind = np.uint16 if ten else np.uint8
                rows = np.zeros((plane.height, plane.line_size // kind().itemsize), kind)
                rows[:, : plane.width] = levels.round() if i == 0 else (512 if ten else 128)
                plane.update(rows.tobytes())
            frame.pts, frame.color_range = at, 2 if full else 1
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))


failed = []
for codec, kind in (("ffv1", "mkv"), ("libx264", "mp4")):
    for pixels in ("yuv420p", "yuv444p", "yuv420p10le"):
        for full in (True, False):
            for width in (256, 272, 288, 290):
                name = f"{codec} {pixels} {'full' if full else 'limited'} {width}"
                write(f"{name}.{kind}", codec, pixels, full, width)
                with av.open(f"{name}.{kind}") as film:
                    frame = next(film.decode(video=0))
                by_av = frame.to_ndarray(format="rgb24")[32, PLACES, 0].astype(int)
                shown = VideoDecoder(f"{name}.{kind}")[0][:, 32, PLACES]
                off = np.abs(shown[0].numpy().astype(int) - by_av).max()
                gray = bool((shown == shown[:1]).all())
                print(f"{name}: {frame.format.name}, PyAV {by_av.tolist()}, torchcodec {shown[0].tolist()}, {'gray' if gray else 'tinted'}")
                wrong = full and width % 32 == 0 and not frame.format.name.startswith("yuvj")
                if (off > 8) != wrong or (not wrong and off > 1) or not gray or np.abs(by_av - PLACES).max() > 3:
                    failed.append(name)
if failed:
    sys.exit(f"CHANGED: {failed}")
EOS
LD_LIBRARY_PATH=$PWD/libraries:$(echo "$PWD"/v/lib/python3*/site-packages/av.libs) v/bin/python -W ignore seen.py
