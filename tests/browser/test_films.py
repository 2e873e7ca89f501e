"""Whole films on the page: made and downloaded, given up, found again, and when things go wrong."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import OpenPage, opening_pages
from tests.browser.reach import obstacles
from tests.browser.stage import PATIENCE, wait_for_phase
from tests.clips import frames_of
from tests.server import running_server

SHORT = "Привет! Меня зовут Аватар."
LONG = " ".join(["Из этого длинного предложения выйдет целый чанк говорящего видео."] * 12)


def press(page: Page, text: str) -> None:
    page.fill("#text", text)
    page.click("#start")


def make(page: Page, text: str = SHORT) -> None:
    press(page, text)
    wait_for_phase(page, "done")


def job_of(page: Page) -> str:
    address: str = page.evaluate("voiceover.state.job.job")
    return address


def state_on_server(page: Page, job: str) -> str:
    answer = page.request.get(urlsplit(page.url)._replace(path=job, query="").geturl())
    return str(answer.json()["state"]) if answer.ok else str(answer.status)


def test_a_film_is_made_played_and_downloaded(open_films: OpenPage, tmp_path: Path) -> None:
    page = open_films()
    expect(page.locator("#file-film")).not_to_have_attribute("href", "")
    make(page)
    expect(page.locator("#status")).to_have_text("Видео готово")
    expect(page.locator("#captions")).to_have_text("Привет!")
    webvtt = page.request.get(
        urlsplit(page.url)._replace(path=f"{job_of(page)}/captions.vtt").geturl()
    ).text()
    at = re.search(r"<00:00:(.{6})><c>зовут", webvtt)
    assert at
    page.evaluate(f"document.querySelector('video').currentTime = {float(at[1]) + 0.05}")
    expect(page.locator("#captions .saying")).to_have_text("зовут", timeout=PATIENCE)
    expect(page.locator("#captions .said").first).to_have_text("Меня")
    kinds = {"film": "mp4", "webvtt": "vtt", "srt": "srt", "poster": "jpg"}
    for name, suffix in kinds.items():
        with page.expect_download() as download:
            page.click(f"#file-{name}")
        assert download.value.suggested_filename == f"voiceover.{suffix}"
        download.value.save_as(tmp_path / suffix)
    assert len(frames_of(tmp_path / "mp4", (512, 512))) > 25
    assert "зовут" in (tmp_path / "srt").read_text()


def test_progress_is_told_in_words_and_figures(open_films: OpenPage) -> None:
    page = open_films()
    seen: set[str] = set()
    page.expose_function("seen", lambda line: seen.add(line))
    page.evaluate(
        "for (const line of [document.getElementById('status'), document.getElementById('detail')])"
        " new MutationObserver(() => seen(line.textContent)).observe(line, { childList: true })"
    )
    make(page, f"{SHORT} {SHORT}")
    assert {"Отправляю текст…", "Рисую кадры…", "Видео готово"} <= seen
    assert any(line.startswith("чанк 4 из 4 · ") and "ещё ≈" in line for line in seen)
    expect(page.get_by_role("progressbar", name="Готовность видео")).to_have_attribute("value", "100")


def test_cancelling_works_at_once(open_films: OpenPage) -> None:
    page = open_films()
    press(page, LONG)
    expect(page.locator("#detail")).to_contain_text("%", timeout=PATIENCE)
    expect(page.locator("#cancel")).to_be_focused()
    job = job_of(page)
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as answer:
        assert (
            page.evaluate("(document.querySelector('#cancel').click(), voiceover.state.phase)") == "cancelled"
        )
    assert answer.value.status == 204
    assert state_on_server(page, job) == "cancelled"
    expect(page.locator("#status")).to_have_text("Создание отменено")
    expect(page.locator("#start")).to_be_focused()
    make(page)


def test_a_reload_finds_the_film(open_films: OpenPage) -> None:
    page = open_films()
    page.check("#burn")
    press(page, LONG)
    expect(page.locator("#detail")).to_contain_text("%", timeout=PATIENCE)
    job = job_of(page)
    page.reload()
    wait_for_phase(page, "running")
    assert job_of(page) == job
    expect(page.locator("#text")).to_have_value(LONG)
    expect(page.locator("#burn")).to_be_checked()
    page.keyboard.press("Escape")
    wait_for_phase(page, "cancelled")
    page.reload()
    wait_for_phase(page, "empty")


def test_a_finished_film_is_found_again_until_another_is_wanted(open_films: OpenPage) -> None:
    page = open_films("en-US")
    make(page, "Hello there.")
    page.get_by_role("link", name="Realtime voiceover").click()
    page.get_by_role("link", name="Create and download").click()
    expect(page.locator("#status")).to_have_text("The video is ready", timeout=PATIENCE)
    expect(page.locator("#captions")).to_have_text("Hello there.")
    page.click("#another")
    expect(page.locator("#status")).to_have_text("Your video will appear here")
    expect(page.locator("#text")).to_be_focused()
    expect(page.locator("#file-film")).to_have_attribute("aria-disabled", "true")
    assert page.evaluate("document.querySelector('video').getAttribute('src')") is None


def test_lips_that_were_chosen_are_kept_while_engines_load(open_films: OpenPage) -> None:
    page, held = open_films(), list[Route]()
    page.select_option("#lips", "wav2lip")
    make(page)
    page.route("**/api/engines", lambda route: held.append(route))
    page.reload()
    wait_for_phase(page, "done")
    with page.expect_request(lambda request: request.method == "POST") as asked:
        page.click("#start")
    assert json.loads(asked.value.post_data or "")["lips"] == "wav2lip"
    held[0].continue_()
    expect(page.locator("#lips")).to_be_enabled()
    expect(page.locator("#lips")).to_have_value("wav2lip")


def test_a_film_that_expired_is_told(open_films: OpenPage) -> None:
    page = open_films()
    make(page)
    page.request.delete(urlsplit(page.url)._replace(path=job_of(page)).geturl())
    page.reload()
    wait_for_phase(page, "expired")
    expect(page.locator("#status")).to_contain_text("больше нет на сервере")
    page.click("#start")  # the text is still there
    wait_for_phase(page, "done")


def test_a_failure_is_told_and_tried_again(open_films: OpenPage) -> None:
    page = open_films()
    press(page, "...")
    wait_for_phase(page, "failed")
    expect(page.locator("#status")).to_have_text(
        "Видео не получилось. В тексте нечего произнести: добавьте хотя бы одно слово."
    )
    page.get_by_role("button", name="English").click()
    expect(page.locator("#status")).to_contain_text("There is nothing to speak")
    expect(page.locator("#start")).to_have_text("Try again")
    make(page)


def test_a_refusal_is_quoted(open_films: OpenPage) -> None:
    page = open_films()
    body = json.dumps({"title": "Busy", "status": 503, "detail": "Слишком много видео."})
    refuse: Callable[[Route], None] = lambda route: route.fulfill(  # noqa: E731
        status=503, content_type="application/problem+json", body=body
    )
    page.route("**/api/generate", refuse)
    press(page, SHORT)
    expect(page.locator("#status")).to_have_text("Видео не получилось. Слишком много видео.")
    page.unroute("**/api/generate")
    page.click("#start")
    wait_for_phase(page, "done")


def test_an_empty_text_is_not_sent(open_films: OpenPage) -> None:
    page = open_films()
    press(page, "  ")
    expect(page.get_by_role("alert")).to_have_text("Сначала напишите текст.")
    assert page.evaluate("voiceover.state.phase") == "empty"


def test_a_server_that_is_killed_and_comes_back_is_told(browser: Browser, tmp_path: Path) -> None:
    with running_server(tmp_path) as first:
        port, worker = str(first.port), first.worker
        with opening_pages(first.url, browser, "/", "empty") as open_page:
            page = open_page()
            press(page, LONG)
            expect(page.locator("#detail")).to_contain_text("%", timeout=PATIENCE)
            first.process.kill()
            worker.kill()
            expect(page.locator("#status")).to_have_text(
                "Связь прервалась, восстанавливаю…", timeout=PATIENCE
            )
            with running_server(tmp_path, VOICEOVER_PORT=port):
                wait_for_phase(page, "failed")
                expect(page.locator("#status")).to_contain_text("Сервер остановился")


def test_keyboard_alone_is_enough(open_films: OpenPage) -> None:
    page = open_films()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the link past the header
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(SHORT)
    for _ in range(15):  # choices, own voice, avatars
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "start":
            break
    expect(page.locator("#start")).to_be_focused()
    page.keyboard.press("Enter")
    wait_for_phase(page, "done")
    expect(page.locator("#file-film")).to_be_focused()


def test_nothing_moves_and_no_other_host_is_asked(open_films: OpenPage, server: str) -> None:
    for width in (360, 1440):
        page = open_films(viewport={"width": width, "height": 800})
        hosts: set[str] = set()
        page.on("request", lambda request, hosts=hosts: hosts.add(urlsplit(request.url).netloc))
        make(page)
        page.reload()
        wait_for_phase(page, "done")
        page.wait_for_timeout(300)
        assert page.evaluate("probe.shift") < 0.02
        assert hosts - {""} == {urlsplit(server).netloc}


@pytest.mark.parametrize("width", [360, 768])
def test_a_film_that_the_browser_cannot_show_is_told_where_nothing_moves(
    open_films: OpenPage, width: int
) -> None:
    page = open_films(viewport={"width": width, "height": 800})
    page.route("**/film.mp4", lambda route: route.fulfill(content_type="video/mp4", body="no film"))
    places = (
        "['text', 'screen', 'status', 'file-film'].map("
        "(id) => document.getElementById(id).getBoundingClientRect().top + scrollY)"
    )
    before = page.evaluate(places)
    make(page)
    expect(page.locator("#status")).to_contain_text("не смог его показать")
    assert page.evaluate(places) == before
    page.get_by_role("button", name="English").click()
    expect(page.locator("#status")).to_contain_text("could not show it")
    assert page.evaluate("document.querySelector('video').controls") is False
    assert obstacles(page) == []
    page.click("#another")
    expect(page.locator("#status")).to_have_text("Your video will appear here")


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_page_is_accessible_and_fits(open_films: OpenPage, width: int) -> None:
    page = open_films(viewport={"width": width, "height": 900})
    for text, phase in (("...", "failed"), (LONG, "running"), (None, "cancelled"), (SHORT, "done")):
        if text is None:
            page.keyboard.press("Escape")
        else:
            press(page, text)
        wait_for_phase(page, phase)
        assert obstacles(page) == []
