"""The data that flows through the pipeline, and the clock it runs on.

Chunk → Speech → Frames → Clip. Every type is frozen; the arrays inside are shared between
threads and must not be written to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FPS = 25  # video frames a second
SAMPLE_RATE = 48_000  # samples a second of every finished sound
SAMPLES_PER_FRAME = SAMPLE_RATE // FPS  # 1920 samples at 48 kHz and 25 fps
FRAMES_PER_FRAGMENT = 5  # 0.2 s: the unit in which clips leave the server and idle motion may be joined

Samples: TypeAlias = NDArray[np.float32]
"""Mono sound, float32 `(n,)` in [-1, 1]."""

Frame: TypeAlias = NDArray[np.uint8]
"""A picture, uint8 `(height, width, 3)`, BGR as OpenCV has it."""

Landmarks: TypeAlias = NDArray[np.float32]
"""MediaPipe's face mesh, float32 `(478, 3)`: x, y, z in pixels; z grows away from the camera."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of text that is spoken in one breath: at most 15 words."""

    index: int
    """Place in the text, from 0."""
    text: str
    """As typed, without surrounding white space."""
    language: str
    """Language tag as the voices use it, such as "ru" or "en"."""
    pause: float
    """Silence after it, in seconds."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One speech sound."""

    symbol: str
    """IPA; may carry length, stress and palatalisation marks; "" or "_" for silence."""
    start: int
    """First sample."""
    stop: int
    """Sample after the last one."""


@dataclass(frozen=True, slots=True)
class Word:
    """One white-space separated piece of the text as typed, punctuation included."""

    text: str
    start: int
    """First sample."""
    stop: int
    """Sample after the last one."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Sound that knows what it says.

    A voice gives it at its own sample rate and of any length; `voiceover.audio.finish` makes it
    48 kHz and a whole number of video frames long. Phones follow each other in time; words are
    exactly `text.split()` of what was spoken.
    """

    samples: Samples
    sample_rate: int
    phones: tuple[Phone, ...]
    words: tuple[Word, ...]
    follows: bool = False
    """Other speech ends where this begins: the face is already speaking and does not start from rest."""
    continues: bool = False
    """Other speech begins where this ends: the face stays in its speaking posture."""

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

    @property
    def frames(self) -> int:
        """Length in whole video frames; exact for finished speech."""
        return len(self.samples) * FPS // self.sample_rate


@dataclass(frozen=True, slots=True)
class SpeechSoFar:
    """What is known of a speech while it is still being spoken: the next one begins as this one does."""

    speech: Speech
    """Its phones and words are those that have begun; later knowledge may move them."""
    complete: bool
    """Whether nothing comes after it."""


@dataclass(frozen=True, slots=True, eq=False)
class Avatar:
    """A picture, or a run of pictures, of somebody who can be made to speak."""

    id: str
    """Name in URLs: lower-case letters, digits, `-`."""
    name: str
    """Name that people see."""
    frames: Sequence[Frame]
    """All of one even size; a photo is one frame. Those of a video may be read from disk one by one."""
    faces: Sequence[Landmarks | None]
    """One for each frame; None where no face was found."""
    digest: str
    """Hash of the pictures and of whose faces speak: what is cached about an avatar is cached under it."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.frames[0].shape[:2]
        return width, height
