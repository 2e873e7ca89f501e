"""A server under siege, whose mistakes are looked for in its log, too."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.models import ModelFolder
from service.pipeline import Pipeline
from tests.hostile.siege import Siege, Tracebacks, besieged
from voiceover.avatarstore import AvatarStore
from voiceover.voices import VoiceStore


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("besieged")


@pytest.fixture(scope="package")
def app(folder: Path) -> Flask:
    return besieged(folder)


@pytest.fixture(scope="package")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    data = tmp_path_factory.mktemp("pipeline")
    return Pipeline(AvatarStore(data), ModelFolder(), VoiceStore(data / "voices", 0))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="package")
def siege(app: Flask) -> Siege:
    return Siege(app)


@pytest.fixture(autouse=True)
def _no_traceback() -> Iterator[None]:
    tracebacks = Tracebacks()
    logging.getLogger().addHandler(tracebacks)
    yield
    logging.getLogger().removeHandler(tracebacks)
    assert tracebacks.told == []
