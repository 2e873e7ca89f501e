"""An engine that imitates for real what it can: the pitch of whom it hears."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from service.engines import speech_engines
from service.models import ModelFolder
from service.registry import Registry
from tts.base import SpeechEngine, Voice
from voiceover.types import Samples, Speech

LOWEST, HIGHEST = 60, 400  # Hz


def pitch(sound: Samples, rate: int) -> float:
    """The median fundamental frequency of speech in Hz, by autocorrelation."""
    length = rate // 20
    frames = sound[: len(sound) // length * length].reshape(-1, length).astype(np.float64)
    frames = frames - frames.mean(axis=1, keepdims=True)
    lags = np.fft.irfft(np.abs(np.fft.rfft(frames, 2 * length)) ** 2)[:, :length]
    first, last = rate // HIGHEST, rate // LOWEST
    best = lags[:, first:last].argmax(axis=1) + first
    clear = lags[np.arange(len(lags)), best] > 0.5 * lags[:, 0].clip(np.percentile(lags[:, 0], 50))
    return float(rate / np.median(best[clear]))


class Imitator:
    """espeak-ng, played faster or slower until its pitch is that of the sample."""

    name = "imitator"

    def __init__(self, espeak: SpeechEngine) -> None:
        self._espeak = espeak
        self._voices = {language: self._voice(language) for language in self.cloned_languages()}

    def voices(self) -> Sequence[Voice]:
        return []

    def cloned_languages(self) -> Sequence[str]:
        return ["ru", "en-us"]

    def synthesize(self, text: str, voice: Voice, seed: int = 0) -> Speech:
        speech = self._espeak.synthesize(text, self._voices[voice.language], seed)
        if voice.sample is None or not speech.phones:
            return speech
        wanted = pitch(voice.sample.samples, voice.sample.sample_rate)
        faster = wanted / pitch(speech.samples, speech.sample_rate)
        return replace(speech, sample_rate=round(speech.sample_rate * faster))

    def _voice(self, language: str) -> Voice:
        return next(voice for voice in self._espeak.voices() if voice.language == language)


def engines_with_imitator() -> Registry[SpeechEngine]:
    """Return the engines of a server on which own voices can be used."""
    espeak = speech_engines(ModelFolder()).get("espeak")
    return Registry("speech", {"espeak": lambda: espeak, "imitator": lambda: Imitator(espeak)})
