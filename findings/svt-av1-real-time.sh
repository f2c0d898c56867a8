#!/usr/bin/env bash
# Opening an AV1 encoder (SVT-AV1, through FFmpeg) as root, as in most containers, gives the highest
# real-time priority to its threads and to the thread that opened it. It stays when the encoder is
# closed, and every process or thread started from there inherits it: some later, unrelated work on
# all cores then lets nothing else run, not even a shell. Without root nothing of this happens.
# Who meets it: whoever colours films to AV1 in a container and goes on in the same process; a test
# suite that encodes one small film stood still for an hour, at tests that had nothing to do with films.
set -euo pipefail
d=$(mktemp -d); cd "$d"
trap 'rm -rf "$d"' EXIT
[ "$(uname)" = Linux ] && [ "$(id -u)" = 0 ] || { echo "shown by root on Linux only"; exit 0; }
python3 -m venv v
v/bin/pip install -qq --no-compile av==18.1.0 numpy==2.4.6
cat > encode.py <<'EOF'
import multiprocessing, os, threading
import av, numpy as np

NAMES = {os.SCHED_OTHER: "usual", os.SCHED_FIFO: "real-time (FIFO)"}


def policy():
    return f"{NAMES[os.sched_getscheduler(0)]}, {os.sched_getparam(0).sched_priority}"


def encode(encoder):
    with av.open(f"{encoder}.mkv", "w") as file:
        stream = file.add_stream(encoder, rate=25, options={"x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        grey = np.full((96, 64), 128, np.uint8)
        for _ in range(3):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="yuv420p")))
        file.mux(stream.encode(None))


def tell(queue):
    queue.put(policy())


if __name__ == "__main__":
    seen = [policy()]
    for encoder in ("libx264", "libx265", "libsvtav1"):
        encode(encoder)
        seen.append(policy())
    queue = multiprocessing.get_context("spawn").Queue()
    child = multiprocessing.get_context("spawn").Process(target=tell, args=(queue,))
    child.start()
    seen.append(queue.get())
    child.join()
    print("PyAV", av.__version__, "FFmpeg's libavcodec", av.library_versions["libavcodec"])
    for when, what in zip(("before", "x264 closed", "x265 closed", "SVT-AV1 closed", "a new process"), seen):
        print(f"{when:15} {what}")
    raise SystemExit(seen != 3 * ["usual, 0"] + 2 * ["real-time (FIFO), 99"] and "CHANGED")
EOF
SVT_LOG=1 v/bin/python encode.py
