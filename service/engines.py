"""Engines by name: loaded late, once, and shared. The one door through which every engine enters."""

import threading
from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar, runtime_checkable

from service.models import ModelFolder
from tts.base import SpeechEngine, Voice
from voiceover.errors import EngineUnavailable, NotFound
from voiceover.lips import LipEngine
from voiceover.types import FPS

AUTO = "auto"
MARGIN = 1.5
"""How much faster than speech an engine must draw: the rest goes into idle motion and encoding."""
DIALECTS = {"en": "en-us", "fr": "fr-fr", "pt": "pt-br", "zh": "cmn"}
"""The dialect meant by a language whose plain name no voice carries."""

E = TypeVar("E")


class Registry(Generic[E]):
    """Engines of one kind in order of preference. Safe to share between threads."""

    def __init__(
        self,
        kind: str,
        makers: Mapping[str, Callable[[], E]],
        objection: Callable[[E], EngineUnavailable | None] = lambda _: None,
    ) -> None:
        """
        Args:
            kind: what people call it, such as "lips".
            makers: name → what makes the engine or raises `EngineUnavailable`; best first.
            objection: says why an engine that works should not be used unless it is asked for by name.
        """
        self._kind = kind
        self._makers = dict(makers)
        self._objection = objection
        self._engines: dict[str, E] = {}
        self._locks = {name: threading.Lock() for name in makers}

    def names(self) -> list[str]:
        return list(self._makers)

    def get(self, name: str) -> E:
        """Return an engine, loading it when first asked for.

        Raises:
            NotFound: there is no engine of that name.
            EngineUnavailable: it cannot work here.
        """
        if name not in self._makers:
            raise NotFound(
                f"no {self._kind} engine {name!r}", kind=self._kind, name=name, choices=self.names()
            )
        with self._locks[name]:
            if name not in self._engines:
                self._engines[name] = self._makers[name]()
            return self._engines[name]

    def missing(self, name: str) -> EngineUnavailable | None:
        """Try an engine; return why it cannot work here, or None when it can."""
        try:
            self.get(name)
        except EngineUnavailable as exc:
            return exc
        return None

    def working(self) -> list[E]:
        """Return the engines that work here, best first."""
        return [self.get(name) for name in self._makers if self.missing(name) is None]

    def objection(self, name: str) -> EngineUnavailable | None:
        """Return why `AUTO` passes over an engine, or None: it cannot work here, or it should not."""
        return self.missing(name) or self._objection(self.get(name))

    def best(self) -> E:
        """Return the first engine that works and that nothing speaks against.

        Raises:
            EngineUnavailable: there is none.
        """
        for name in self._makers:
            if self.objection(name) is None:
                return self.get(name)
        reasons = "; ".join(f"{name}: {self.objection(name)}" for name in self._makers)
        raise EngineUnavailable(f"no {self._kind} engine works: {reasons}", engine=self._kind)


def _piper() -> SpeechEngine:
    from tts.piper import PiperEngine

    return PiperEngine()


def _espeak() -> SpeechEngine:
    from tts.espeak import EspeakEngine

    return EspeakEngine()


def _visemes() -> LipEngine:
    from visemes.engine import VisemeEngine

    return VisemeEngine()


class _Wav2LipMaker:
    """Makes the Wav2Lip engine; a checkpoint that was refused is not read again until it is another file."""

    def __init__(self, models: ModelFolder) -> None:
        self._models = models
        self._refused: dict[tuple[object, ...], EngineUnavailable] = {}

    def __call__(self) -> LipEngine:
        # This raises when there is no checkpoint, before seconds are spent on the import of torch.
        from wav2lip.checkpoints import find

        checkpoint = find(self._models.folder)
        status = checkpoint.stat()
        file = checkpoint, status.st_size, status.st_mtime_ns
        if file in self._refused:
            raise self._refused[file]
        from wav2lip.engine import Wav2LipEngine

        try:
            return Wav2LipEngine(checkpoint, self._models.trusted_torchscript)
        except EngineUnavailable as exc:
            self._refused[file] = exc
            raise


@runtime_checkable
class _Measured(Protocol):
    rate: float
    """Frames drawn in a second."""


def too_slow(engine: LipEngine) -> EngineUnavailable | None:
    """Object to an engine that was measured and found slower than speech, with a margin for encoding."""
    if not isinstance(engine, _Measured) or engine.rate >= MARGIN * FPS:
        return None
    return EngineUnavailable(
        f"{engine.name} draws {engine.rate:.0f} frames/s here, too few to speak without pauses",
        engine=engine.name,
        reason="too-slow",
        rate=round(engine.rate),
    )


def speech_engines() -> Registry[SpeechEngine]:
    """Return the voices' engines: natural ones before robotic ones."""
    return Registry("speech", {"piper": _piper, "espeak": _espeak})


def lip_engines(models: ModelFolder) -> Registry[LipEngine]:
    """Return the lip-sync engines: the neural one where it keeps up, else the one without weights."""
    return Registry("lips", {"wav2lip": _Wav2LipMaker(models), "visemes": _visemes}, too_slow)


def all_voices(engines: Registry[SpeechEngine]) -> list[Voice]:
    """Return every voice there is here, best engine first."""
    return [voice for engine in engines.working() for voice in engine.voices()]


def languages(voices: list[Voice]) -> list[str]:
    """Return the languages, without dialects, that somebody speaks."""
    return sorted({_base(voice.language) for voice in voices})


def choose_voice(voices: list[Voice], language: str, wanted: str = AUTO) -> Voice:
    """Return the voice of that id, or by `AUTO` the best one for the language.

    Raises:
        NotFound: nobody speaks the language, or there is no such voice.
    """
    if wanted != AUTO:
        for voice in voices:
            if voice.id == wanted:
                return voice
        raise NotFound(f"no voice {wanted!r}", kind="voice", name=wanted, choices=[v.id for v in voices])
    able = [voice for voice in voices if _base(voice.language) == _base(language)]
    if not able:
        raise NotFound(
            f"no voice speaks {language!r}", kind="language", name=language, choices=languages(voices)
        )
    return min(able, key=lambda voice: _strangeness(voice.language, language.lower()))


def _strangeness(tag: str, language: str) -> int:
    """How far a voice's tag is from the language asked for; voices of equal distance keep their order."""
    if tag in (language, DIALECTS.get(language)):
        return 0
    return 1 if tag == _base(language) else 2


def _base(tag: str) -> str:
    tag = tag.lower()
    return DIALECTS.get(tag, tag).split("-")[0]
