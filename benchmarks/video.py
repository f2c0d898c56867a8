"""What coloring a film costs beside decoding it and encoding it again with the same settings.

python benchmarks/video.py [SECONDS] [--codec h264] [--height 720] [--turns 3] [--ways plain ...]

The film is made: a pan over a photograph with grain, 24 frames a second. Each way runs in a process
of its own, in turns; its processor time is told beside the clock's, since other work on the machine
slows the clock more. Each is compared with the plain run of the same turn; what is told is the
median over the turns. The memory is the peak of the process.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from statistics import median

WAYS = ("plain", "steady 0", "steady 1")


def make(path: Path, height: int, frames: int) -> None:
    """A film of grey pictures under a moving camera."""
    import av
    import cv2
    import numpy as np
    from sklearn.datasets import load_sample_image

    width = height * 16 // 9
    photo = cv2.cvtColor(load_sample_image("china.jpg"), cv2.COLOR_RGB2GRAY)
    wide = cv2.resize(photo, (width * 5 // 4, height * 5 // 4), interpolation=cv2.INTER_CUBIC)
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=24, options={"crf": "14", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            left, top = number % (width // 4), number % (height // 4) // 2
            view = wide[top : top + height, left : left + width].astype(np.float32)
            view = 16 + view * (219 / 255) + rng.normal(0, 2, view.shape)
            frame = av.VideoFrame(width, height, "yuv420p")
            for index, plane in enumerate(frame.planes):
                values = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                if index:
                    values[:] = 128
                else:
                    values[:height, :width] = np.clip(np.rint(view), 16, 235)
            frame.pts, frame.time_base = number, Fraction(1, 24)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def plain(source: Path, target: Path, codec: str) -> None:
    """Decode it, and encode it again with the settings that colorear uses."""
    import av

    from colorear.video.encoder import add_stream
    from colorear.video.encoding import choose
    from colorear.video.facts import read_facts

    encoding = choose(read_facts(source), target, codec, None)
    with av.open(str(source)) as film, av.open(str(target), "w") as file:
        stream = add_stream(file, encoding)
        film.streams.video[0].thread_type = "AUTO"
        for frame in film.decode(video=0):
            frame.pict_type = 0
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def measure(way: str, source: Path, codec: str) -> dict[str, float]:
    """Run one way here."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "new.mkv"
        started, busy = time.perf_counter(), time.process_time()
        if way == "plain":
            plain(source, target, codec)
        else:
            from colorear.video.colorizer import VideoColorizer
            from colorear.video.options import VideoOptions

            options = VideoOptions(steady=float(way.split()[1]), codec=codec)
            VideoColorizer().colorize(source, target, options)
        return {
            "seconds": time.perf_counter() - started,
            "core-seconds": time.process_time() - busy,
            "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


def main() -> None:
    """Measure all ways, in turns."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", type=float, nargs="?", default=10)
    parser.add_argument("--codec", default="h264")
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--one", nargs=2)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one[0], Path(options.one[1]), options.codec)))
        return
    frames = round(options.seconds * 24)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "old.mkv"
        make(source, options.height, frames)
        found: dict[str, list[dict[str, float]]] = {way: [] for way in options.ways}
        for _ in range(options.turns):
            for way in options.ways:
                command = [sys.executable, __file__, "--codec", options.codec]
                command += ["--one", way, str(source)]
                answer = subprocess.run(command, check=True, capture_output=True, text=True)
                found[way].append(json.loads(answer.stdout))
    for way, runs in found.items():
        tell(way, runs, found.get("plain", []), frames)


def tell(
    way: str, runs: list[dict[str, float]], plain_runs: list[dict[str, float]], frames: int
) -> None:
    """One line: medians, and those of the ratios to the plain run of the same turn."""
    run = {key: median(one[key] for one in runs) for key in runs[0]}
    ratios = {
        key: f" ({median(one[key] / other[key] for one, other in pairs):.2f} x)" if pairs else ""
        for key in ("seconds", "core-seconds")
        for pairs in ([*zip(runs, plain_runs, strict=False)],)
    }
    print(
        f"{way:9} {run['seconds']:7.1f} s{ratios['seconds']}  {run['core-seconds']:7.1f} "
        f"core-seconds{ratios['core-seconds']}  "
        f"{1000 * run['core-seconds'] / frames:5.0f} ms a frame  {run['MB']:5.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
