"""What a renderer says of its engines, so that a front may choose among them without asking each time."""

from dataclasses import dataclass

from service.models import ModelFolder
from service.registry import Registry
from service.traits import measured_rate, mode_of, networks_of, paced_voices
from tts.base import CloningEngine, SpeechEngine, Voice
from voiceover.errors import EngineUnavailable
from voiceover.lips import LipEngine
from wav2lip.checkpoints import Networks


@dataclass(frozen=True, slots=True)
class SpeechOffer:
    """A speech engine as a renderer has it."""

    fault: EngineUnavailable | None
    """Why it does not work there; then the rest is empty."""
    voices: tuple[Voice, ...] = ()
    paces: tuple[float | None, ...] = ()
    """Of each voice: seconds of work for a second of speech, as far as that was measured."""
    imitates_in: tuple[str, ...] | None = None
    """Languages in which it imitates anybody; None if it cannot imitate."""


@dataclass(frozen=True, slots=True)
class LipOffer:
    """A lip engine as a renderer has it."""

    fault: EngineUnavailable | None
    rate: float | None = None
    """Frames drawn in a second, as far as that was measured."""
    mode: str = ""
    """How it runs there, and with which files of weights: its pictures may differ by it."""
    doubt: EngineUnavailable | None = None
    """Why it should not be used unless it is asked for."""
    networks: Networks | None = None
    """Which networks it has there to draw with; None if it needs none."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The machine of a renderer, and all its engines, by name."""

    machine: str
    speech: dict[str, SpeechOffer]
    lips: dict[str, LipOffer]


def offer(
    machine: str, speech: Registry[SpeechEngine], lips: Registry[LipEngine], models: ModelFolder, edition: str
) -> Offer:
    """Look at all engines; those that nobody has asked for yet are loaded."""
    made_with = f"{models.contents()} {edition}"
    return Offer(
        machine,
        {name: _speech_offer(speech, name) for name in speech.names()},
        {name: _lip_offer(lips, name, made_with) for name in lips.names()},
    )


def _speech_offer(engines: Registry[SpeechEngine], name: str) -> SpeechOffer:
    if fault := engines.missing(name):
        return SpeechOffer(fault)
    engine = engines.get(name)
    offers = paced_voices(engine)
    voices, paces = tuple(voice for voice, _ in offers), tuple(pace for _, pace in offers)
    imitates_in = tuple(engine.cloned_languages()) if isinstance(engine, CloningEngine) else None
    return SpeechOffer(None, voices, paces, imitates_in)


def _lip_offer(engines: Registry[LipEngine], name: str, made_with: str) -> LipOffer:
    if fault := engines.missing(name):
        return LipOffer(fault)
    engine = engines.get(name)
    mode = f"{mode_of(engine)} {made_with}"
    return LipOffer(None, measured_rate(engine), mode, engines.doubt(name), networks_of(engine))
