"""What a page does when its clip breaks off in the middle: the server's ffmpeg or its worker was killed."""

from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.conftest import opening_pages
from tests.browser.stage import wait_for_phase
from tests.server import RunningServer, running_server, wait_until

TEXT = "Первое предложение довольно длинное, чтобы было что прервать. Второе короче, и оно звучит следом."


def begin(page: Page, server: RunningServer) -> None:
    wait_until(lambda: not server.encoders(), "the idle loop is never finished")
    page.select_option("#language", "ru")
    page.fill("#text", TEXT)
    page.click("#start")
    wait_until(lambda: bool(server.encoders()), "no clip is made")


def test_a_page_goes_on_where_its_clip_broke_off(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with running_server(tmp_path / "data") as server, opening_pages(server.url, browser) as open_page:
        page = open_page()
        begin(page, server)
        for encoder in server.encoders():
            encoder.kill()
        wait_for_phase(page, "done")
        assert "status -9" in server.log.read_text(), "nothing broke off"
        assert {chunk["state"] for chunk in page.evaluate("voiceover.state.chunks")} == {"done"}
        page.reload()
        page.wait_for_function("() => voiceover.state.phase === 'idle'")
        begin(page, server)
        server.worker.kill()  # another takes its place after some seconds
        wait_for_phase(page, "done")
        assert {chunk["state"] for chunk in page.evaluate("voiceover.state.chunks")} == {"done"}
