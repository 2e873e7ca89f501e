"""A real server in a process of its own, and Debian's Chromium in front of it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.server import running_server

HERE = Path(__file__).parent
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server that is ready to speak."""
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server.url


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


@pytest.fixture
def open_films(server: str, browser: Browser) -> Iterator[OpenPage]:
    with opening_pages(server, browser, "/", "empty") as open_page:
        yield open_page


@contextmanager
def opening_pages(
    server: str, browser: Browser, path: str = "/realtime", phase: str = "idle", prelude: str = ""
) -> Iterator[OpenPage]:
    """Give a function that opens a page and waits until it is ready; a script error fails the test.

    Args:
        prelude: a script that runs before those of the page.
    """
    opened: list[Page] = []
    errors: list[str] = []

    def open_page(language: str = "ru-RU", query: str = "", **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1440, "height": 900})
        page = browser.new_page(locale=language, **options)
        opened.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.add_init_script(path=HERE / "probe.js")
        page.add_init_script(prelude)
        page.goto(f"{server}{path}{query}")
        page.wait_for_function("(phase) => voiceover.state.phase === phase", arg=phase)
        return page

    try:
        yield open_page
    finally:
        for page in opened:
            page.context.close()
    assert not errors
