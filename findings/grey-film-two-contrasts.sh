#!/usr/bin/env bash
# One black-and-white film of limited range (black 16, white 235), stored once as `gray` and once as
# `yuv420p`, with the same luma and the same tags. Asked for RGB, FFmpeg's scaler stretches the second to
# 0..255 and takes the first for full range, whatever its tag says: two contrasts, through PyAV and
# through OpenCV 5 alike. Turned into yuv444p, the first is even squeezed a second time.
# Who meets it: whoever colours old films frame by frame; the coloured film is flat and grey in black.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq --no-compile numpy==2.4.6 av==18.1.0 opencv-python-headless==5.0.0.93
v/bin/python - <<'EOF'
import sys
import av, cv2, numpy as np

luma = np.repeat(np.uint8([16, 71, 126, 181, 235]), 32)[None].repeat(64, axis=0)
layouts = {"gray": luma, "yuv420p": np.vstack([luma, np.full((32, 160), 128, np.uint8)])}
print("PyAV", av.__version__, "FFmpeg", av.ffmpeg_version_info, "OpenCV", cv2.__version__)
seen = []
for layout, planes in layouts.items():
    with av.open(layout + ".mkv", "w") as container:
        stream = container.add_stream("ffv1", rate=18)
        stream.width, stream.height, stream.pix_fmt = 160, 64, layout
        frame = av.VideoFrame.from_ndarray(planes, format=layout)
        for tagged in (stream.codec_context, frame):
            tagged.color_range, tagged.colorspace = 1, 1  # limited, BT.709
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with av.open(layout + ".mkv") as container:
        frame = next(container.decode(video=0))
        pyav = frame.to_ndarray(format="rgb24")[32, 16::32, 0].tolist()
        again = frame.to_ndarray(format="yuv444p")[0][32, 16::32].tolist()
        tag = int(frame.color_range)
    opencv = cv2.VideoCapture(layout + ".mkv", cv2.CAP_FFMPEG).read()[1][32, 16::32, 0].tolist()
    print(f"{layout}, range tag {tag}: PyAV rgb24 {pyav}, OpenCV {opencv}, luma in yuv444p {again}")
    seen.append((pyav[0], pyav[-1], opencv[0], opencv[-1], again[0]))
if seen != [(16, 235, 16, 235, 30), (0, 255, 0, 255, 16)]:
    sys.exit("CHANGED")
EOF
