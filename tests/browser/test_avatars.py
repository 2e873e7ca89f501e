"""Avatars of one's own, brought, framed, renamed, heard and deleted on the page."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests import pictures, videos
from tests.browser.conftest import OpenPage
from tests.browser.reach import obstacles
from tests.browser.stage import PATIENCE, wait_for_phase, wait_for_speech
from voiceover.avatars import astronaut

LIST = "fetch('/api/avatars').then((answer) => answer.json()).then(({ avatars }) => avatars.slice(1))"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Photos by name."""
    folder = tmp_path_factory.mktemp("photos")
    half_masked = pictures.two_people()
    half_masked[:, 512:] = pictures.masked(np.ascontiguousarray(half_masked[:, 512:]))
    photos = {
        "Анна <b>": astronaut(),
        "masked": pictures.masked(astronaut()),
        "nobody": pictures.nobody(),
        "two": pictures.two_people(),
        "half masked": half_masked,
    }
    for name, photo in photos.items():
        (folder / f"{name}.jpg").write_bytes(pictures.jpeg(photo))
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of somebody who speaks."""
    folder = tmp_path_factory.mktemp("speaker")
    return videos.write(videos.swaying(3, talking=True), folder / "speaker.mp4")


@pytest.fixture(scope="module")
def coffee(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video without a face."""
    folder = tmp_path_factory.mktemp("coffee")
    return videos.write([pictures.nobody()[:400, :600]] * 60, folder / "coffee.mp4")


@pytest.fixture
def page(open_page: OpenPage) -> Iterator[Page]:
    page = open_page()
    yield page
    forget_all(page)


def forget_all(page: Page) -> None:
    page.evaluate(
        f"{LIST}.then((brought) => Promise.all("
        "brought.map(({ id }) => fetch(`/api/avatars/${id}`, { method: 'DELETE' }))))"
    )


def bring(page: Page, file: Path) -> None:
    page.click("#avatar-add")
    page.set_input_files("#avatar-input", file)


def expect_verdict(page: Page, kind: str, text: str) -> None:
    verdict = page.locator(f"#avatar-verdict[data-kind={kind}]")
    expect(verdict).to_contain_text(text, timeout=PATIENCE)


def save(page: Page) -> None:
    page.click("#avatar-save")
    expect(page.locator("#avatar-dialog")).to_be_hidden(timeout=PATIENCE)


def brought(page: Page) -> list[dict]:  # type: ignore[type-arg]
    """Return the avatars of the server but the one that comes along."""
    avatars: list[dict] = page.evaluate(LIST)  # type: ignore[type-arg]
    return avatars


def chosen(page: Page) -> str:
    return page.locator("#avatar-list label:has(:checked)").inner_text()


def test_a_good_photo_becomes_the_avatar_that_speaks(page: Page, files: dict[str, Path]) -> None:
    bring(page, files["Анна <b>"])
    expect_verdict(page, "good", "Лицо найдено")
    expect(page.locator("#avatar-title")).to_be_focused()
    expect(page.locator("#avatar-name")).to_have_value("Анна <b>")
    save(page)
    expect(page.locator("#avatar-add")).to_be_focused()
    expect(page.locator("#avatar-list label:has(:checked)")).to_have_text("Анна <b>", timeout=PATIENCE)
    [avatar] = brought(page)
    expect(page.locator("#video")).to_have_attribute("poster", avatar["poster"])
    with page.expect_request("**/api/generate_stream") as request:
        page.fill("#text", "Привет")
        page.click("#start")
    assert request.value.post_data_json["avatar"] == avatar["id"]
    wait_for_phase(page, "done")


@pytest.mark.parametrize(("name", "words"), [("masked", "Рот чем-то закрыт"), ("nobody", "не найдено")])
def test_a_refusal_says_why_and_shows_what_was_found(
    page: Page, files: dict[str, Path], name: str, words: str
) -> None:
    bring(page, files[name])
    expect_verdict(page, "refused", words)
    expect(page.locator("#avatar-found")).to_be_visible()
    page.wait_for_function("() => document.querySelector('#avatar-found').naturalWidth > 100")
    assert brought(page) == []
    # Another photo is given in the same place.
    page.set_input_files("#avatar-input", files["Анна <b>"])
    expect_verdict(page, "good", "Лицо найдено")
    expect(page.locator("#avatar-found")).to_be_hidden()


def test_another_face_is_chosen_by_a_click(page: Page, files: dict[str, Path]) -> None:
    bring(page, files["two"])
    expect_verdict(page, "good", "несколько лиц")
    [before] = brought(page)
    page.get_by_role("button", name="Лицо 2 из 2").click()
    expect(page.get_by_role("button", name="Лицо 2 из 2")).to_have_attribute("aria-pressed", "true")
    save(page)
    [after] = brought(page)
    assert (before["photo"]["face"], after["photo"]["face"]) == (0, 1)
    assert after["photo"]["crop"]["left"] > before["photo"]["crop"]["left"]


def test_a_face_that_cannot_speak_says_why(page: Page, files: dict[str, Path]) -> None:
    bring(page, files["half masked"])
    expect_verdict(page, "good", "несколько лиц")
    page.get_by_role("button", name="Лицо 2 из 2: Рот чем-то закрыт").click(force=True)
    expect_verdict(page, "flawed", "Рот чем-то закрыт")
    assert brought(page)[0]["photo"]["face"] == 0


def test_the_frame_is_moved_and_resized_by_pointer_and_keys(page: Page, files: dict[str, Path]) -> None:
    bring(page, files["two"])
    expect_verdict(page, "good", "несколько лиц")
    page.wait_for_function("() => document.querySelector('#avatar-picture').naturalWidth > 0")
    before = brought(page)[0]["photo"]["crop"]
    pixels = page.locator("#avatar-pixels").inner_text()
    corner = page.get_by_role("button", name="Правый нижний угол кадра").bounding_box()
    assert corner
    x, y = corner["x"] + corner["width"] - 4, corner["y"] + corner["height"] - 4
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y - 10, steps=4)
    page.mouse.up()
    assert page.locator("#avatar-pixels").inner_text() != pixels
    page.get_by_role("button", name="Кадр: тяните").focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.locator("#avatar-size").fill("300")
    save(page)
    avatar = brought(page)[0]
    after = avatar["photo"]["crop"]
    assert after["left"] == before["left"] + 3
    assert before["width"] - 120 < after["width"] < before["width"] - 30
    assert after["height"] < before["height"]
    assert max(avatar["width"], avatar["height"]) == avatar["photo"]["size"] == 300
    assert min(avatar["width"], avatar["height"]) % 2 == 0


def test_what_is_not_saved_is_undone(page: Page, files: dict[str, Path]) -> None:
    bring(page, files["two"])
    expect_verdict(page, "good", "несколько лиц")
    before = brought(page)
    page.fill("#avatar-name", "Другое")
    page.get_by_role("button", name="Лицо 2 из 2").click()
    expect(page.get_by_role("button", name="Лицо 2 из 2")).to_have_attribute("aria-pressed", "true")
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.keyboard.press("Escape")
    page.wait_for_function("() => document.querySelectorAll('#avatar-list label').length === 2")
    assert brought(page) == before
    assert chosen(page) == "Айлин Коллинз"


def test_an_avatar_is_heard_before_it_is_saved(page: Page, files: dict[str, Path]) -> None:
    bring(page, files["Анна <b>"])
    expect_verdict(page, "good", "Лицо найдено")
    page.click("#avatar-speak")
    page.wait_for_function("() => document.querySelector('#avatar-clip').currentTime > 0.5", timeout=PATIENCE)
    expect(page.locator("#avatar-canvas")).to_be_hidden()
    assert page.evaluate("document.querySelector('#avatar-clip').src").startswith("blob:")
    page.get_by_role("button", name="Левый верхний угол кадра").press("ArrowRight")
    expect(page.locator("#avatar-canvas")).to_be_visible()


def test_an_avatar_is_renamed_and_deleted(page: Page, files: dict[str, Path]) -> None:
    expect(page.locator("#avatar-change")).to_be_hidden()  # the one that comes along stays as it is
    bring(page, files["Анна <b>"])
    save(page)
    page.click("#avatar-change")
    page.fill("#avatar-name", " ")
    page.click("#avatar-save")
    expect_verdict(page, "refused", "Назовите аватара")
    expect(page.locator("#avatar-name")).to_be_focused()
    page.fill("#avatar-name", "Мария")
    save(page)
    page.wait_for_function("() => document.querySelector('#avatar-list').innerText.includes('Мария')")
    page.click("#avatar-change")
    page.click("#avatar-remove")
    expect(page.locator("#avatar-remove")).to_have_text("Точно удалить?")
    assert len(brought(page)) == 1, "one click deletes nothing"
    page.click("#avatar-remove")
    expect(page.locator("#avatar-list label")).to_have_count(1, timeout=PATIENCE)
    assert brought(page) == []
    assert chosen(page) == "Айлин Коллинз"


def test_a_video_is_prepared_and_tells_what_suits_it(page: Page, speaker: Path) -> None:
    bring(page, speaker)
    expect(page.locator("#avatar-percentage")).to_contain_text("Готовлю видео", timeout=PATIENCE)
    page.click("#avatar-close")
    expect(page.locator("#avatar-list button")).to_contain_text("Готовится")
    page.locator("#avatar-list button").click()
    expect(page.locator("#avatar-facts")).to_contain_text("3 с видео", timeout=PATIENCE)
    expect(page.locator("#avatar-facts")).to_contain_text("Лучше подходит visemes")
    expect(page.locator("#avatar-photo")).to_be_hidden()
    expect(page.locator("#avatar-list button")).to_have_count(0)
    save(page)
    expect(page.locator("#avatar-list label:has(:checked)")).to_have_text("speaker", timeout=PATIENCE)


def test_a_video_is_given_up_or_refused(page: Page, speaker: Path, coffee: Path) -> None:
    bring(page, speaker)
    page.click("#avatar-giveUp")
    expect(page.locator("#avatar-list button")).to_have_count(0, timeout=PATIENCE)
    bring(page, coffee)
    expect_verdict(page, "refused", "не найдено")
    expect(page.locator("#avatar-found")).to_be_visible()
    page.click("#avatar-close")
    expect(page.locator("#avatar-list button")).to_have_count(0)
    assert brought(page) == []


def drop(page: Page, file: Path, kinds: tuple[str, ...]) -> None:
    """Drag a file over the strip."""
    page.evaluate(
        "([bytes, name, kinds]) => { const data = new DataTransfer();"
        " data.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/jpeg' }));"
        " for (const kind of kinds) document.querySelector('#avatar-list').dispatchEvent("
        "new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true })); }",
        [list(file.read_bytes()), file.name, kinds],
    )


def test_a_photo_is_dropped_on_the_strip(page: Page, files: dict[str, Path]) -> None:
    drop(page, files["Анна <b>"], ("dragover",))
    expect(page.get_by_text("Отпустите фото или видео")).to_be_visible()
    drop(page, files["Анна <b>"], ("dragover", "drop"))
    expect(page.get_by_text("Отпустите фото или видео")).to_be_hidden()
    expect_verdict(page, "good", "Лицо найдено")


def test_another_avatar_is_chosen_by_keys_while_this_one_speaks(page: Page, files: dict[str, Path]) -> None:
    bring(page, files["two"])
    save(page)
    page.fill("#text", "Это длинное предложение, которое обязательно прервут, не дав договорить.")
    page.click("#start")
    wait_for_speech(page)
    page.locator("#avatar-list input:checked").focus()
    page.keyboard.press("ArrowLeft")
    wait_for_phase(page, "stopped")
    assert chosen(page) == "Айлин Коллинз"
    seen = page.evaluate("document.querySelector('video').currentTime")
    page.wait_for_function("(t) => document.querySelector('video').currentTime > t + 1", arg=seen)
    page.click("#start")
    wait_for_phase(page, "done")


@pytest.mark.parametrize("width", [360, 1440])
def test_strip_and_sheet_are_accessible_and_fit(
    open_page: OpenPage, files: dict[str, Path], width: int
) -> None:
    page = open_page(viewport={"width": width, "height": 800})
    bring(page, files["masked"])
    expect_verdict(page, "refused", "Рот чем-то закрыт")
    assert obstacles(page) == []
    page.set_input_files("#avatar-input", files["half masked"])
    expect_verdict(page, "good", "несколько лиц")
    assert obstacles(page) == []
    sheet = "document.querySelector('#avatar-dialog')"
    assert page.evaluate(f"{sheet}.scrollWidth <= {sheet}.clientWidth")
    save(page)
    expect(page.locator("#avatar-list label")).to_have_count(2)
    assert obstacles(page) == []
    forget_all(page)
