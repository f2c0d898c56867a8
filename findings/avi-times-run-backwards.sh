#!/usr/bin/env bash
# A film written to AVI as H.264 with x264's defaults and read back: the frames come in the right order,
# their times do not. AVI stores no times; x264 sends frames ahead of their turn, and FFmpeg hands out the
# times of storing. Every MP4, MOV and MKV of the same frames is right, and so is AVI with `bf=0`.
# Who meets it: whoever puts a coloured film back into the container it came in (old transfers are AVI),
# or sorts frames by their time: each group of frames is shuffled.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d"
python3 -m venv v
v/bin/pip install -qq numpy==2.4.6 av==18.1.0
v/bin/python - <<'EOF'
import sys
import av, numpy as np

print("PyAV", av.__version__, "FFmpeg", av.ffmpeg_version_info)
seen = {}
for ending, options in (("mkv", {}), ("mp4", {}), ("avi", {}), ("avi", {"bf": "0"})):
    name = "film." + ending
    with av.open(name, "w") as container:
        stream = container.add_stream("libx264", rate=18, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(36):  # each frame a little lighter than the last
            frame = av.VideoFrame.from_ndarray(np.full((72, 64), 20 + 6 * number, np.uint8), "yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with av.open(name) as container:
        frames = list(container.decode(video=0))
    lightness = [frame.to_ndarray(format="gray").mean() for frame in frames]
    times = [round(float(frame.pts * frame.time_base) * 18) for frame in frames]
    order = "in order" if lightness == sorted(lightness) else "shuffled"
    clock = "rise" if times == sorted(times) else "run back and forth"
    print(f"{name} {options or ''}: {len(frames)} frames {order}, their times {clock}: {times[:10]}")
    seen[ending, *options] = (order, clock)
if seen[("avi",)] != ("in order", "run back and forth") or any(
    seen[key] != ("in order", "rise") for key in (("mkv",), ("mp4",), ("avi", "bf"))
):
    sys.exit("CHANGED")
EOF
