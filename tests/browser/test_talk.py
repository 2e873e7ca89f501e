"""A conversation: a script says what comes to it, a real page speaks it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import OpenPage, opening_pages
from tests.browser.reach import obstacles
from tests.browser.stage import PATIENCE, buffered, wait_for_phase, wait_for_speech
from tests.browser.test_endurance import heap
from tests.server import running_server

TIMEOUT = 20  # seconds
LONG = "Это довольно длинное предложение, которое обязательно прервут на полуслове, не дав договорить."
FAST = 3  # times the natural speed, to save time
ROUNDS = 6  # of 16 chunks: more than twice as many as are kept
MOST_BUFFERED = 60  # seconds
MOST_GROWTH = 4 * 2**20  # bytes of heap, after the first rounds
SHORT = ("Да.", "Нет.", "Хорошо.", "Ну вот.")
# What looks into the page counts as a click for Chromium, so that it is not as strict as with people.
STRICT = (
    "window.Audio = class { play() { return Promise.reject(new DOMException('', 'NotAllowedError')); } };"
)
CONVERSE = Path(__file__).parents[2] / "examples" / "converse.py"


class Script:
    """What leads a conversation."""

    def __init__(self, server: str, **manner: str) -> None:
        self._server = server
        self.talk = requests.post(
            f"{server}/api/sessions", json={"language": "ru"} | manner, timeout=TIMEOUT
        ).json()

    @property
    def query(self) -> str:
        return f"?session={self.talk['id']}"

    def say(self, text: str, end: bool = True) -> None:
        self._post(self.talk["say"], {"text": text, "end": end})

    def interrupt(self) -> None:
        self._post(self.talk["interrupt"], None)

    def close(self) -> None:
        requests.delete(f"{self._server}/api/sessions/{self.talk['id']}", timeout=TIMEOUT).raise_for_status()

    @property
    def resume(self) -> int:
        """Id of the event after which nothing has been spoken."""
        address = f"{self._server}/api/sessions/{self.talk['id']}"
        return int(requests.get(address, timeout=TIMEOUT).json()["resume"])

    def _post(self, path: str, body: dict[str, object] | None) -> None:
        requests.post(self._server + path, json=body, timeout=TIMEOUT).raise_for_status()


Begin = Callable[..., tuple[Page, Script]]


@pytest.fixture
def open_talk(server: str, browser: Browser) -> Iterator[OpenPage]:
    with opening_pages(server, browser, phase="invited", prelude=STRICT) as open_page:
        yield open_page


@pytest.fixture
def begin(open_talk: OpenPage, server: str) -> Begin:
    """Give a function that opens the page of a new conversation, after something was said, and listens."""

    def begin(*said: str, **options: Any) -> tuple[Page, Script]:
        script = Script(server)
        for text in said:
            script.say(text)
        page = open_talk(query=script.query, **options)
        page.click("#start")
        return page, script

    return begin


def states(page: Page) -> list[str]:
    return [chunk["state"] for chunk in page.evaluate("voiceover.state.chunks")]


def texts(page: Page) -> list[str]:
    return [chunk["chunk"]["text"] for chunk in page.evaluate("voiceover.state.chunks")]


def wait_until_spoken(page: Page, count: int) -> None:
    page.wait_for_function(
        "(n) => voiceover.state.chunks.map(({ state }) => state).join() === Array(n).fill('done').join()",
        arg=count,
        timeout=PATIENCE,
    )


def test_what_comes_is_spoken_in_order_with_idle_motion_in_between(begin: Begin) -> None:
    page, script = begin()
    expect(page.locator("#status")).to_have_text("Аватар ждёт первых слов")
    script.say("Привет! Как дела?")
    wait_until_spoken(page, 2)
    expect(page.locator("#status")).to_have_text("Аватар ждёт новых слов")
    before = page.evaluate("document.querySelector('video').currentTime")
    page.wait_for_function("(t) => document.querySelector('video').currentTime > t + 2", arg=before)
    script.say("А теперь ещё.")
    wait_until_spoken(page, 3)
    assert texts(page) == ["Привет!", "Как дела?", "А теперь ещё."]
    assert len(buffered(page)) == 1
    assert not page.evaluate("document.querySelector('video').muted")


def test_words_that_come_one_by_one_join_without_a_seam(begin: Begin, server: str) -> None:
    page, script = begin()
    text = "Раз два три четыре пять. Шесть семь восемь девять десять. Вот и всё."
    for word in text.split():
        script.say(word + " ", end=False)
    script.say("", end=True)
    wait_until_spoken(page, 3)
    assert " ".join(texts(page)) == text
    assert page.evaluate("probe.lives") == 1


def test_the_example_drives_the_page(open_talk: OpenPage, server: str) -> None:
    command = [sys.executable, CONVERSE, "Привет! Я бот.", "--server", server, "--words-per-minute", "300"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout
        address = script.stdout.readline().strip()
        page = open_talk(query=address[address.index("?") :])
        page.click("#start")
        assert script.wait(TIMEOUT) == 0
    wait_until_spoken(page, 2)
    assert texts(page) == ["Привет!", "Я бот."]


def test_an_interruption_falls_silent_at_once_and_the_next_words_are_spoken(begin: Begin) -> None:
    page, script = begin(" ".join([LONG] * 4))
    wait_for_speech(page)
    page.wait_for_function("() => document.querySelector('.captions .said')")
    script.interrupt()
    wait_for_phase(page, "interrupted")
    expect(page.locator("#status")).to_have_text("Скрипт прервал аватара")
    seen = page.evaluate("document.querySelector('video').currentTime")
    page.wait_for_function("(t) => document.querySelector('video').currentTime > t + 1", arg=seen)
    assert page.evaluate("voiceover.state.current") == -1
    assert states(page)[0] == "stopped"
    script.say("Слушаю вас.")
    wait_until_spoken(page, 1)
    assert texts(page) == ["Слушаю вас."]


def test_a_page_that_is_opened_again_goes_on_with_what_was_not_spoken(begin: Begin) -> None:
    page, _script = begin("Первое предложение. Второе предложение. Третье предложение.")
    wait_for_speech(page, 1)
    page.wait_for_function("() => voiceover.state.chunks[0].state === 'done'")
    page.reload()
    page.wait_for_function("() => ['invited', 'listening', 'working'].includes(voiceover.state.phase)")
    if page.locator("#start").is_visible():
        page.click("#start")
    wait_until_spoken(page, 1)
    assert texts(page) == ["Третье предложение."]


def test_what_was_said_before_the_click_is_not_lost(open_talk: OpenPage, server: str) -> None:
    script = Script(server)
    script.say("Раз. Два.")
    page = open_talk(query=script.query)
    expect(page.locator("#status")).to_have_text("2 реплики ждут: нажмите кнопку")
    assert page.evaluate("document.querySelector('video').muted")
    page.click("#start")
    wait_until_spoken(page, 2)


def test_lost_reports_do_not_stop_speech(begin: Begin) -> None:
    page, script = begin()
    page.route("**/heard", lambda route: route.abort())
    script.say("Раз. Два.")
    wait_until_spoken(page, 2)


def test_reports_tell_how_far_the_page_is(begin: Begin) -> None:
    page, script = begin("Раз. Два.")
    wait_until_spoken(page, 2)
    page.wait_for_timeout(200)
    assert script.resume == 2


def test_what_cannot_be_said_is_passed_over(begin: Begin) -> None:
    page, script = begin()

    def refuse(route: Route) -> None:
        route.fulfill(status=422, body="{}") if '"chunk_index":0' in (
            route.request.post_data or ""
        ) else route.continue_()

    page.route("**/api/generate_stream", refuse)
    script.say("Раз. Два.")
    page.wait_for_function("() => voiceover.state.chunks[1]?.state === 'done'", timeout=PATIENCE)
    assert states(page) == ["skipped", "done"]


def test_the_end_is_told_when_all_has_been_spoken(begin: Begin) -> None:
    page, script = begin("До свидания!")
    script.close()
    wait_for_phase(page, "closed")
    assert states(page) == ["done"]
    expect(page.locator("#status")).to_have_text("Скрипт закончил разговор")


def test_a_conversation_that_nobody_knows_is_told(server: str, browser: Browser) -> None:
    with opening_pages(server, browser, phase="gone") as open_page:
        page = open_page(query="?session=nobody")
        expect(page.locator("#status")).to_contain_text("Этого разговора на сервере нет")
        expect(page.locator("#start")).to_be_hidden()


def test_a_server_that_was_started_anew_is_waited_for_and_the_loss_is_told(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        running_server(tmp_path) as server,
        opening_pages(server.url, browser, phase="invited", prelude=STRICT) as open_page,
    ):
        page = open_page(query=Script(server.url).query)
        page.click("#start")
        wait_for_phase(page, "listening")
        os.kill(server.pid, signal.SIGTERM)
        expect(page.locator("#status")).to_have_text(
            "Связь с сервером прервалась, пробую снова…", timeout=PATIENCE
        )
        psutil.Process(server.pid).wait(TIMEOUT)
        with running_server(tmp_path, VOICEOVER_PORT=str(server.port)):
            wait_for_phase(page, "gone")


def test_a_hundred_chunks_are_spoken_in_bounded_memory(begin: Begin) -> None:
    page, script = begin()
    page.evaluate(f"document.querySelector('video').playbackRate = {FAST}")
    spans, heaps = [], []
    for number in range(ROUNDS):
        script.say(" ".join(SHORT * 4))
        last = 16 * (number + 1) - 1
        page.wait_for_function(
            "last => voiceover.state.chunks.at(-1)?.chunk.index === last", arg=last, timeout=PATIENCE
        )
        page.wait_for_function(
            "() => voiceover.state.chunks.every(({ state }) => state === 'done')", timeout=PATIENCE
        )
        (span,) = buffered(page)
        spans.append(span[1] - span[0])
        heaps.append(heap(page))
    assert script.talk["id"]
    assert max(spans) < MOST_BUFFERED
    assert max(heaps[-3:]) < heaps[2] + MOST_GROWTH
    assert len(page.evaluate("voiceover.state.chunks")) == 40
    assert len(page.evaluate("voiceover.files.map(String)")) == 40
    assert page.locator("#chunks li").count() == page.locator("#track .portion").count() == 40
    assert page.evaluate("voiceover.state.chunks.at(-1).chunk.index") == ROUNDS * 16 - 1


def test_captions_are_switched_off_and_stay_off(begin: Begin) -> None:
    page, _script = begin("Привет!")
    expect(page.locator("#captions")).to_have_text("Привет! ", timeout=PATIENCE)
    page.click("#captions-switch")
    expect(page.locator("#captions")).to_be_hidden()
    page.reload()
    expect(page.locator("#captions-switch")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#captions")).to_be_hidden()
    page.click("#captions-switch")
    expect(page.locator("#captions")).to_be_visible()


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_page_is_accessible_and_fits(begin: Begin, width: int) -> None:
    page, _script = begin("Привет! " + LONG, viewport={"width": width, "height": 900})
    wait_for_speech(page, 1)
    assert obstacles(page) == []
    assert page.evaluate("probe.shift") < 0.02
