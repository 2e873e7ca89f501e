"""Engines by name: loaded late, once, and shared. The one door through which every engine enters."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

from service.guard import PATIENCE, Guarded
from service.models import ModelFolder
from tts.base import Aligner, CloningEngine, PacedEngine, SpeechEngine, Voice, VoiceSample
from voiceover import align
from voiceover.errors import EngineUnavailable, NotFound, SynthesisError
from voiceover.lips import LipEngine
from voiceover.takes import TAKE_RATE
from voiceover.types import FPS, Avatar, Samples
from voiceover.voices import OwnVoice
from wav2lip import checkpoints
from wav2lip.own import Drawing, Wav2Lips

if TYPE_CHECKING:
    from wav2lip.restore import Restorer

log = logging.getLogger(__name__)

AUTO = "auto"
OWN = "own"
"""Begins the name of a voice that imitates somebody."""
AUTO_IMITATOR = "xtts_v2"
"""The model that people are told to get when nothing here can imitate a voice."""
MARGIN = 1.5
"""How much faster than speech an engine must draw: the rest goes into idle motion and encoding."""
DIALECTS = {"en": "en-us", "es": "es-es", "fr": "fr-fr", "nl": "nl-nl", "pt": "pt-br"}
"""The dialect meant by the plain name of a language."""
SYNONYMS = {"cmn": "zh", "nb": "no"}
"""Codes for what people know by another: Mandarin, Bokmål."""

E = TypeVar("E")

Doubt: TypeAlias = Callable[[str], EngineUnavailable | None]
"""Says why an engine of that name should not be used unless it is asked for; None: nothing is against it."""


class Registry(Generic[E]):
    """Engines of one kind in order of preference. Safe to share between threads."""

    def __init__(
        self,
        kind: str,
        makers: Mapping[str, Callable[[], E]],
        objection: Callable[[E], EngineUnavailable | None] = lambda _: None,
        doubt: Doubt = lambda _: None,
    ) -> None:
        """
        Args:
            kind: what people call it, such as "lips".
            makers: name → what makes the engine or raises `EngineUnavailable`; best first.
            objection: says why an engine that works should not be used unless it is asked for by name.
            doubt: says the same of an engine's name, for which it need not be loaded.
        """
        self._kind = kind
        self._makers = dict(makers)
        self._objection = objection
        self._doubt = doubt
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

    def loaded(self) -> list[E]:
        """Return the engines that somebody has asked for."""
        return list(self._engines.values())

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

    def doubt(self, name: str) -> EngineUnavailable | None:
        """Return what speaks against an engine of that name whether or not it works here, or None."""
        return self._doubt(name)

    def objection(self, name: str) -> EngineUnavailable | None:
        """Return why `AUTO` passes over an engine, or None: it cannot work here, or it should not."""
        return self._doubt(name) or self.missing(name) or self._objection(self.get(name))

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


def _piper(models: ModelFolder, aligner: Aligner) -> SpeechEngine:
    from tts.piper import PiperEngine

    return PiperEngine(models.folder / "piper", aligner)


def _espeak() -> SpeechEngine:
    from tts.espeak import EspeakEngine

    return EspeakEngine()


class EspeakAligner:
    """Times a sound by how espeak reads the same text. Safe to share between threads."""

    def __init__(self, espeak: Callable[[], SpeechEngine]) -> None:
        """
        Args:
            espeak: returns the engine or raises `EngineUnavailable`.
        """
        self._espeak = espeak

    def __call__(
        self, samples: Samples, sample_rate: int, text: str, language: str, whole: bool = True
    ) -> align.Times:
        try:
            engine = self._espeak()
            # espeak's plain voice resembles women and men better than its variants do.
            plain = [voice for voice in engine.voices() if "+" not in voice.id]
            reference = engine.synthesize(text, choose_voice(plain, language))
        except (EngineUnavailable, NotFound, SynthesisError) as exc:
            log.warning("times are guessed from letters: %s", exc)
            return align.stretch(samples, sample_rate, align.spelled(text), whole)
        return align.align(samples, sample_rate, reference, whole)


def espeak_phonemes(espeak: Callable[[], SpeechEngine]) -> Callable[[str, str], str]:
    """Return what writes a text in IPA, words apart, as espeak reads it: (text, language) → phonemes."""

    def phonemes(text: str, language: str) -> str:
        engine = espeak()
        speech = engine.synthesize(text, choose_voice(list(engine.voices()), language))
        words = ([p.symbol for p in speech.phones if w.start <= p.start < w.stop] for w in speech.words)
        return " ".join("".join(symbols) for symbols in words if symbols)

    return phonemes


def _coqui(models: ModelFolder, aligner: Aligner, phonemes: Callable[[str, str], str]) -> SpeechEngine:
    from tts.coqui.engine import CoquiEngine

    return CoquiEngine(models.folder / "coqui", aligner, phonemes)


def _visemes() -> LipEngine:
    from visemes.engine import VisemeEngine

    return VisemeEngine()


class _FromFile(Generic[E]):
    """Makes something of a file of weights; a refused file is not read again until it is another one."""

    def __init__(self, find: Callable[[], Path], make: Callable[[Path], E]) -> None:
        """
        Args:
            find: returns the file; raises `EngineUnavailable` when there is none.
            make: reads it; raises `EngineUnavailable` when it is of no use.
        """
        self._find = find
        self._make = make
        self._refused: dict[tuple[object, ...], EngineUnavailable] = {}

    def __call__(self) -> E:
        path = self._find()
        status = path.stat()
        file = path, status.st_size, status.st_mtime_ns
        if file in self._refused:
            raise self._refused[file]
        try:
            return self._make(path)
        except EngineUnavailable as exc:
            self._refused[file] = exc
            raise


def _wav2lip(models: ModelFolder, cache: Path | None) -> Callable[[], LipEngine]:
    def read(checkpoint: Path) -> Drawing:
        from wav2lip.engine import Wav2LipEngine

        return Wav2LipEngine(checkpoint, models.trusted_torchscript, cache)

    return Wav2Lips(models.folder, read).ready


def _doubt_about_lips(models: ModelFolder) -> Doubt:
    """Return what speaks against lip engines.

    A network that learned from visemes draws what they do, less exactly (docs/training.md has the figures).
    """

    def doubt(name: str) -> EngineUnavailable | None:
        if name != "wav2lip" or not checkpoints.draws_as_taught(models.folder):
            return None
        message = "wav2lip learned from visemes here, and they draw better than it does"
        return EngineUnavailable(message, engine=name, reason="taught-by-visemes")

    return doubt


def _restored(models: ModelFolder, name: str, lips: Callable[[], LipEngine]) -> Callable[[], LipEngine]:
    """Return what makes Wav2Lip with one of the restorers after it; the two Wav2Lips are the same."""

    def read(path: Path) -> "Restorer":
        from wav2lip.restore import Restorer

        return Restorer(path)

    restorer = _FromFile(lambda: checkpoints.find_restorer(models.folder, name), read)

    def make() -> LipEngine:
        found, drawing = restorer(), lips()
        from wav2lip.restore import RestoredLips  # with torch: not before it is known to be of use

        assert isinstance(drawing, _Measured)
        return RestoredLips(f"{drawing.name}-{name}", drawing, drawing.rate, found)

    return make


@runtime_checkable
class _Measured(Protocol):
    rate: float
    """Frames drawn in a second."""


def measured_rate(engine: object) -> float | None:
    """Return how many frames an engine draws in a second; None if it was not measured."""
    return engine.rate if isinstance(engine, _Measured) else None


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
    if not paces or any(_keeps_up(pace) for pace in paces):
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


def _keeps_up(pace: float | None) -> bool:
    return pace is None or pace * MARGIN <= 1


def hangs(engine: SpeechEngine) -> EngineUnavailable | None:
    """Object to an engine from which nothing comes back."""
    return engine.fault if isinstance(engine, Guarded) else None


def speech_engines(models: ModelFolder, patience: float = PATIENCE) -> Registry[SpeechEngine]:
    """Return the voices' engines: natural ones before robotic ones.

    Args:
        patience: seconds after which an engine is taken to hang.
    """
    engines: Registry[SpeechEngine]

    def espeak() -> SpeechEngine:
        return engines.get("espeak")

    aligner = EspeakAligner(espeak)
    engines = guarded(
        {
            "coqui": lambda: _coqui(models, aligner, espeak_phonemes(espeak)),
            "piper": lambda: _piper(models, aligner),
            "espeak": _espeak,
        },
        patience,
    )
    return engines


def guarded(
    makers: Mapping[str, Callable[[], SpeechEngine]], patience: float = PATIENCE
) -> Registry[SpeechEngine]:
    """Return engines that speak, each guarded; see `service.guard`."""

    def guard(make: Callable[[], SpeechEngine]) -> SpeechEngine:
        return Guarded(make(), patience)

    makers = {name: partial(guard, make) for name, make in makers.items()}
    return Registry("speech", makers, lambda engine: hangs(engine) or speaks_too_slowly(engine))


def lip_engines(models: ModelFolder, cache: Path | None = None) -> Registry[LipEngine]:
    """Return the lip-sync engines: the neural one where it keeps up, else the one without weights.

    The restored ones come last, where `AUTO` never gets: they are for those who ask for them.

    Args:
        cache: folder for what engines find out about avatars.
    """
    lips: Registry[LipEngine]

    def drawing() -> LipEngine:
        return lips.get("wav2lip")

    restored = {f"wav2lip-{name}": _restored(models, name, drawing) for name in checkpoints.RESTORERS}
    makers = {"wav2lip": _wav2lip(models, cache), "visemes": _visemes, **restored}
    lips = Registry("lips", makers, too_slow, _doubt_about_lips(models))
    return lips


def all_voices(engines: Registry[SpeechEngine], own: Sequence[OwnVoice] = ()) -> list[Voice]:
    """Return every voice there is here, best engine first; then `own` ones, as engines imitate them.

    Voices that were found slower than speech come behind those that keep up, so that `AUTO` passes over them.
    """
    offers = [offer for engine in engines.working() for offer in paced_voices(engine)]
    theirs = [voice for voice, _ in sorted(offers, key=lambda offer: not _keeps_up(offer[1]))]
    return theirs + [
        _imitation(engine, somebody, language)
        for engine in (imitators(engines) if own else ())
        for somebody in own
        for language in engine.cloned_languages()
    ]


def imitators(engines: Registry[SpeechEngine]) -> list[CloningEngine]:
    """Return the engines that can imitate anybody here and now."""
    return [
        engine
        for engine in engines.working()
        if isinstance(engine, CloningEngine) and engine.cloned_languages()
    ]


def _imitation(engine: CloningEngine, somebody: OwnVoice, language: str) -> Voice:
    voice_id = f"{engine.name}:{OWN}-{somebody.id}-{language}"
    sample = VoiceSample(somebody.digest, somebody.samples, TAKE_RATE)
    return Voice(voice_id, engine.name, language, somebody.name, "imitated", sample)


def languages(voices: list[Voice]) -> list[str]:
    """Return the languages, without dialects, that somebody speaks."""
    return sorted({base_language(voice.language) for voice in voices if voice.fault is None})


def choose_voice(voices: list[Voice], language: str, wanted: str = AUTO) -> Voice:
    """Return the voice of that id if it speaks the language; else, and by `AUTO`, the best one that does.

    Asked for a language, the best engine speaks in whatever dialect it has; asked for a dialect, that
    one is spoken by whoever can. `AUTO` imitates nobody unless nobody else speaks the language: people
    want to be asked. Somebody imitated in one language is imitated in another, too, by the same engine.

    Raises:
        NotFound: nobody speaks the language, or there is no such voice.
        VoiceoverError: the voice asked for has a fault, or all who speak the language have.
    """
    named = voice_by_id(voices, wanted) if wanted != AUTO else None
    if named and base_language(named.language) == base_language(language):
        return named
    speaking = [v for v in voices if base_language(v.language) == base_language(language)]
    able = [v for v in speaking if v.fault is None]
    if speaking and speaking[0].fault and not able:
        raise speaking[0].fault
    if not able:
        raise NotFound(
            f"no voice speaks {language!r}", kind="language", name=language, choices=languages(voices)
        )
    engines = list(dict.fromkeys(voice.engine for voice in able))

    def preference(voice: Voice) -> tuple[bool, int, int]:
        distance, rank = _distance(voice.language, language.lower()), engines.index(voice.engine)
        return "-" in language and distance > 0, rank, distance

    same = [v for v in able if named and named.sample and _imitated(v) == _imitated(named)]
    return min(same or [v for v in able if v.sample is None] or able, key=preference)


def _imitated(voice: Voice) -> tuple[str, str] | None:
    return (voice.engine, voice.sample.digest) if voice.sample else None


def base_language(tag: str) -> str:
    """Return a language without its dialect: "en" of "en-US", "zh" of "cmn"."""
    base = tag.lower().split("-")[0]
    return SYNONYMS.get(base, base)


def voice_by_id(voices: list[Voice], wanted: str) -> Voice:
    """Return the voice of that id.

    Raises:
        NotFound: there is none.
        VoiceoverError: it has a fault.
    """
    for voice in voices:
        if voice.id == wanted:
            if voice.fault is not None:
                raise voice.fault
            return voice
    raise NotFound(f"no voice {wanted!r}", kind="voice", name=wanted, choices=[v.id for v in voices])


def _distance(tag: str, language: str) -> int:
    """How far a voice's tag is from the language asked for; voices of equal distance keep their order."""
    if tag in (language, DIALECTS.get(language)):
        return 0
    return 2 if "-" in tag else 1
