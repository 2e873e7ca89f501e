"""What every voice is to the rest of the program."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from voiceover.types import Speech


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who can read a text aloud."""

    id: str
    """Unique among all engines: "<engine>:<name>"."""
    engine: str
    """Name of the engine that speaks with it."""
    language: str
    """Language tag in lower case, such as "ru" or "en-us"."""
    name: str
    """What people see."""
    quality: str
    """"formant" (intelligible, robotic) or "neural"."""


class SpeechEngine(Protocol):
    """Turns text into sound with times.

    Engines are shared by all requests: every method must be safe to call from several threads.
    """

    name: str

    def voices(self) -> Sequence[Voice]:
        """Return what it can speak with here and now, the preferred voice of each language first."""
        ...

    def synthesize(self, text: str, voice: Voice, seed: int = 0) -> Speech:
        """Speak a text in one breath.

        Returns sound at the voice's own sample rate and of its natural length, with its phones and
        with the words of `text.split()`, all in sample positions. Nothing to say (marks alone) gives
        no phones.

        Raises:
            SynthesisError: the voice cannot speak this text.
        """
        ...
