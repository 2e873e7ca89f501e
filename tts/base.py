"""What every voice is to the rest of the program."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from voiceover.errors import VoiceoverError
from voiceover.types import Phone, Samples, Speech, SpeechSoFar, Word


@dataclass(frozen=True, slots=True, eq=False)
class VoiceSample:
    """A recording of somebody whose voice is to be imitated."""

    digest: str
    """Hash of the recording's content: what is cached about a sample is cached under it."""
    samples: Samples
    """Speech alone, trimmed and at an even loudness."""
    sample_rate: int


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
    """"formant" (intelligible, robotic), "neural", or "imitated" where the engine imitates the `sample`."""
    sample: VoiceSample | None = None
    """Whom a voice imitates; None where the voice is the engine's own."""
    fault: VoiceoverError | None = None
    """Why it cannot speak, once that is known; None while nothing speaks against it."""


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


@runtime_checkable
class CloningEngine(SpeechEngine, Protocol):
    """An engine that can imitate the `sample` of a voice that it is given."""

    def cloned_languages(self) -> Sequence[str]:
        """Return the languages in which it can imitate anybody."""
        ...


class Aligner(Protocol):
    """Finds out when what was said, for engines that do not tell. Safe to call from several threads."""

    def __call__(
        self, samples: Samples, sample_rate: int, text: str, language: str, whole: bool = True
    ) -> tuple[tuple[Phone, ...], tuple[Word, ...]]:
        """Return the phones and the words (`text.split()`) of a sound, in its own sample positions.

        Args:
            whole: whether the text is said to its end; else only what has begun is returned.
        """
        ...


@runtime_checkable
class PacedEngine(SpeechEngine, Protocol):
    """An engine that measures how fast it speaks here."""

    def pace(self, voice: Voice) -> float | None:
        """Return the seconds of work that a second of speech takes; None until the voice has spoken."""
        ...


@runtime_checkable
class StreamingEngine(SpeechEngine, Protocol):
    """An engine some of whose voices can be heard before a sentence is thought out."""

    def streams(self, voice: Voice) -> bool:
        """Whether `stream` gives the first sound of this voice earlier than `synthesize` does."""
        ...

    def stream(self, text: str, voice: Voice, seed: int = 0) -> Iterator[SpeechSoFar]:
        """Yield a speech as it grows, at last complete. Else as `synthesize`; closing it ends the work."""
        ...
