"""Draws the pictures of the README with the project itself: `make pictures`."""

import tempfile
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

from service.casting import choose_voice
from service.engines import lip_engines, speech_engines
from service.models import ModelFolder
from tests.browser.conftest import BROWSER_ARGUMENTS
from tests.server import running_server
from voiceover import audio
from voiceover.avatars import DEFAULT_AVATAR
from voiceover.avatarstore import AvatarStore

DOCS = Path(__file__).parent
WORDS = "Hello, my name is Avatar!"
MOUTHS = ("l", "ˈoʊ", "m", "aɪ", "v", "ˌɑːɹ")  # phones of the words above, in their order
FACE = np.s_[60:330, 120:390]
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 88]


def draw_speaking() -> None:
    """The default avatar in the middle of some phones."""
    engine = speech_engines(ModelFolder()).get("espeak")
    voice = choose_voice(list(engine.voices()), "en-us")
    speech = audio.finish(engine.synthesize(WORDS, voice), pause=0.3)
    with tempfile.TemporaryDirectory() as folder:
        avatar = AvatarStore(Path(folder)).get(DEFAULT_AVATAR)
    frames = list(lip_engines(ModelFolder()).get("visemes").frames(avatar, speech))
    pictures = []
    phones = iter(speech.phones)
    for symbol in MOUTHS:
        phone = next(phone for phone in phones if phone.symbol == symbol)
        frame = frames[(phone.start + phone.stop) * 25 // (2 * speech.sample_rate) - 1]
        pictures.append(frame[FACE])
    cv2.imwrite(str(DOCS / "speaking.jpg"), np.hstack(pictures), JPEG)


def draw_page() -> None:
    """The page while the avatar speaks."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder)) as server,
        sync_playwright() as tool,
    ):
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=BROWSER_ARGUMENTS)
        page = browser.new_page(locale="ru-RU", viewport={"width": 1440, "height": 960})
        page.goto(f"{server.url}/realtime")
        page.wait_for_function("() => voiceover.state.phase === 'idle'")
        page.click("#start")
        page.wait_for_function("() => voiceover.state.current === 2", timeout=60_000)
        page.wait_for_timeout(700)
        page.screenshot(path=DOCS / "realtime.jpg", type="jpeg", quality=85)
        browser.close()


if __name__ == "__main__":
    draw_speaking()
    draw_page()
