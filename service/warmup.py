"""Getting ready in the background, so that no user pays for an import."""

import logging
import threading
import time

from service.engines import AUTO
from service.pipeline import ChunkRequest, Pipeline
from voiceover import audio
from voiceover.errors import VoiceoverError

log = logging.getLogger(__name__)

# With a number: that loads the dictionaries by which numbers are read.
FIRST_WORDS = {"ru": "Привет, 1 раз", "en": "Hello, 1"}

AGAIN = 10.0  # seconds after which what was missing may be there


class WarmUp:
    """Speaks a word in the page's languages once, and draws the default idle loop."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._ready = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="warm-up", daemon=True).start()

    def is_ready(self) -> bool:
        """Whether a chunk in the page's first language is served without delay."""
        return self._ready.is_set() and self._can_speak()

    def _can_speak(self) -> bool:
        """Whether there still is an engine for each part of the work: one may hang."""
        try:
            self._pipeline.resolve(ChunkRequest(FIRST_WORDS["ru"], "ru"))
        except VoiceoverError:
            return False
        return True

    def _run(self) -> None:
        # Its imports and those of the lips take about equally long: side by side they take half.
        threading.Thread(target=audio.load, name="load-audio", daemon=True).start()
        while True:
            self._get_ready()
            if self._ready.is_set():
                return
            time.sleep(AGAIN)

    def _get_ready(self) -> None:
        try:
            self._pipeline.split(FIRST_WORDS["ru"], AUTO)
            self._speak("ru")
            self._ready.set()
            self._pipeline.idle_loop(self._pipeline.avatars.ids()[0], "flac")
            self._speak("en")
            self._pipeline.lips.working()  # the page asks for all of them, and some load for seconds
        except VoiceoverError as exc:
            log.error("not ready: %s", exc)

    def _speak(self, language: str) -> None:
        for _ in self._pipeline.render(ChunkRequest(FIRST_WORDS[language], language)).data:
            pass
