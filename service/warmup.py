"""Getting ready in the background, so that no user pays for an import."""

import logging
import threading
import time
from collections.abc import Callable
from itertools import chain, repeat

from service.pipeline import ChunkRequest, Pipeline
from service.registry import AUTO
from voiceover import audio
from voiceover.errors import NotReady, VoiceoverError

log = logging.getLogger(__name__)

# With a number: that loads the dictionaries by which numbers are read.
FIRST_WORDS = {"ru": "Привет, 1 раз", "en": "Hello, 1"}

PAUSES = (1, 2, 5, 10, 20, 30)
"""Seconds until it is tried again, then the last of them each time: what was missing may be there."""


class WarmUp:
    """Speaks a word in the page's languages once, and draws the default idle loop.

    Safe to share between threads.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._ready = threading.Event()
        self._fault = NotReady("the engines are getting ready", reason="warming-up")

    def start(self) -> None:
        threading.Thread(target=self._run, name="warm-up", daemon=True).start()

    def fault(self) -> NotReady | None:
        """Return why a chunk in the page's first language is not served without delay; None: it is."""
        if not self._ready.is_set():
            return self._fault
        try:  # an engine may hang, or be taken away
            self._pipeline.resolve(ChunkRequest(FIRST_WORDS["ru"], "ru"))
        except VoiceoverError as exc:
            return _mute(exc, PAUSES[0])
        return None

    def _run(self) -> None:
        # Its imports and those of the lips take about equally long: side by side they take half.
        threading.Thread(target=audio.load, name="load-audio", daemon=True).start()
        for pause in chain(PAUSES, repeat(PAUSES[-1])):
            fault = _attempt(self._begin)
            if fault is None:
                break
            self._fault = _mute(fault, pause)
            time.sleep(pause)
        self._ready.set()
        _attempt(self._go_on)

    def _begin(self) -> None:
        self._pipeline.split(FIRST_WORDS["ru"], AUTO)
        self._speak("ru")

    def _go_on(self) -> None:
        self._pipeline.idle_loop(self._pipeline.avatars.ids()[0], "flac")
        self._speak("en")
        self._pipeline.lips.working()  # the page asks for all of them, and some load for seconds

    def _speak(self, language: str) -> None:
        for _ in self._pipeline.render(ChunkRequest(FIRST_WORDS[language], language)).data:
            pass


def _attempt(step: Callable[[], None]) -> VoiceoverError | None:
    """Do something; return what went wrong, or None."""
    try:
        step()
    except VoiceoverError as exc:
        log.error("getting ready failed: %s", exc)
        return exc
    except Exception as exc:  # nobody else would ever hear of it
        log.exception("getting ready failed")
        return VoiceoverError(f"{type(exc).__name__} while getting ready")
    return None


def _mute(cause: VoiceoverError, pause: int) -> NotReady:
    return NotReady(f"nothing can be spoken: {cause}", reason="cannot-speak", cause=cause, retry_after=pause)
