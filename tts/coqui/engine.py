"""Coqui as a speech engine: models are found when they are put there, and loaded when they first speak."""

import logging
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from tts.base import Aligner, Voice
from tts.coqui import folders
from tts.coqui.ahead import ahead
from tts.coqui.folders import ENGINE, Kind, Manner, ModelFolder
from voiceover.errors import EngineUnavailable, SynthesisError
from voiceover.types import Samples, Speech, SpeechSoFar, Word

if TYPE_CHECKING:
    from tts.coqui.models import Model, Spoken, XttsModel
    from tts.coqui.phonemizer import Phonemize

log = logging.getLogger(__name__)

RATE_OF_SILENCE = 22_050


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found out about a folder, while its files stay what they are."""

    state: tuple[object, ...]
    model: ModelFolder | None
    fault: EngineUnavailable | None
    """Why it is no model, or why the model cannot be loaded."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    state: tuple[object, ...]
    model: "Model"


class CoquiEngine:
    """The Coqui models of a folder; of the engines in `tts.base` it is every kind.

    Safe to share between threads. Models take turns, all of them: they draw their noise from torch's
    one generator, which the seed sets, and XTTS keeps in itself what it is saying. One sentence
    keeps all cores, or the GPU, busy anyway.
    """

    name = ENGINE

    def __init__(self, folder: Path, align: Aligner, phonemize: "Phonemize") -> None:
        """
        Args:
            folder: holds one folder for each model.
            align: tells when what was said, for models that do not.
            phonemize: writes a text in IPA, for models that read it so.

        Raises:
            EngineUnavailable: coqui-tts is not installed, or no model is there that can be used.
        """
        if find_spec("TTS") is None:
            raise EngineUnavailable("coqui-tts is not installed", engine=ENGINE)
        self._folder = folder
        self._align = align
        self._phonemize = phonemize
        self._known: dict[Path, _Known] = {}
        self._loaded: dict[Path, _Loaded] = {}
        self._paces: dict[str, float] = {}  # by the folder's name
        self._turn = threading.Lock()
        if not self._models():
            faults = (known.fault for known in self._known.values() if known.fault)
            raise next(faults, _no_model(folder))

    def voices(self) -> Sequence[Voice]:
        return [voice for voice, _, _ in self._offers()]

    def cloned_languages(self) -> Sequence[str]:
        imitator = self._imitator()
        return [language.lower() for language in imitator.languages] if imitator else []

    def pace(self, voice: Voice) -> float | None:
        imitator = self._imitator() if voice.sample else None
        return self._paces.get(imitator.name if imitator else voice.id.split(":")[1])

    def synthesize(self, text: str, voice: Voice, seed: int = 0) -> Speech:
        """Speak a text; see `tts.base`.

        Raises:
            SynthesisError: the model cannot speak this text.
            EngineUnavailable: the model is gone, or its files are damaged.
        """
        if not any(character.isalnum() for character in text):
            return _silence(text)
        folder, manner = self._find(voice)
        with self._turn:
            model = self._ready(folder, text, manner)
            begin = time.perf_counter()
            spoken = _speak(model, text, manner, seed)
            self._paced(folder, (time.perf_counter() - begin) / (len(spoken.samples) / model.sample_rate))
        return self._with_times(text, voice, spoken, model.sample_rate)

    def streams(self, voice: Voice) -> bool:
        return self._find(voice)[0].kind is Kind.XTTS

    def stream(self, text: str, voice: Voice, seed: int = 0) -> Iterator[SpeechSoFar]:
        """Yield a speech as it grows; see `tts.base`.

        The model speaks as fast as it can, whatever the listener's pace, because others wait for their turn.

        Raises:
            SynthesisError, EngineUnavailable: as `synthesize`.
        """
        if not any(character.isalnum() for character in text):
            yield SpeechSoFar(_silence(text), complete=True)
            return
        folder, manner = self._find(voice)
        sample_rate, heard = RATE_OF_SILENCE, np.zeros(0, np.float32)
        for sample_rate, piece in ahead(self._pieces(folder, text, manner, seed)):
            heard = np.concatenate([heard, piece])
            times = self._align(heard, sample_rate, text, voice.language, whole=False)
            yield SpeechSoFar(Speech(heard, sample_rate, *times), complete=False)
        times = self._align(heard, sample_rate, text, voice.language)
        yield SpeechSoFar(Speech(heard, sample_rate, *times), complete=True)

    def _pieces(
        self, folder: ModelFolder, text: str, manner: Manner, seed: int
    ) -> Generator[tuple[int, Samples], None, None]:
        """Yield sample rate and sound, piece by piece."""
        with self._turn:
            model = self._ready(folder, text, manner)
            begin, samples = time.perf_counter(), 0
            with _translated(manner):
                for piece in cast("XttsModel", model).stream(text, manner, seed):
                    samples += len(piece)
                    yield model.sample_rate, piece
            self._paced(folder, (time.perf_counter() - begin) / (samples / model.sample_rate))

    def _ready(self, folder: ModelFolder, text: str, manner: Manner) -> "Model":
        """Return a model that has spoken before: the first time takes longer than all that follow."""
        model = self._load(folder)
        if folder.name not in self._paces:
            _speak(model, text, manner, seed=0)
        return model

    def _with_times(self, text: str, voice: Voice, spoken: "Spoken", sample_rate: int) -> Speech:
        phones, words = spoken.phones, spoken.words
        if phones is None or words is None:
            aligned = self._align(spoken.samples, sample_rate, text, voice.language)
            phones = aligned[0] if phones is None else phones
            words = aligned[1] if words is None else words
        return Speech(spoken.samples, sample_rate, phones, words)

    def _paced(self, folder: ModelFolder, pace: float) -> None:
        """Keep the fastest pace: other work may have slowed down the rest."""
        self._paces[folder.name] = min(pace, self._paces.get(folder.name, pace))

    def _models(self) -> list[ModelFolder]:
        """Return the models that are there now, the best kind first."""
        present = folders.folders(self._folder)
        for path in present:
            state = folders.state(path)
            if path not in self._known or self._known[path].state != state:
                self._known[path] = _read(path, state)
        models = (self._known[path].model for path in present)
        return sorted((model for model in models if model), key=lambda model: list(Kind).index(model.kind))

    def _offers(self) -> Iterator[tuple[Voice, ModelFolder, Manner]]:
        """Yield every voice with its model and what that calls the voice."""
        for folder in self._models():
            silent = folder.kind is Kind.XTTS and not folder.speakers  # it can only imitate
            fault = self._known[folder.path].fault
            for language in () if silent else folder.languages:
                for speaker in folder.speakers or (None,):
                    yield _voice(folder, language, speaker, fault), folder, Manner(language, speaker)

    def _imitator(self) -> ModelFolder | None:
        sound = (folder for folder in self._models() if self._known[folder.path].fault is None)
        return next((folder for folder in sound if folder.kind is Kind.XTTS), None)

    def _find(self, voice: Voice) -> tuple[ModelFolder, Manner]:
        """Return a voice's model and what that calls the voice."""
        imitator = self._imitator() if voice.sample else None
        for language in imitator.languages if imitator else ():
            if imitator and language.lower() == voice.language:
                return imitator, Manner(language, sample=voice.sample)
        for offered, folder, manner in self._offers():
            if offered.id == voice.id:
                return folder, manner
        raise EngineUnavailable(f"the model of the voice {voice.id} is gone", engine=ENGINE)

    def _load(self, folder: ModelFolder) -> "Model":
        """Return a model, loaded when first asked for; what cannot be loaded is not tried again as it is."""
        known = self._known[folder.path]
        if known.fault:
            raise known.fault
        loaded = self._loaded.get(folder.path)
        if loaded is None or loaded.state != known.state:
            from tts.coqui import loading

            try:
                self._loaded[folder.path] = loaded = _Loaded(
                    known.state, loading.load(folder, self._phonemize)
                )
            except EngineUnavailable as exc:
                self._known[folder.path] = replace(known, fault=exc)
                raise
        return loaded.model


def _read(path: Path, state: tuple[object, ...]) -> _Known:
    try:
        return _Known(state, folders.read(path), None)
    except EngineUnavailable as exc:
        log.warning("%s", exc)
        return _Known(state, None, exc)


def _voice(folder: ModelFolder, language: str, speaker: str | None, fault: EngineUnavailable | None) -> Voice:
    parts = [folder.name, *([language] if len(folder.languages) > 1 else []), *([speaker] if speaker else [])]
    name = f"Coqui {speaker} ({folder.name})" if speaker else f"Coqui {folder.name}"
    return Voice(":".join([ENGINE, *parts]), ENGINE, language.lower(), name, "neural", fault=fault)


def _speak(model: "Model", text: str, manner: Manner, seed: int) -> "Spoken":
    with _translated(manner):
        spoken = model.speak(text, manner, seed)
    if not len(spoken.samples):
        raise SynthesisError("Coqui finds nothing to say in this text", language=manner.language)
    return spoken


@contextmanager
def _translated(manner: Manner) -> Iterator[None]:
    """Translate what Coqui's models raise on a text that they cannot read."""
    try:
        yield
    except (RuntimeError, ValueError, TypeError, LookupError, AssertionError, ImportError) as exc:
        raise SynthesisError(
            f"Coqui cannot speak this text ({type(exc).__name__})", language=manner.language
        ) from exc


def _silence(text: str) -> Speech:
    return Speech(
        np.zeros(0, np.float32), RATE_OF_SILENCE, (), tuple(Word(piece, 0, 0) for piece in text.split())
    )


def _no_model(folder: Path) -> EngineUnavailable:
    return EngineUnavailable(f"no Coqui model in {folder}", engine=ENGINE, reason="coqui-no-model")
