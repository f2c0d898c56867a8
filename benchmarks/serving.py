"""Many clients at once: how a server of colorear holds.

    python benchmarks/serving.py [--clients 50] [--seconds 120] [--photograph FILE]

starts `colorear serve` and has each client send a photograph, read the answer and send the next
one; a client that is told to come back waits for as long as it is told. Prints requests, answers by
status, how long those took that brought a photograph, and the most memory of the server.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np

import colorear

EXAMPLE = Path(colorear.__file__).parent / "examples" / "china.jpg"
SERVE = """
from colorear.server.app import serve
from colorear.server.settings import Settings
settings = Settings.from_environment(chosen={"proxies": "127.0.0.1"})
serve(settings, "127.0.0.1", 0, ready=lambda address: print(address, flush=True))
"""


async def client(number: int, line: httpx.AsyncClient, photograph: bytes, end: float) -> list:
    """One that goes on until the end; gives status and seconds of each answer."""
    answers = []
    headers = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250 + 1}"}
    while time.monotonic() < end:
        started = time.monotonic()
        files = {"photograph": ("old.jpg", photograph)}
        try:
            answer = await line.post("/v1/colorize", files=files, headers=headers)
        except httpx.TransportError as error:
            answers.append((type(error).__name__, time.monotonic() - started))
            continue
        answers.append((answer.status_code, time.monotonic() - started))
        wait = float(answer.headers.get("Retry-After", 0))
        await asyncio.sleep(max(0, min(wait, end - time.monotonic())))
    return answers


async def load(address: str, clients: int, seconds: float, photograph: bytes) -> list:
    """All answers to all clients."""
    limits = httpx.Limits(max_connections=clients)
    async with httpx.AsyncClient(base_url=address, timeout=300, limits=limits) as line:
        end = time.monotonic() + seconds
        told = await asyncio.gather(*(client(i, line, photograph, end) for i in range(clients)))
    return [answer for answers in told for answer in answers]


def peak_megabytes(process: int) -> float:
    """The most memory that it had, and each of its workers: their sum."""
    place = Path(f"/proc/{process}")
    (line,) = (
        line for line in (place / "status").read_text().splitlines() if line.startswith("VmHWM")
    )
    children = [
        int(child)
        for thread in (place / "task").iterdir()
        for child in (thread / "children").read_text().split()
    ]
    return int(line.split()[1]) / 1000 + sum(map(peak_megabytes, children))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--photograph", type=Path, default=EXAMPLE)
    asked = parser.parse_args()
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        address = server.stdout.readline().strip()
        before = peak_megabytes(server.pid)
        photograph = asked.photograph.read_bytes()
        answers = asyncio.run(load(address, asked.clients, asked.seconds, photograph))
        after = peak_megabytes(server.pid)
        server.terminate()
    counts = Counter(status for status, _ in answers)
    print(f"{asked.clients} clients, {asked.seconds:g} s, {len(answers)} requests")
    for status, count in sorted(counts.items(), key=str):
        print(f"  {status}: {count}")
    took = [seconds for status, seconds in answers if status == 200]
    if took:
        for percent in (50, 95, 99, 100):
            print(f"{percent} % within {np.percentile(took, percent):.2f} s")
        print(f"{len(took) / asked.seconds:.1f} photographs a second")
    print(f"most memory of the server: {after:.0f} MB ({before:.0f} MB before)")
    if unexpected := set(counts) - {200, 429, 503}:
        sys.exit(f"unexpected answers: {unexpected}")


if __name__ == "__main__":
    main()
