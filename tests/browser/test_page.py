"""What a user can do on the page, and what the page does when things go wrong."""

import json
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.reach import obstacles
from tests.browser.stage import PATIENCE, buffered, wait_for_phase, wait_for_speech

SHORT = "Привет! Как дела? Меня зовут Аватар."
LONG_SENTENCE = (
    "Это довольно длинное предложение, которое обязательно прервут на полуслове, не дав договорить."
)


SLOW = 45_000  # bytes a second: about half of what speech takes


def throttle(page: Page, down: int = -1, up: int = -1) -> None:
    """Let at most so many bytes a second through."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    limits = {"offline": False, "latency": 5, "downloadThroughput": down, "uploadThroughput": up}
    devtools.send("Network.emulateNetworkConditions", limits)


def states(page: Page) -> list[str]:
    return [chunk["state"] for chunk in page.evaluate("voiceover.state.chunks")]


def chunk_of(route: Route) -> int:
    index: int = json.loads(route.request.post_data or "{}")["chunk_index"]
    return index


def test_avatar_lives_before_anybody_clicks(open_page: OpenPage) -> None:
    page = open_page()
    page.wait_for_function("() => document.querySelector('video').currentTime > 1")
    assert page.evaluate("document.querySelector('video').muted")
    page.click("#start")
    wait_for_speech(page)
    assert not page.evaluate("document.querySelector('video').muted")


def test_nothing_is_asked_of_another_host(open_page: OpenPage, server: str) -> None:
    page = open_page()
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.reload()
    wait_for_phase(page, "idle")
    page.click("#start")
    wait_for_phase(page, "done")
    assert hosts - {""} == {urlsplit(server).netloc}


def test_nobody_waits_for_engines_that_still_load(open_page: OpenPage) -> None:
    page, held = open_page(), list[Route]()
    page.route("**/api/engines", lambda route: held.append(route))
    page.reload()
    wait_for_phase(page, "idle")
    expect(page.locator("#lips")).to_be_disabled()
    page.fill("#text", SHORT)
    page.click("#start")
    wait_for_phase(page, "done")
    held[0].continue_()
    expect(page.locator("#lips")).to_be_enabled()
    expect(page.locator("#weights")).not_to_be_empty()
    page.select_option("#lips", "visemes")


def test_stop_stops_at_once(open_page: OpenPage) -> None:
    page = open_page()
    page.fill("#text", " ".join([LONG_SENTENCE] * 3))
    page.click("#start")
    wait_for_speech(page)
    page.wait_for_function("() => document.querySelector('.captions .said')")
    seen = page.evaluate(
        "(document.querySelector('#stop').click(), document.querySelector('video').currentTime)"
    )
    expect(page.locator("#status")).to_have_text("Остановлено")
    page.wait_for_function("(t) => document.querySelector('video').currentTime > t + 1", arg=seen)
    # What was left of the speech is gone: idle motion follows within two frames of what was shown.
    seek = next(at for name, at, _ in page.evaluate("probe.events") if name == "seeking")
    assert seek - seen < 0.085
    assert "speaking" not in states(page)
    assert page.evaluate("voiceover.state.current") == -1
    assert len(buffered(page)) == 1
    expect(page.locator("#start")).to_be_focused()


def test_speech_may_be_started_again_after_a_stop(open_page: OpenPage) -> None:
    page = open_page()
    page.fill("#text", LONG_SENTENCE)
    page.click("#start")
    wait_for_speech(page)
    page.keyboard.press("Escape")
    wait_for_phase(page, "stopped")
    page.fill("#text", "Снова здравствуйте!")
    page.click("#start")
    wait_for_phase(page, "done")
    assert states(page) == ["done"]


def test_failed_chunk_is_retried_when_the_user_says_so(open_page: OpenPage) -> None:
    page = open_page()
    refused = []

    def refuse_once(route: Route) -> None:
        if chunk_of(route) == 1 and not refused:
            refused.append(route)
            problem = {"title": "Failed", "status": 500, "detail": "Голос не справился с этим текстом."}
            route.fulfill(status=500, content_type="application/problem+json", body=json.dumps(problem))
        else:
            route.continue_()

    page.route("**/api/generate_stream", refuse_once)
    page.fill("#text", SHORT)
    page.click("#start")
    expect(page.get_by_text("Голос не справился с этим текстом.")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#status")).to_have_text(
        "Чанк 2/3 не получился: повторите или пропустите его", timeout=PATIENCE
    )
    assert states(page) == ["done", "failed", "waiting"]
    page.get_by_role("button", name="Повторить: 2").click()
    wait_for_phase(page, "done")
    assert states(page) == ["done", "done", "done"]
    assert len(page.evaluate("voiceover.files.map(String)")) == 3


def test_failed_chunk_is_skipped_when_the_user_says_so(open_page: OpenPage) -> None:
    page = open_page()

    def refuse(route: Route) -> None:
        route.fulfill(status=500, body="") if chunk_of(route) == 0 else route.continue_()

    page.route("**/api/generate_stream", refuse)
    page.fill("#text", SHORT)
    page.click("#start")
    page.get_by_role("button", name="Пропустить: 1").click()
    wait_for_phase(page, "done")
    assert states(page) == ["skipped", "done", "done"]


def test_lost_connection_is_survived(open_page: OpenPage) -> None:
    page = open_page()
    lost: list[int] = []

    def lose_twice(route: Route) -> None:
        if chunk_of(route) == 1 and len(lost) < 2:
            lost.append(1)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/generate_stream", lose_twice)
    page.fill("#text", SHORT)
    page.click("#start")
    wait_for_phase(page, "done")
    assert states(page) == ["done", "done", "done"]
    assert any(status.startswith("Связь прервалась") for status in page.evaluate("probe.statuses"))


def test_slow_connection_is_waited_for_before_the_first_word_and_never_after(open_page: OpenPage) -> None:
    page = open_page()
    page.wait_for_function("() => document.querySelector('video').buffered.end(0) > 1")
    throttle(page, SLOW)
    page.fill("#text", LONG_SENTENCE)
    page.click("#start")
    wait_for_phase(page, "done")
    assert any(
        status.startswith("⏳ Буферизация… речь начнётся через") for status in page.evaluate("probe.statuses")
    )
    assert page.evaluate("probe.events.filter(([name]) => name === 'pause')") == []
    assert page.evaluate("probe.lives") == 1


def test_browser_without_flac_is_served_aac(open_page: OpenPage) -> None:
    page = open_page(query="?audio=aac")
    sounds: set[str] = set()
    page.on("request", lambda request: sounds.add(json.loads(request.post_data or "{}").get("audio", "")))
    page.fill("#text", SHORT)
    page.click("#start")
    wait_for_phase(page, "done")
    assert sounds == {"", "aac"}
    assert states(page) == ["done", "done", "done"]
    assert len(buffered(page)) == 1


def test_avatar_comes_back_when_the_browser_gave_up(open_page: OpenPage) -> None:
    page = open_page()
    page.click("#start")
    wait_for_speech(page)
    page.evaluate("document.querySelector('video').src = 'data:video/mp4;base64,AAAA'")
    wait_for_phase(page, "failed")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.5")
    page.click("#start")
    wait_for_phase(page, "done")


def test_server_that_refuses_the_text_is_quoted(open_page: OpenPage) -> None:
    page = open_page()
    problem = {"title": "Bad", "status": 422, "detail": "Текст слишком длинный."}
    body = json.dumps(problem)
    page.route(
        "**/api/split",
        lambda route: route.fulfill(status=422, content_type="application/problem+json", body=body),
    )
    page.click("#start")
    expect(page.locator("#status")).to_have_text("Текст слишком длинный.")
    expect(page.locator("#start")).to_be_visible()


def test_empty_text_is_not_sent(open_page: OpenPage) -> None:
    page = open_page()
    page.fill("#text", "  ")
    page.click("#start")
    expect(page.get_by_role("alert")).to_have_text("Сначала напишите текст.")


def test_keyboard_alone_is_enough(open_page: OpenPage) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the link past the header
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(LONG_SENTENCE)
    page.keyboard.press("Control+Enter")
    wait_for_speech(page)
    page.keyboard.press("Escape")
    wait_for_phase(page, "stopped")
    for _ in range(7):
        page.keyboard.press("Tab")
    expect(page.locator("#start")).to_be_focused()


def test_english_is_one_switch_away_and_remembered(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Realtime voiceover")
    expect(page.locator("#start")).to_have_text("🎙️ Start realtime voiceover")
    expect(page.locator("#text")).to_have_value("Hello! How are you? My name is Avatar.")
    expect(page.locator("#language")).to_have_value("auto")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_browser_language_chooses_the_page_language(open_page: OpenPage) -> None:
    page = open_page("en-GB")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#language")).to_have_value("auto")


@pytest.mark.parametrize("width", [360, 768, 1440, 1920])
def test_page_is_accessible_and_fits(open_page: OpenPage, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    page.click("#start")
    wait_for_speech(page, 1)
    for summary in page.locator("summary").all():
        summary.click()
    assert obstacles(page) == []


def test_nothing_moves_while_the_avatar_speaks(open_page: OpenPage) -> None:
    page = open_page()
    page.click("#start")
    wait_for_phase(page, "done")
    assert page.evaluate("probe.shift") < 0.02


def test_the_api_is_described_on_a_page(browser: Browser, server: str) -> None:
    page = browser.new_page()
    page.goto(f"{server}/docs")
    speak = page.locator(".opblock", has_text="/api/generate_stream")
    speak.get_by_role("button").first.click()
    expect(speak.locator(".highlight-code").first).to_contain_text("chunk_index", timeout=PATIENCE)
    page.context.close()


@pytest.mark.parametrize("language", ["ru-RU", "en-US"])
def test_the_page_tells_the_command_that_brings_a_missing_engine(open_page: OpenPage, language: str) -> None:
    page = open_page(language)
    page.locator("summary", has_text="Движки" if language == "ru-RU" else "Engines").click()
    missing = page.locator("#engines li", has_text="wav2lip-gfpgan")
    expect(missing.locator("code")).to_have_text(".venv/bin/flask models download gfpgan_1.4")
    expect(page.locator("#engines li[data-available=true] code")).to_have_count(0)
