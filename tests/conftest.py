"""What all tests share: real engines, loaded once."""

import hypothesis
import pytest

from service.engines import speech_engines
from service.models import ModelFolder
from tts.base import SpeechEngine, Voice

# Machines are shared: how long an example takes says nothing.
hypothesis.settings.register_profile("shared", deadline=None)
hypothesis.settings.load_profile("shared")


@pytest.fixture(scope="session")
def espeak() -> SpeechEngine:
    return speech_engines(ModelFolder()).get("espeak")


@pytest.fixture(scope="session")
def russian(espeak: SpeechEngine) -> Voice:
    return next(voice for voice in espeak.voices() if voice.language == "ru")
