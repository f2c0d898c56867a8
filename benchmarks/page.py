"""How long the page takes from a click to the changed picture, and what many photographs need.

    python benchmarks/page.py --photograph FILE [--clicks 100] [--many 1000]

starts `colorear serve`, opens the photograph in Chromium by Playwright and corrects it again and
again: each click gives one place another color, a moment after the picture came of the one before.
Time goes from the click, as the browser stamps it, to the frame in which the changed picture is
decoded. Prints the median and the 95th percentile of the first changed picture, which has its
colors at 384 pixels; of the server's part in it; and of the picture that follows, whose colors are
as fine as its light. `--many` has copies of the
photograph colored as a grid instead, and prints the memory of the page.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
SERVE = """
from colorear.server.app import serve
from colorear.server.settings import Settings
serve(Settings(), "127.0.0.1", 0, ready=lambda address: print(address, flush=True))
"""
MARKS = """
window.times = [];
let clicked = null, server = 0;
const ask = window.fetch.bind(window);
window.fetch = async (url, how) => {
    const from = performance.now();
    const answer = await ask(url, how);
    if (String(url).endsWith("actions/colors")) server = performance.now() - from;
    return answer;
};
addEventListener("click", (event) => {
    if (event.target.closest?.("button[data-color]")) clicked = event.timeStamp;
}, true);
document.addEventListener("load", async (event) => {
    const isDraft = event.target.matches?.(".draft .chroma");
    if (clicked === null || !(isDraft || event.target.matches?.("img.after"))) return;
    const [from, took] = [clicked, server];
    if (!isDraft) clicked = null;
    await event.target.decode();
    requestAnimationFrame(() => {
        const all = performance.now() - from;
        if (isDraft) times.push({ all, server: took });
        else if (times.length) times.at(-1).whole = all;
    });
}, true);
"""
LOOK = 300  # milliseconds: nobody clicks sooner after what they see
PLACES = [(0.3, 0.4), (0.6, 0.5), (0.45, 0.7)]


def correct(page: Page, clicks: int) -> None:
    """Give places one color after the other."""
    for x, y in PLACES:
        box = page.locator("img.after").bounding_box()
        assert box
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.locator(".likely button").first.wait_for()
        swatches = page.locator(".likely button")
        for number in range(clicks // len(PLACES)):
            done = page.evaluate("times.length")
            swatches.nth(number % swatches.count()).click()
            wait(page, f"times.length > {done}")
            page.locator(".work:not([aria-busy])").wait_for()
            page.wait_for_timeout(LOOK)
        page.keyboard.press("Escape")


def wait(page: Page, expression: str) -> None:
    """Until it is so."""
    while not page.evaluate(expression):
        page.wait_for_timeout(10)


def memory(page: Page) -> str:
    """Of the page, in millions of bytes: JavaScript's, and its elements."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    told = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return f"{told['JSHeapUsedSize'] / 1e6:.1f} MB of JavaScript, {told['Nodes']:.0f} nodes"


def resident(page: Page) -> float:
    """Millions of bytes of the processes of this browser that show pages."""
    browser = page.context.browser
    assert browser
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    statm = [Path(f"/proc/{one['id']}/statm") for one in told if one["type"] == "renderer"]
    pages = sum(int(place.read_text().split()[1]) for place in statm)
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def color_many(page: Page, photograph: Path, many: int) -> None:
    """A grid of copies."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{number}{photograph.suffix}") for number in range(many)]
        for file in files:
            file.symlink_to(photograph.resolve())
        page.get_by_role("tab").nth(1).click()
        print(f"before: {memory(page)}, {resident(page):.0f} MB of the renderer")
        page.set_input_files("#panel-batch input.files", files)
        for share in (0.1, 0.5, 1):
            done = round(share * many)
            wait(page, f"document.querySelector('#panel-batch progress').value >= {done}")
            print(
                f"{done} done: {memory(page)}, {resident(page):.0f} MB of the renderer", flush=True
            )


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photograph", type=Path, required=True)
    parser.add_argument("--clicks", type=int, default=100)
    parser.add_argument("--many", type=int)
    asked = parser.parse_args()
    command = [sys.executable, "-c", SERVE]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        sync_playwright() as player,
    ):
        assert server.stdout
        browser = player.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(120_000)
        page.add_init_script(MARKS)
        page.goto(server.stdout.readline().strip())
        if asked.many:
            color_many(page, asked.photograph, asked.many)
        else:
            page.set_input_files("#panel-one input.file", asked.photograph)
            page.locator(".work:not([hidden]):not([aria-busy])").wait_for()
            correct(page, asked.clicks)
            times = page.evaluate("times")
            for name, key in (
                ("click to changed picture", "all"),
                ("of it the server", "server"),
                ("click to the final picture", "whole"),
            ):
                took = [one[key] for one in times if key in one]
                half, most = np.percentile(took, (50, 95))
                print(f"{name}: median {half:.0f} ms, 95 % {most:.0f} ms, of {len(took)}")
        browser.close()
        server.terminate()


if __name__ == "__main__":
    main()
