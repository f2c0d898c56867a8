"""Whether the memory of a server stays what it is, however many photographs it has had.

    python benchmarks/server_memory.py [--requests 2000] [--unlike N] [--workers 2] [--every 100]

starts `colorear serve` and has as many clients as workers send small photographs: of all formats
and many sizes, among them damaged ones and some that are asked for with hints and variants. No two
are alike, or after N of them the same come again: what a process takes once for a size that is new
to it, it takes ever more seldom; what it lost with each photograph it would lose with these, too.
Prints every so often what the server and each of its processes have of memory (RSS), and how much
they grew between the second quarter and the last. Ends with 1 where that is more than 5 % of a
process, which is where it counts as flat.
"""

import argparse
import asyncio
import io
import json
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path

import httpx
import numpy as np
from PIL import Image
from serving import SERVE

FORMATS = {"JPEG": "jpg", "PNG": "png", "TIFF": "tif", "WEBP": "webp"}
FLAT = 0.05


def photograph(number: int) -> tuple[bytes, dict[str, str], int]:
    """A small photograph, the fields beside it, and the status of the answer."""
    rng = np.random.default_rng(number)
    height, width = rng.integers(40, 400, 2)
    if number < 40:  # what a network once needed ONNX Runtime keeps: the largest come first
        height, width = ((40, 400), (400, 40), (400, 400))[number % 3]
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8), np.uint8))
    gray = np.array(coarse.resize((width, height), Image.Resampling.BICUBIC))
    form = list(FORMATS)[number % len(FORMATS)]
    out = io.BytesIO()
    Image.fromarray(gray).save(out, form, **({"lossless": True} if form == "WEBP" else {}))
    fields = {}
    if number % 10 == 3:
        fields["hints"] = json.dumps([{"x": 0.5, "y": 0.5, "color": "firebrick"}])
    if number % 20 == 5:
        fields["variants"] = "2"
    if number % 50 == 7:
        return out.getvalue()[: out.tell() // 2], fields, 415
    return out.getvalue(), fields, 200


def resident(process: int) -> dict[int, float]:
    """What each process of the server has, the first of which is the server: RSS in MB."""
    place = Path(f"/proc/{process}")
    found = {process: float(_line(place / "status", "VmRSS")) / 1000}
    for thread in (place / "task").iterdir():
        for child in (thread / "children").read_text().split():
            found |= resident(int(child))
    return found


def _line(file: Path, name: str) -> str:
    (line,) = (line for line in file.read_text().splitlines() if line.startswith(name))
    return line.split()[1]


async def send(address: str, process: int, asked: argparse.Namespace) -> tuple[list, Counter]:
    """Memory at each sample, and how many answers there were that nobody expected."""
    samples, wrong, numbers = [], Counter(), iter(range(asked.requests))

    async def client(line: httpx.AsyncClient) -> None:
        for number in numbers:
            content, fields, status = photograph(number % (asked.unlike or asked.requests))
            files = {"photograph": (f"{number}.any", content)}
            answer = await line.post("/v1/colorize", files=files, data=fields)
            if answer.status_code != status:
                wrong[f"{answer.status_code} {answer.text[:200]}"] += 1
            if (number + 1) % asked.every == 0:
                samples.append(resident(process))
                sizes = " ".join(f"{size:.0f}" for size in samples[-1].values())
                print(f"{number + 1:6} requests: {sizes} MB", flush=True)

    async with httpx.AsyncClient(base_url=address, timeout=300) as line:
        await asyncio.gather(*(client(line) for _ in range(asked.workers)))
    return samples, wrong


def growth(samples: list[dict[int, float]]) -> dict[int, tuple[float, float]]:
    """The medians of the second quarter and of the last, of each process."""
    quarter = len(samples) // 4
    second, last = samples[quarter : 2 * quarter], samples[-quarter:]
    return {
        process: tuple(statistics.median(s[process] for s in part) for part in (second, last))
        for process in set.intersection(*map(set, samples))
    }


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--unlike", type=int, help="how many come before the same come again")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--every", type=int, default=100)
    asked = parser.parse_args()
    serve = SERVE.replace("chosen={", f'chosen={{"workers": {asked.workers}, ')
    with subprocess.Popen([sys.executable, "-c", serve], stdout=subprocess.PIPE, text=True) as run:
        try:
            address = run.stdout.readline().strip()
            samples, wrong = asyncio.run(send(address, run.pid, asked))
        finally:
            run.terminate()
    found = growth(samples)
    for process, (before, after) in sorted(found.items()):
        name = "server" if process == run.pid else "worker"
        print(f"{name}: {before:.1f} MB, then {after:.1f} MB ({after / before - 1:+.1%})")
    if lost := len(set.union(*map(set, samples))) - len(found):
        print(f"{lost} processes were replaced")
    for answer, count in wrong.items():
        print(f"{count} times unexpected: {answer}")
    if wrong or lost or any(after > (1 + FLAT) * before for before, after in found.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
