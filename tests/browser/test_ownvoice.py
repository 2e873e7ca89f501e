"""A voice of one's own, brought on the page: from a file and by the microphone."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from app import create_app
from service.settings import Settings
from tests.browser.conftest import BROWSER_ARGUMENTS, OpenPage, opening_pages
from tests.browser.reach import obstacles
from tests.browser.stage import PATIENCE, wait_for_phase
from tests.imitator import engines_with_imitator
from tests.recordings import file, spoken
from voiceover.types import SAMPLE_RATE

MORE = 3_000  # ms of recording beyond what is enough: its pauses are cut


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("recordings")
    sounds = {"good": spoken(), "short": spoken()[: 3 * SAMPLE_RATE], "microphone": np.tile(spoken(), 2)}
    for name, sound in sounds.items():
        (folder / f"{name}.wav").write_bytes(file(sound))
    (folder / "text.wav").write_text("this is no sound")
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def imitating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with an engine that can imitate."""
    data = tmp_path_factory.mktemp("imitating")
    app = create_app(Settings(data=data), speech=engines_with_imitator())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_imitating(imitating: str, browser: Browser) -> Iterator[OpenPage]:
    with opening_pages(imitating, browser) as open_page:
        yield open_page


def bring(page: Page, recording: Path, name: str) -> None:
    page.set_input_files("#own-input", recording)
    page.fill("#own-name", name)
    page.check("#own-consent")
    page.click("#own-save")


def verdict(page: Page, kind: str) -> str:
    found = page.locator(f"#own-verdict[data-kind={kind}]")
    found.wait_for(timeout=PATIENCE)
    return found.inner_text()


def kept(page: Page) -> list[str]:
    return page.locator(".own-name").all_inner_texts()


def forget_all(page: Page) -> None:
    while page.locator("#own-list li").count():
        count = page.locator("#own-list li").count()
        page.locator("#own-list li button").nth(1).click()
        page.locator("#own-list li button").nth(1).click()
        expect(page.locator("#own-list li")).to_have_count(count - 1, timeout=PATIENCE)


def test_a_good_recording_is_kept_chosen_spoken_with_and_deleted(
    open_imitating: OpenPage, recordings: dict[str, Path]
) -> None:
    page = open_imitating()
    page.click("#own-open")
    expect(page.locator("#own-missing")).to_be_hidden()
    bring(page, recordings["good"], "Анна <b>")
    assert verdict(page, "good").startswith("Хорошая запись: 9 с речи")
    assert kept(page) == ["Анна <b>"]
    expect(page.locator("#own-name")).to_have_value("")
    expect(page.locator("#own-consent")).not_to_be_checked()
    page.click("#own-close")

    expect(page.locator("#voice option:checked")).to_contain_text("Анна <b>, свой голос", timeout=PATIENCE)
    page.fill("#text", "Это мой голос.")
    page.click("#start")
    wait_for_phase(page, "done")
    assert page.evaluate("voiceover.state.engines.voice").startswith("imitator:own-")

    page.reload()
    wait_for_phase(page, "idle")
    page.click("#own-open")
    page.get_by_role("button", name="Удалить: Анна <b>").click()
    assert kept(page) == ["Анна <b>"], "one click deletes nothing"
    page.get_by_role("button", name="Точно удалить?: Анна <b>").click()
    expect(page.locator("#own-list li")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("#own-verdict")).to_have_text(
        "Голос «Анна <b>» удалён вместе с записью.", timeout=PATIENCE
    )
    assert "imitator" not in page.locator("#voice").inner_html()


def test_a_kept_voice_can_be_heard(open_page: OpenPage, recordings: dict[str, Path]) -> None:
    page = open_page("en-US")
    page.click("#own-open")
    bring(page, recordings["good"], "Mary")
    verdict(page, "good")
    with page.expect_response("**/sample.wav") as response:
        page.get_by_role("button", name="Listen: Mary").click()
    assert response.value.status in (200, 206)
    forget_all(page)


def test_a_bad_recording_is_refused_in_words(open_page: OpenPage, recordings: dict[str, Path]) -> None:
    page = open_page()
    page.click("#own-open")
    bring(page, recordings["short"], "Анна")
    assert "нужно от 6 до 30" in verdict(page, "refused")
    bring(page, recordings["text"], "Анна")
    expect(page.locator("#own-verdict")).to_contain_text("нет звука", timeout=PATIENCE)
    expect(page.locator("#own-name")).to_have_value("Анна")  # what was filled in is not lost
    assert kept(page) == []


def test_what_is_missing_is_asked_for_before_anything_is_sent(
    open_page: OpenPage, recordings: dict[str, Path]
) -> None:
    page = open_page("en-US")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.click("#own-open")
    for told, mend in (
        ("First choose a file", lambda: page.set_input_files("#own-input", recordings["good"])),
        ("Give the voice a name", lambda: page.fill("#own-name", "Mary")),
        ("The consent", lambda: None),
    ):
        page.click("#own-save")
        expect(page.locator("#own-verdict")).to_contain_text(told)
        mend()
    expect(page.locator("#own-consent")).to_be_focused()
    assert sent == []


def test_where_nothing_can_imitate_the_page_names_the_command(open_page: OpenPage) -> None:
    page = open_page()
    page.click("#own-open")
    expect(page.locator("#own-missing")).to_contain_text("flask models download")


def test_a_file_can_be_dropped(open_page: OpenPage) -> None:
    page = open_page("en-US")
    page.click("#own-open")
    page.evaluate(
        "() => { const data = new DataTransfer(); data.items.add(new File(['x'], 'mine.wav'));"
        " for (const kind of ['dragover', 'drop']) document.querySelector('#own-zone')"
        ".dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true })); }"
    )
    expect(page.locator("#own-label")).to_have_text("mine.wav · 0.0 MB")


def test_keys_reach_the_sheet_and_not_the_page_behind(open_page: OpenPage) -> None:
    page = open_page()
    page.focus("#own-open")
    page.keyboard.press("Enter")
    expect(page.locator("#own-dialog")).to_be_visible()
    page.keyboard.press("Control+Enter")
    assert page.evaluate("voiceover.state.phase") == "idle"
    page.keyboard.press("Escape")
    expect(page.locator("#own-dialog")).to_be_hidden()
    expect(page.locator("#own-open")).to_be_focused()


@pytest.mark.parametrize("width", [360, 1440])
def test_the_sheet_is_accessible_and_fits(
    open_page: OpenPage, recordings: dict[str, Path], width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 800})
    page.click("#own-open")
    bring(page, recordings["good"], "Анна-Мария Константинопольская")
    verdict(page, "good")
    bring(page, recordings["short"], "А")
    verdict(page, "refused")
    assert obstacles(page) == []
    sheet = "document.querySelector('#own-dialog')"
    assert page.evaluate(f"{sheet}.scrollWidth <= {sheet}.clientWidth")
    expect(page.locator("#own-verdict")).to_be_in_viewport()
    forget_all(page)


@pytest.fixture(scope="module")
def open_with_microphone(server: str, browser: Browser, recordings: dict[str, Path]) -> Iterator[OpenPage]:
    """Pages of a browser whose microphone hears somebody speak."""
    microphone = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={recordings['microphone']}",
    ]
    path = shutil.which("chromium")
    other = browser.browser_type.launch(executable_path=path, args=[*BROWSER_ARGUMENTS, *microphone])
    with opening_pages(server, other) as open_page:
        yield open_page
    other.close()


def test_a_voice_is_recorded_by_the_microphone(open_with_microphone: OpenPage) -> None:
    page = open_with_microphone()
    page.click("#own-open")
    page.click("#own-record")
    expect(page.locator("#own-record")).to_have_text("Закончить запись")
    page.wait_for_function(
        "() => parseFloat(document.querySelector('#own-meter').style.getPropertyValue('--level')) > 30"
    )
    expect(page.locator("#own-clock")).to_contain_text("уже хватит", timeout=PATIENCE)
    page.wait_for_timeout(MORE)
    page.click("#own-record")
    expect(page.locator("#own-label")).to_contain_text("Запись с микрофона")
    page.wait_for_function("() => document.querySelector('#own-listen').readyState > 0")
    page.fill("#own-name", "С микрофона")
    page.check("#own-consent")
    page.click("#own-save")
    assert verdict(page, "good").startswith("Хорошая запись"), "the browser has not changed the voice"
    assert kept(page) == ["С микрофона"]
    forget_all(page)


def test_closing_the_sheet_lets_go_of_the_microphone(open_with_microphone: OpenPage) -> None:
    page = open_with_microphone()
    page.click("#own-open")
    page.click("#own-record")
    expect(page.locator("#own-recording")).to_be_visible()
    page.click("#own-close")
    expect(page.locator("#own-record")).to_have_text("Записать")
    expect(page.locator("#own-label")).to_have_text("Перетащите файл сюда")


def test_a_browser_without_a_microphone_says_so(open_page: OpenPage) -> None:
    page = open_page("en-US")
    page.click("#own-open")
    page.click("#own-record")
    assert "choose a file" in verdict(page, "refused")
