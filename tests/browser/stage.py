"""What a test sees of a speech: the media timeline and the sound, as the browser reports them."""

import base64
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

PATIENCE = 120_000  # ms; a limit against hanging, not an expectation


@dataclass(frozen=True)
class Performance:
    """A text as it was spoken."""

    frames: NDArray[np.int64]
    """(n, 3): frame on the media timeline, frames presented so far, frames dropped so far."""
    events: list[tuple[str, float, float]]
    """Events of the <video> since the press, with its time and what lay buffered ahead, in seconds."""
    statuses: list[str]
    ranges: list[tuple[float, float]]
    """What was buffered at the end, in seconds."""
    recording: NDArray[np.float32]
    clips: list[bytes]
    states: list[str]
    """Of each chunk, at the end."""
    lives: int
    """How often the avatar began to speak."""

    @property
    def disturbed(self) -> bool:
        """Whether playing was held up, as it is on a machine that is busy with other things."""
        return self.lives > 1 or any(name != "playing" for name, _, _ in self.events)


def perform(page: Page, text: str) -> Performance:
    """Speak a text on an open page, from the press to the last word."""
    page.fill("#text", text)
    page.evaluate("record()")
    page.evaluate("probe.frames.length = probe.events.length = probe.statuses.length = probe.lives = 0")
    page.click("#start")
    wait_for_phase(page, "done")
    page.wait_for_function("(end) => probe.frames.at(-1)[0] > end", arg=last_frame(page) + 10)
    return Performance(
        frames=np.array(page.evaluate("probe.frames"), np.int64),
        events=[(name, at, ahead) for name, at, ahead in page.evaluate("probe.events")],
        statuses=page.evaluate("probe.statuses"),
        ranges=buffered(page),
        recording=np.frombuffer(base64.b64decode(page.evaluate("recorded()")), np.float32),
        clips=[base64.b64decode(clip) for clip in page.evaluate("clips()")],
        states=[chunk["state"] for chunk in page.evaluate("voiceover.state.chunks")],
        lives=page.evaluate("probe.lives"),
    )


def wait_for_phase(page: Page, phase: str) -> None:
    page.wait_for_function("(phase) => voiceover.state.phase === phase", arg=phase, timeout=PATIENCE)


def wait_for_speech(page: Page, chunk: int = 0) -> None:
    page.wait_for_function("(k) => voiceover.state.current >= k", arg=chunk, timeout=PATIENCE)


def last_frame(page: Page) -> int:
    return int(page.evaluate("probe.frames.at(-1)[0]"))


def buffered(page: Page) -> list[tuple[float, float]]:
    ranges = page.evaluate(
        "(() => { const b = document.querySelector('video').buffered;"
        " return Array.from({ length: b.length }, (_, i) => [b.start(i), b.end(i)]); })()"
    )
    return [(start, end) for start, end in ranges]
