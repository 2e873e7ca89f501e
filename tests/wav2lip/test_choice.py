"""Which lips `auto` takes, and what is said about the others."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from service.engines import MARGIN, Registry, lip_engines, too_slow
from service.models import ModelFolder
from service.settings import Settings
from tests.wav2lip import formula
from voiceover.errors import EngineUnavailable
from voiceover.lips import LipEngine
from voiceover.types import FPS, Avatar, Frame, Speech
from wav2lip.model import Wav2Lip

WIDTH = 1 / 8


def put_checkpoint(folder: Path) -> None:
    torch.save({"state_dict": formula.weights(Wav2Lip(WIDTH))}, folder / "wav2lip.pth")


class Drawing:
    """Lips that draw the avatar as it is, at a speed that was measured."""

    def __init__(self, name: str, rate: float) -> None:
        self.name = name
        self.rate = rate

    def prepare(self, avatar: Avatar) -> None:
        pass

    def frames(self, avatar: Avatar, speech: Speech, start_frame: int = 0) -> Iterator[Frame]:
        return (avatar.frames[0].copy() for _ in range(speech.frames))


def registry(rate: float) -> Registry[LipEngine]:
    return Registry(
        "lips", {"neural": lambda: Drawing("neural", rate), "plain": lambda: Drawing("plain", 1000)}, too_slow
    )


def test_auto_takes_the_better_engine_where_it_keeps_up() -> None:
    assert registry(MARGIN * FPS + 1).best().name == "neural"
    assert registry(MARGIN * FPS + 1).objection("neural") is None


def test_auto_passes_over_an_engine_slower_than_speech_but_it_can_be_forced() -> None:
    slow = registry(MARGIN * FPS - 1)
    assert slow.best().name == "plain"
    assert slow.missing("neural") is None and slow.get("neural").name == "neural"
    objection = slow.objection("neural")
    assert objection is not None and objection.details["reason"] == "too-slow"
    assert objection.details["rate"] == round(MARGIN * FPS - 1)


def test_auto_never_takes_wav2lip_without_a_checkpoint(tmp_path: Path) -> None:
    lips = lip_engines(ModelFolder(tmp_path))
    assert lips.best().name == "visemes"
    missing = lips.missing("wav2lip")
    assert missing is not None and missing.details["reason"] == "checkpoint-missing"


def test_a_checkpoint_is_found_without_a_restart(tmp_path: Path) -> None:
    lips = lip_engines(ModelFolder(tmp_path))
    assert lips.missing("wav2lip") is not None
    put_checkpoint(tmp_path)
    assert lips.missing("wav2lip") is None
    assert lips.get("wav2lip").name == "wav2lip"


def test_a_refused_checkpoint_is_read_again_only_when_it_is_another(tmp_path: Path) -> None:
    lips = lip_engines(ModelFolder(tmp_path))
    (tmp_path / "wav2lip.pth").write_bytes(b"<html>")
    first, second = lips.missing("wav2lip"), lips.missing("wav2lip")
    assert isinstance(first, EngineUnavailable) and first is second
    assert first.details["reason"] == "checkpoint-unreadable"
    put_checkpoint(tmp_path)
    assert lips.missing("wav2lip") is None


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(Settings(data=tmp_path / "data", checkpoints=tmp_path))


def lips_of(client: FlaskClient, language: str = "en") -> dict[str, dict[str, object]]:
    answer = client.get("/api/engines", headers={"Accept-Language": language}).get_json()
    return {engine["name"]: engine for engine in answer["lips"]}


def test_the_api_says_what_is_missing_and_the_one_command_that_brings_it(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    for language in ("en", "ru"):
        wav2lip = lips_of(client, language)["wav2lip"]
        assert not wav2lip["available"] and "flask models download wav2lip_gan" in str(wav2lip["reason"])
    put_checkpoint(tmp_path)
    assert lips_of(client)["wav2lip"]["available"]


def test_a_clip_is_drawn_by_the_engine_that_is_forced(app: Flask, tmp_path: Path) -> None:
    put_checkpoint(tmp_path)
    request = {"text": "Hello.", "language": "en", "lips": "wav2lip"}
    answer = app.test_client().post("/api/generate_stream", json=request)
    assert answer.status_code == 200 and answer.headers["Lips-Engine"] == "wav2lip"
    assert answer.data[4:8] == b"ftyp"


def test_models_are_listed_on_the_command_line(app: Flask) -> None:
    listed = app.test_cli_runner().invoke(args=["models", "list"]).output
    assert "wav2lip_gan: missing" in listed and "non-commercial" in listed
