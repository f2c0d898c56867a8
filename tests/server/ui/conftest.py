"""A server of its own, and a browser, for all tests of the page."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from colorear import models
from server.able import able
from server.ui.browsing import CHROMIUM, QUIET

SERVE = """
from colorear.server.app import serve
from colorear.server.settings import Settings
serve(Settings(model="able"), "127.0.0.1", 0, ready=lambda address: print(address, flush=True))
"""


@pytest.fixture(scope="package")
def folder(tmp_path_factory) -> Path:
    """Where the server keeps what it is given."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="package")
def address(tmp_path_factory, folder) -> Iterator[str]:
    """A server with a network that can do everything, beside those that come with colorear."""
    added = tmp_path_factory.mktemp("added")
    file = added / "any.onnx"
    file.write_bytes(able())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLOREAR_MODELS", str(added))
        models.add(file, "able", "contract")
        environment = {**os.environ, "TMPDIR": str(folder)}
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.fixture(scope="module")  # asyncio.run of other tests does not go beside it
def player():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as player:
        yield player


@pytest.fixture(scope="module")
def browser(player):
    browser = player.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    yield browser
    browser.close()


@pytest.fixture
def visit(browser, address) -> Iterator[Callable]:
    """Opens the page; in the end nothing was fetched from elsewhere, and no script complained."""
    payload, complaints, contexts = [], [], []

    def open_page(width: int = 1200, height: int = 900, *, init="", refusals=False, **how):
        context = browser.new_context(viewport={"width": width, "height": height}, **how)
        contexts.append(context)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.on("request", lambda request: payload.append(request.url))
        if not refusals:  # of which the console tells, too
            page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if init:
            page.add_init_script(init)
        page.goto(address)
        page.locator(".colorear").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in payload if not url.startswith((address, "data:", "blob:"))] == []
    assert complaints == []
