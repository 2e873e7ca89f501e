"""States that last a moment, or that nobody hopes for: everybody can use the page, and nothing moves."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, Route, expect

from tests import pictures
from tests.browser.conftest import OpenPage, opening_pages
from tests.browser.reach import obstacles
from tests.browser.stage import PATIENCE, wait_for_phase, wait_for_speech
from tests.browser.test_page import throttle
from voiceover.avatars import astronaut

PHONE = {"width": 360, "height": 740}
LONG = "Это довольно длинное предложение, которое займёт на узком экране заметно больше трёх строк титров. "
STILL = 0.01  # of the window times the way: a long status moves the captions below it, and nothing else
UPLOAD = 20_000  # bytes a second


def hold(page: Page, address: str) -> None:
    """Let a request wait for ever."""
    page.route(address, lambda _: None)


def refuse(page: Page, address: str, status: int, index: int | None = None) -> None:
    """Refuse what is asked for: all of it, or one chunk."""
    detail = "Сервер отказал, и предложение, в котором он это объясняет, не помещается в одну строку."
    body = json.dumps({"title": "Refused", "status": status, "detail": detail})

    def answer(route: Route) -> None:
        if index is None or json.loads(route.request.post_data or "{}")["chunk_index"] == index:
            headers = {"Retry-After": "25"}
            route.fulfill(status=status, content_type="application/problem+json", headers=headers, body=body)
        else:
            route.continue_()

    page.route(address, answer)


def split_slowly(page: Page) -> None:
    hold(page, "**/api/split")
    page.click("#start")
    wait_for_phase(page, "splitting")


def prepare_much(page: Page) -> None:
    hold(page, "**/api/generate_stream")
    page.fill("#text", "Да. Нет. " * 30)
    page.click("#start")
    expect(page.locator("#chunks li")).to_have_count(60)


def fail(page: Page) -> None:
    refuse(page, "**/api/split", 422)
    page.click("#start")
    wait_for_phase(page, "failed")


def be_busy(page: Page) -> None:
    refuse(page, "**/api/generate_stream", 503)
    page.click("#start")
    expect(page.locator("#status")).to_contain_text("Сервер занят")


def fail_in_the_middle(page: Page) -> None:
    refuse(page, "**/api/generate_stream", 500, index=1)
    page.fill("#text", LONG * 2)
    page.click("#start")
    expect(page.locator("#status")).to_contain_text("повторите или пропустите", timeout=PATIENCE)


def stop(page: Page) -> None:
    page.fill("#text", LONG * 3)
    page.click("#start")
    wait_for_speech(page)
    page.wait_for_function("() => document.querySelector('.captions .saying')", timeout=PATIENCE)
    page.keyboard.press("Escape")
    expect(page.locator("#chunks")).to_contain_text("не сказан")


@pytest.mark.parametrize("bring_about", [split_slowly, prepare_much, fail, be_busy, fail_in_the_middle, stop])
def test_realtime(open_page: OpenPage, bring_about: Callable[[Page], None]) -> None:
    page = open_page(viewport=PHONE)
    bring_about(page)
    assert page.evaluate("probe.shift") < STILL, page.evaluate("probe.moved")
    assert obstacles(page) == []


def test_the_word_being_said_is_in_sight(open_page: OpenPage) -> None:
    page = open_page(viewport=PHONE)
    page.fill("#text", LONG)
    page.click("#start")
    seen = page.wait_for_function(
        """() => {
            const place = document.querySelector(".captions").getBoundingClientRect();
            const word = document.querySelector(".captions .said:nth-child(n+10) + .saying");
            const box = word?.getBoundingClientRect();
            return box && { above: box.top >= place.top - 1, below: box.bottom <= place.bottom + 1 };
        }""",
        timeout=PATIENCE,
    )
    assert seen.json_value() == {"above": True, "below": True}
    captions = "document.querySelector('.captions')"
    assert page.evaluate(f"{captions}.scrollHeight > {captions}.clientHeight"), "nothing was out of sight"


def send_slowly(page: Page) -> None:
    hold(page, "**/api/generate")
    page.click("#start")
    wait_for_phase(page, "sending")


def be_refused(page: Page) -> None:
    refuse(page, "**/api/generate", 503)
    page.click("#start")
    wait_for_phase(page, "failed")


@pytest.mark.parametrize("bring_about", [send_slowly, be_refused])
def test_films(open_films: OpenPage, bring_about: Callable[[Page], None]) -> None:
    page = open_films(viewport=PHONE)
    bring_about(page)
    assert page.evaluate("probe.shift") < STILL, page.evaluate("probe.moved")
    assert obstacles(page) == []


@pytest.mark.parametrize("path", ["/", "/realtime"])
def test_a_server_that_does_not_answer(server: str, browser: Browser, path: str) -> None:
    page = browser.new_page(locale="ru-RU", viewport=PHONE)  # type: ignore[arg-type]
    hold(page, "**/api/*")
    page.goto(f"{server}{path}")
    expect(page.locator("#status")).to_have_text("Жду сервер…")
    assert obstacles(page) == []
    page.context.close()


@pytest.mark.parametrize("path", ["/", "/realtime"])
def test_what_is_reached_by_keys_is_seen(server: str, browser: Browser, path: str) -> None:
    """The buttons that stay at hand on narrow screens hide nothing."""
    page = browser.new_page(locale="ru-RU", viewport=PHONE)  # type: ignore[arg-type]
    page.goto(f"{server}{path}")
    expect(page.locator("#start")).to_be_enabled(timeout=PATIENCE)
    page.focus("#text")
    reached = set()
    while (name := page.evaluate("document.activeElement.id")) != "start":
        reached.add(name)
        page.wait_for_function(
            "() => document.activeElement.getBoundingClientRect().bottom"
            " <= document.querySelector('.actions').getBoundingClientRect().top"
        )
        page.keyboard.press("Tab")
    assert {"avatar-add", "language", "own-open", "voice", "lips"} <= reached


@pytest.mark.parametrize("phase", ["invited", "gone"])
def test_talk(server: str, browser: Browser, phase: str) -> None:
    talk = requests.post(f"{server}/api/sessions", json={}, timeout=20).json()["id"]
    strict = "Audio.prototype.play = () => Promise.reject(new DOMException('', 'NotAllowedError'));"
    with opening_pages(server, browser, phase=phase, prelude=strict) as open_page:
        page = open_page(query=f"?session={talk if phase == 'invited' else 'nobody'}", viewport=PHONE)
        assert page.evaluate("probe.shift") < STILL, page.evaluate("probe.moved")
        assert obstacles(page) == []


def test_a_photo_on_its_way(open_page: OpenPage, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(pictures.encoded(astronaut(), ".png"))
    page = open_page(viewport=PHONE)
    throttle(page, up=UPLOAD)
    page.click("#avatar-add")
    page.set_input_files("#avatar-input", photo)
    expect(page.get_by_role("progressbar", name="Отправка")).to_be_visible()
    page.wait_for_function("() => document.querySelector('#avatar-bar').value > 0.1", timeout=PATIENCE)
    assert obstacles(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#avatar-dialog")).to_be_hidden()
