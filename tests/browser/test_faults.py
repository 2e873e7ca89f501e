"""What a page does when its clip breaks off in the middle: the server's ffmpeg was killed."""

from pathlib import Path

import psutil
from playwright.sync_api import Browser

from tests.browser.conftest import opening_pages
from tests.browser.stage import wait_for_phase
from tests.server import running_server

SENTENCE = "Это {number} предложение длинное, в нём много слов, чтобы было что прервать посередине речи."
BROKE_OFF = "an answer broke off in the middle"


def test_a_page_goes_on_where_its_clip_broke_off(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    text = " ".join(SENTENCE.format(number=number) for number in range(4))
    with running_server(tmp_path / "data") as server, opening_pages(server.url, browser) as open_page:
        page = open_page()
        page.select_option("#language", "ru")
        page.fill("#text", text)
        page.click("#start")
        for chunk in range(4):  # a clip is made in a second: the first may be whole before it is met
            page.wait_for_function("(k) => voiceover.state.chunks[k]?.made > 0", arg=chunk)
            for encoder in sorted(server.encoders(), key=psutil.Process.create_time)[:1]:
                encoder.kill()
            page.wait_for_timeout(200)
            if BROKE_OFF in server.log.read_text():
                break
        assert BROKE_OFF in server.log.read_text() and "status -9" in server.log.read_text()
        wait_for_phase(page, "done")
        assert {one["state"] for one in page.evaluate("voiceover.state.chunks")} == {"done"}
