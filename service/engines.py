"""The engines that there are, and what each needs to be made."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic

from service.casting import choose_voice
from service.guard import PATIENCE, Guarded
from service.models import ModelFolder
from service.registry import Doubt, E, Registry
from service.traits import Measured, hangs, speaks_too_slowly, too_slow
from tts.base import Aligner, SpeechEngine
from voiceover import align
from voiceover.errors import EngineUnavailable, NotFound, SynthesisError
from voiceover.lips import LipEngine
from voiceover.types import Samples
from wav2lip import checkpoints
from wav2lip.own import Drawing, Wav2Lips

if TYPE_CHECKING:
    from wav2lip.restore import Restorer

log = logging.getLogger(__name__)


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


def guarded(
    makers: Mapping[str, Callable[[], SpeechEngine]], patience: float = PATIENCE
) -> Registry[SpeechEngine]:
    """Return engines that speak, each guarded; see `service.guard`."""

    def guard(make: Callable[[], SpeechEngine]) -> SpeechEngine:
        return Guarded(make(), patience)

    makers = {name: partial(guard, make) for name, make in makers.items()}
    return Registry("speech", makers, lambda engine: hangs(engine) or speaks_too_slowly(engine))


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


def _espeak() -> SpeechEngine:
    from tts.espeak import EspeakEngine

    return EspeakEngine()


def _piper(models: ModelFolder, aligner: Aligner) -> SpeechEngine:
    from tts.piper import PiperEngine

    return PiperEngine(models.folder / "piper", aligner)


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


def _restored(models: ModelFolder, name: str, lips: Callable[[], LipEngine]) -> Callable[[], LipEngine]:
    """Return what makes Wav2Lip with one of the restorers after it; the two Wav2Lips are the same."""

    def read(path: Path) -> "Restorer":
        from wav2lip.restore import Restorer

        return Restorer(path)

    restorer = _FromFile(lambda: checkpoints.find_restorer(models.folder, name), read)

    def make() -> LipEngine:
        found, drawing = restorer(), lips()
        from wav2lip.restore import RestoredLips  # with torch: not before it is known to be of use

        assert isinstance(drawing, Measured)
        return RestoredLips(f"{drawing.name}-{name}", drawing, drawing.rate, found)

    return make


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
