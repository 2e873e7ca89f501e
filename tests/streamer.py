"""An engine that streams for real what it has: espeak's speech, a second at a time, at its own pace."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from service.engines import EspeakAligner, speech_engines
from service.models import ModelFolder
from service.registry import Registry
from tts.base import SpeechEngine, Voice
from voiceover.types import Speech, SpeechSoFar

PIECE = 1.0  # seconds


@dataclass
class Streamer:
    """espeak-ng, of whose speech each second is handed out when `clock` lets it."""

    espeak: SpeechEngine
    clock: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(10**6))
    """Acquired before each piece but the first."""
    name: str = "streamer"

    def voices(self) -> Sequence[Voice]:
        return [Voice("streamer:ru", self.name, "ru", "Streamer", "formant")]

    def synthesize(self, text: str, voice: Voice, seed: int = 0) -> Speech:
        return self.espeak.synthesize(text, self._voice, seed)

    def streams(self, voice: Voice) -> bool:
        return True

    def stream(self, text: str, voice: Voice, seed: int = 0) -> Iterator[SpeechSoFar]:
        whole = self.synthesize(text, voice, seed)
        align = EspeakAligner(lambda: self.espeak)
        step = round(PIECE * whole.sample_rate)
        for stop in range(step, len(whole.samples), step):
            heard = whole.samples[:stop]
            yield SpeechSoFar(
                Speech(heard, whole.sample_rate, *align(heard, whole.sample_rate, text, "ru", whole=False)),
                complete=False,
            )
            self.clock.acquire()
        yield SpeechSoFar(whole, complete=True)

    @property
    def _voice(self) -> Voice:
        return next(voice for voice in self.espeak.voices() if voice.language == "ru")


def engines_with_streamer() -> tuple[Registry[SpeechEngine], Streamer]:
    """Return the engines of a server with a voice that streams, and that voice's engine."""
    espeak = speech_engines(ModelFolder()).get("espeak")
    streamer = Streamer(espeak)
    return Registry("speech", {"espeak": lambda: espeak, "streamer": lambda: streamer}), streamer
