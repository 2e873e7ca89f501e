"""What engines tell of themselves beyond what all must: how fast they are here, and what they draw with."""

from typing import Protocol, runtime_checkable

from service.guard import Guarded
from tts.base import PacedEngine, SpeechEngine, Voice
from voiceover.errors import EngineUnavailable
from voiceover.lips import LipEngine
from voiceover.types import FPS, Avatar
from wav2lip import checkpoints
from wav2lip.own import Wav2Lips

MARGIN = 1.5
"""How much faster than speech an engine must draw: the rest goes into idle motion and encoding."""


@runtime_checkable
class Measured(Protocol):
    rate: float
    """Frames drawn in a second."""


def measured_rate(engine: object) -> float | None:
    """Return how many frames an engine draws in a second; None if it was not measured."""
    return engine.rate if isinstance(engine, Measured) else None


@runtime_checkable
class _Moded(Protocol):
    mode: str
    """Device and precision."""


def mode_of(engine: object, avatar: Avatar | None = None) -> str:
    """Return how an engine draws here, where there are several ways: its pictures may differ by it.

    Args:
        avatar: that it draws, where it may draw some otherwise than others.

    Raises:
        EngineUnavailable: it cannot draw that avatar.
    """
    if avatar and isinstance(engine, Wav2Lips):
        engine = engine.of(avatar)
    return engine.mode if isinstance(engine, _Moded) else ""


@runtime_checkable
class _Networked(Protocol):
    networks: checkpoints.Networks | None
    """Which networks it has to draw with."""


def networks_of(engine: object) -> checkpoints.Networks | None:
    """Return which networks a lip engine draws with; None if it needs none."""
    return engine.networks if isinstance(engine, _Networked) else None


def weights_of(engine: LipEngine, avatar: Avatar) -> str:
    """Return the name of the weights with which a lip engine draws an avatar; "" if it needs none."""
    networks = networks_of(engine)
    return networks.weights(avatar.id) if networks else ""


def too_slow(engine: LipEngine) -> EngineUnavailable | None:
    """Object to an engine that was measured and found slower than speech, with a margin for encoding."""
    rate = measured_rate(engine)
    if rate is None or rate >= MARGIN * FPS:
        return None
    return EngineUnavailable(
        f"{engine.name} draws {rate:.2g} frames/s here, too few to speak without pauses",
        engine=engine.name,
        reason="too-slow",
        rate=rate,
    )


def speaks_too_slowly(engine: SpeechEngine) -> EngineUnavailable | None:
    """Object to an engine all of whose voices were measured and found slower than speech."""
    paces = [pace for _, pace in paced_voices(engine)]
    if not paces or any(keeps_up(pace) for pace in paces):
        return None
    pace = round(min(pace for pace in paces if pace), 1)
    return EngineUnavailable(
        f"{engine.name} takes {pace} s for a second of speech here, too long to speak without pauses",
        engine=engine.name,
        reason="speaks-too-slowly",
        pace=pace,
    )


def paced_voices(engine: SpeechEngine) -> list[tuple[Voice, float | None]]:
    """Return an engine's voices with the seconds of work for a second of speech; None if not measured."""
    paced = engine if isinstance(engine, PacedEngine) else None  # asked once: it takes long for 300 voices
    return [(voice, paced.pace(voice) if paced else None) for voice in engine.voices()]


def keeps_up(pace: float | None) -> bool:
    return pace is None or pace * MARGIN <= 1


def hangs(engine: SpeechEngine) -> EngineUnavailable | None:
    """Object to an engine from which nothing comes back."""
    return engine.fault if isinstance(engine, Guarded) else None
