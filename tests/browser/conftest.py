"""A real server in a process of its own, and Debian's Chromium in front of it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
START_TIMEOUT = 120  # seconds; a bare machine loads its engines for the first time
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

SERVER = [sys.executable, "app.py"]

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server that is ready to speak."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    environment = {**os.environ, "VOICEOVER_PORT": str(port), "VOICEOVER_DATA": str(folder / "data")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(SERVER, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_until_ready(address, process, folder / "log")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    process.kill()
    pytest.fail(f"the server did not become ready:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "chromium is not installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(server: str, browser: Browser) -> Iterator[OpenPage]:
    with opening_pages(server, browser) as open_page:
        yield open_page


@contextmanager
def opening_pages(server: str, browser: Browser) -> Iterator[OpenPage]:
    """Give a function that opens the page and waits until the avatar lives; a script error fails the test."""
    opened: list[Page] = []
    errors: list[str] = []

    def open_page(language: str = "ru-RU", query: str = "", **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1440, "height": 900})
        page = browser.new_page(locale=language, **options)
        opened.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.add_init_script(path=HERE / "probe.js")
        page.goto(f"{server}/realtime{query}")
        page.wait_for_function("() => voiceover.state.phase === 'idle'")
        return page

    try:
        yield open_page
    finally:
        for page in opened:
            page.context.close()
    assert not errors
