"""Coqui models, loaded: each is asked to speak in its own way.

None may be used by two threads at a time: some keep state between calls, and all draw their noise
from torch's one generator, which the seed sets.
"""

import pickle
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from TTS.config import load_config
from TTS.tts.configs.shared_configs import BaseDatasetConfig
from TTS.tts.configs.vits_config import VitsConfig
from TTS.tts.configs.xtts_config import XttsArgs, XttsAudioConfig, XttsConfig
from TTS.tts.models import setup_model
from TTS.tts.models.vits import Vits
from TTS.tts.models.xtts import Xtts
from TTS.utils.synthesizer import PAD_SILENCE_SAMPLES, Synthesizer

from tts import symbols
from tts.base import VoiceSample
from tts.coqui.folders import Kind, Manner, ModelFolder, beside, refusal, vocoder
from voiceover.types import Phone, Samples, Word

if TYPE_CHECKING:
    from torch import Tensor

BAD_FILE = (OSError, EOFError, pickle.UnpicklingError)
BAD_CONTENT = (RuntimeError, ValueError, TypeError, LookupError, AttributeError, AssertionError, ImportError)
REMEMBERED_SAMPLES = 16  # imitated people whose traits are kept: 200 kB each
TRAINERS_FILES = ("speakers_file", "d_vector_file", "language_ids_file")
"""Settings that name files by the trainer's own paths."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a model gives; times are in samples, None where the model does not tell them."""

    samples: Samples
    phones: tuple[Phone, ...] | None = None
    words: tuple[Word, ...] | None = None


class Model(Protocol):
    """A loaded model."""

    sample_rate: int

    def speak(self, text: str, manner: Manner, seed: int) -> Spoken: ...


def load(folder: ModelFolder) -> Model:
    """Load a model onto the GPU, or the processor where there is none.

    Raises:
        EngineUnavailable: the folder's files are damaged or belong to another model.
    """
    try:
        if folder.kind is Kind.XTTS:
            return XttsModel(folder)
        return ClassicModel(folder) if folder.kind is Kind.CLASSIC else VitsModel(folder)
    except (*BAD_FILE, *BAD_CONTENT) as exc:
        raise refusal(folder.path, "coqui-damaged", _first_line(exc)) from exc


class VitsModel:
    """VITS: letters or phonemes to sound in one step, and how long each of them is."""

    def __init__(self, folder: ModelFolder) -> None:
        if folder.kind is Kind.MMS:
            self._model = Vits(VitsConfig())
            self._model.load_fairseq_checkpoint(self._model.config, folder.weights, eval=True)
        else:
            config = _config(folder)
            self._model = setup_model(config)
            self._model.load_checkpoint(config, folder.weights, eval=True)
        self._model.to(_device())
        self.sample_rate = int(self._model.config.audio.sample_rate)

    def speak(self, text: str, manner: Manner, seed: int) -> Spoken:
        torch.manual_seed(seed)
        several = self._model.language_manager.num_languages > 1
        language = manner.language if several else None
        result = self._model.synthesize(text, speaker=manner.speaker, language=language)
        samples = np.clip(np.asarray(result["wav"], np.float32), -1, 1)
        timed = self._timed(result, len(samples))
        words = tuple(
            symbols.words(text, symbols.word_spans(timed), lambda part: self._count(part, language))
        )
        if self._model.tokenizer.use_phonemes:
            return Spoken(samples, tuple(symbols.phones(timed, self.sample_rate)), words)
        return Spoken(samples, words=words)

    def _timed(self, result: dict[str, Any], samples: int) -> list[tuple[str, int]]:
        """Return symbols and their lengths in samples, blanks joined to what they follow."""
        frames = result["outputs"]["durations"][0, 0].cpu().numpy()
        ends = np.round(np.cumsum(frames) * samples / max(frames.sum(), 1)).astype(int)
        timed: list[tuple[str, int]] = []
        for token, length in zip(result["text_inputs"][0].tolist(), np.diff(ends, prepend=0), strict=True):
            symbol = self._symbol(token)
            if symbol is None and timed:
                before, so_far = timed[-1]
                timed[-1] = (before, so_far + int(length))
            else:
                timed.append((symbol or "", int(length)))
        return timed

    def _symbol(self, token: int) -> str | None:
        """Return a letter, phoneme or mark; None for the blanks between and around them."""
        characters = self._model.tokenizer.characters
        blanks = (characters.blank, characters.pad, characters.eos, characters.bos)
        symbol: str = characters.id_to_char(token)
        # MMS has no letter to spare for the space: its padding is one.
        return None if symbol in blanks and symbol != " " else symbol

    def _count(self, text: str, language: str | None) -> int:
        tokens = self._model.tokenizer.text_to_ids(text, language=language)
        return len(symbols.word_spans([(self._symbol(token) or "", 1) for token in tokens]))


class XttsModel:
    """XTTS: many languages in many voices, anybody's included. Gives no times."""

    def __init__(self, folder: ModelFolder) -> None:
        config = _config(folder)
        self._config = config
        self._model = _Xtts(config)
        self._model.load_checkpoint(config, folder.path, folder.weights, eval=True)
        self._model.to(_device())
        self.sample_rate = int(config.audio.output_sample_rate)
        self._traits: OrderedDict[str, tuple[Tensor, Tensor]] = OrderedDict()

    def speak(self, text: str, manner: Manner, seed: int) -> Spoken:
        torch.manual_seed(seed)
        result = self._model.inference(text, manner.language, *self._who(manner), **self._taste())
        return Spoken(_samples(result["wav"]))

    def stream(self, text: str, manner: Manner, seed: int) -> Iterator[Samples]:
        """Yield sound, about a second at a time, while the rest is still being thought of."""
        torch.manual_seed(seed)
        # A seed of its own would set the generators of numpy and Python, too; -1 leaves all as they are.
        pieces = self._model.inference_stream(
            text, manner.language, *self._who(manner), **self._taste(), seed=-1
        )
        for piece in pieces:
            yield _samples(piece.cpu().numpy())

    def _taste(self) -> dict[str, Any]:
        names = ("temperature", "length_penalty", "repetition_penalty", "top_k", "top_p")
        return {name: self._config[name] for name in names}

    def _who(self, manner: Manner) -> "tuple[Tensor, Tensor]":
        """Return the speaker's traits: what the language model and what the decoder is told of them."""
        if manner.sample is not None:
            return self._imitated(manner.sample)
        speaker = self._model.speaker_manager.speakers[manner.speaker]
        return speaker["gpt_cond_latent"], speaker["speaker_embedding"]

    def _imitated(self, sample: VoiceSample) -> "tuple[Tensor, Tensor]":
        if sample.digest not in self._traits:
            sound = torch.from_numpy(sample.samples)[None].to(self._model.device)
            heard = self._config.gpt_cond_len, self._config.gpt_cond_chunk_len
            self._traits[sample.digest] = (
                self._model.get_gpt_cond_latents(sound, sample.sample_rate, *heard),
                self._model.get_speaker_embedding(sound, sample.sample_rate),
            )
            if len(self._traits) > REMEMBERED_SAMPLES:
                self._traits.popitem(last=False)
        self._traits.move_to_end(sample.digest)
        return self._traits[sample.digest]


class ClassicModel:
    """Text to spectrogram, then to sound by the vocoder in the folder, or by Griffin and Lim's method."""

    def __init__(self, folder: ModelFolder) -> None:
        weights, config = vocoder(folder.path) or (None, None)
        self._synthesizer = Synthesizer(
            tts_checkpoint=folder.weights,
            tts_config_path=folder.path / "config.json",
            vocoder_checkpoint=weights,
            vocoder_config=config,
            use_cuda=_device().type == "cuda",
        )
        self.sample_rate = int(self._synthesizer.output_sample_rate)

    def speak(self, text: str, manner: Manner, seed: int) -> Spoken:
        torch.manual_seed(seed)
        several = self._synthesizer.tts_model.language_manager.num_languages > 1
        wave = self._synthesizer.tts(
            text,
            speaker_name=manner.speaker,
            language_name=manner.language if several else None,
            split_sentences=False,
        )
        return Spoken(_samples(np.asarray(wave)[:-PAD_SILENCE_SAMPLES]))


class _Xtts(Xtts):  # type: ignore[misc]
    """XTTS that leaves its files as they are: Coqui's own writes an old checkpoint anew while loading it."""

    def _load_checkpoint(self, model_path: Path) -> dict[str, Any]:
        # The published checkpoint holds its config as objects of these classes, under their former address.
        address = f"{Xtts.__module__}."
        moved = [(kind, address + kind.__name__) for kind in (XttsArgs, XttsAudioConfig)]
        with torch.serialization.safe_globals([*moved, BaseDatasetConfig, XttsConfig]):
            state = torch.load(model_path, map_location="cpu", weights_only=True)
        weights: dict[str, Any] = state["model"]
        return weights


def _config(folder: ModelFolder) -> Any:
    """Read a model's config; files it names are looked for in its own folder."""
    config = load_config(folder.path / "config.json")
    for place, name in ((place, name) for place in (config, config.model_args) for name in TRAINERS_FILES):
        if named := place.get(name):
            place[name] = str(beside(folder.path, named) or "") or None
    return config


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _samples(wave: Any) -> Samples:
    return np.clip(np.asarray(wave, np.float32).reshape(-1), -1, 1)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:160]
