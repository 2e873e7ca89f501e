"""What all tests share: real engines, loaded once."""

from collections.abc import Iterator

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from service.engines import speech_engines
from service.models import ModelFolder
from service.settings import Settings
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


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """A server with nothing but what comes along."""
    folder = tmp_path_factory.mktemp("server")
    return create_app(Settings(data=folder / "data"))


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client
