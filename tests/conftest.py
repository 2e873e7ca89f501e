"""What all tests share: real engines, loaded once."""

import pytest

from service.engines import speech_engines
from tts.base import SpeechEngine, Voice


@pytest.fixture(scope="session")
def espeak() -> SpeechEngine:
    return speech_engines().get("espeak")


@pytest.fixture(scope="session")
def russian(espeak: SpeechEngine) -> Voice:
    return next(voice for voice in espeak.voices() if voice.language == "ru")
