"""What a viewer sees and hears, on the clock of a real browser."""

import base64
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.report import Row
from tests.browser.conftest import BROWSER_ARGUMENTS
from tests.browser.stage import perform
from tests.clips import sound_of
from voiceover.types import FPS, SAMPLES_PER_FRAME

HELLO = "Привет!"
TEXT = (
    "Добрый день! Сегодня мы измеряем швы. Каждый чанк готовится отдельно. "
    "Зритель этого не видит. Звук тоже идёт без перерыва. Спасибо за внимание!"
)
AROUND = 2  # frames on each side of a seam that count as the seam
PROBE = Path(__file__).parents[1] / "tests" / "browser" / "probe.js"
CLOCK = """
addEventListener("DOMContentLoaded", () => {
  globalThis.shown = [];
  const video = document.querySelector("video");
  const note = (now, { mediaTime }) => {
    shown.push([now, Math.round(mediaTime * %d), globalThis.voiceover?.state.current ?? -1]);
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
});
"""
CONTROL = """
async (file) => {
  const video = document.createElement("video");
  document.body.append(video);
  video.src = URL.createObjectURL(new Blob([Uint8Array.from(atob(file), (c) => c.charCodeAt(0))]));
  const shown = [];
  const note = (now, { mediaTime }) => {
    shown.push([now, Math.round(mediaTime * %d), 0]);
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
  await video.play();
  await new Promise((resolve) => video.addEventListener("ended", resolve));
  return shown;
}
"""

Shown: TypeAlias = Sequence[tuple[float, int, int]]
"""For each picture presented: the clock in ms, its frame on the media timeline, the chunk being spoken."""


def measure_page(url: str, repeats: int) -> list[Row]:
    """Time from the press to the first speaking frame; gaps at seams beside an unsplit file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=BROWSER_ARGUMENTS)
        rows = [_press(browser, url, repeats), *_seams(browser, url)]
        browser.close()
    return rows


def _open(browser: Browser, url: str) -> Page:
    # The recorder comes from a blob, which the page's own policy forbids.
    page = browser.new_page(locale="ru-RU", bypass_csp=True, viewport={"width": 1440, "height": 900})
    page.add_init_script(path=PROBE)
    page.add_init_script(CLOCK % FPS)
    page.goto(f"{url}/realtime")
    page.wait_for_function("() => voiceover.state.phase === 'idle'")
    return page


def _press(browser: Browser, url: str, repeats: int) -> Row:
    page = _open(browser, url)
    page.fill("#text", HELLO)
    seconds = []
    for _ in range(repeats):
        page.wait_for_timeout(700)
        page.click("#start")
        page.wait_for_function("() => voiceover.state.phase === 'done'", timeout=60_000)
        seconds.append(float(page.evaluate("voiceover.state.firstFrame")))
    page.close()
    return Row("press → first speaking frame on the page", seconds, "s", "1.0", "0.5")


def _seams(browser: Browser, url: str) -> list[Row]:
    page = _open(browser, url)
    page.evaluate("shown.length = 0")
    performance = perform(page, TEXT)
    shown = [(now, frame, chunk) for now, frame, chunk in page.evaluate("shown")]
    with tempfile.TemporaryDirectory() as folder, page.expect_download() as download:
        page.click("#download")
        download.value.save_as(Path(folder) / "whole.mp4")
        whole = base64.b64encode((Path(folder) / "whole.mp4").read_bytes()).decode()
        sounds = []
        for number, clip in enumerate(performance.clips):
            path = Path(folder) / f"{number}.mp4"
            path.write_bytes(clip)
            sounds.append(sound_of(path))
    control = page.evaluate(CONTROL % FPS, whole)
    page.close()
    lengths = [len(sound) // SAMPLES_PER_FRAME for sound in sounds]
    first = next(frame for _, frame, chunk in shown if chunk == 0)
    seams = [int(end) for end in np.cumsum(lengths)[:-1]]
    return [
        Row(
            "step at a seam, picture",
            _steps(shown, [first + seam for seam in seams]),
            "ms",
            "≤ 1 frame over control",
            "",
        ),
        Row("step at the same places of an unsplit file", _steps(control, seams), "ms", "(control)", ""),
        Row("error at a seam, sound", _sound_errors(performance.recording, sounds), "samples", "0", "0"),
    ]


def _steps(shown: Shown, places: Sequence[int]) -> list[float]:
    """The longest time between two pictures around each place, in ms for one frame step."""
    steps = []
    for place in places:
        near = [
            (after[0] - before[0])
            for before, after in pairwise(shown)
            if place - AROUND <= after[1] <= place + AROUND
        ]
        if near:
            steps.append(max(near))
    return steps


def _sound_errors(recording: np.ndarray, sounds: Sequence[np.ndarray]) -> list[float]:
    """Samples by which each sound begins too late (+) or too early (-) after the one before it."""
    from scipy.signal import fftconvolve

    def place(sound: np.ndarray) -> int:
        return int(np.argmax(fftconvolve(recording, sound[::-1], mode="valid")))

    begins = [place(sound) for sound in sounds]
    return [
        float(after - before - len(sound))
        for before, after, sound in zip(begins, begins[1:], sounds, strict=False)
    ]
