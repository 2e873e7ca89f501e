"""Which lips `auto` takes, and what is said about the others."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
import torch
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from service.engines import lip_engines
from service.models import CHECKPOINTS, ModelFolder
from service.registry import Registry
from service.settings import Settings
from service.traits import MARGIN, too_slow
from tests import pictures
from tests.wav2lip import formula, restorers
from voiceover.avatars import astronaut
from voiceover.errors import EngineUnavailable
from voiceover.lips import LipEngine
from voiceover.types import FPS, Avatar, Frame, Speech
from wav2lip.checkpoints import OWN
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
    assert objection.details["rate"] == MARGIN * FPS - 1


def test_auto_never_takes_wav2lip_without_a_checkpoint(tmp_path: Path) -> None:
    lips = lip_engines(ModelFolder(tmp_path))
    assert lips.best().name == "visemes"
    missing = lips.missing("wav2lip")
    assert missing is not None and missing.details["reason"] == "checkpoint-missing"


def test_restored_lips_are_there_when_both_files_are(tmp_path: Path) -> None:
    lips = lip_engines(ModelFolder(tmp_path))
    without_it = lips.missing("wav2lip-gfpgan")
    assert without_it is not None and without_it.details["model"] == "gfpgan_1.4"
    restorers.save(tmp_path / "gfpgan_1.4.onnx")
    without_lips = lips.missing("wav2lip-gfpgan")
    assert without_lips is not None and without_lips.details["model"] == "wav2lip_gan"
    put_checkpoint(tmp_path)
    assert lips.missing("wav2lip-gfpgan") is None
    assert lips.get("wav2lip-gfpgan").name == "wav2lip-gfpgan"
    assert lips.missing("wav2lip-codeformer") is not None


def test_restored_lips_are_taken_only_when_asked_for(tmp_path: Path) -> None:
    """However fast they are: something that works comes before them."""
    lips = lip_engines(ModelFolder(tmp_path))
    names = lips.names()
    assert names.index("visemes") < min(names.index(f"wav2lip-{name}") for name in ("gfpgan", "codeformer"))
    restorers.save(tmp_path / "gfpgan_1.4.onnx")
    assert lips.best().name == "visemes"


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


def lips_of(client: FlaskClient, language: str = "en") -> dict[str, dict[str, Any]]:
    answer = client.get("/api/engines", headers={"Accept-Language": language}).get_json()
    return {engine["name"]: engine for engine in answer["lips"]}


def test_the_api_says_what_is_missing_and_the_one_command_that_brings_it(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    for language in ("en", "ru"):
        wav2lip = lips_of(client, language)["wav2lip"]
        assert not wav2lip["available"] and wav2lip["rate"] is None
        assert wav2lip["command"] == ".venv/bin/flask models download wav2lip_gan"
        assert str(wav2lip["reason"]).endswith(wav2lip["command"])
        assert lips_of(client, language)["wav2lip-gfpgan"]["command"].endswith("download gfpgan_1.4")
    put_checkpoint(tmp_path)
    found = lips_of(client)["wav2lip"]
    assert found["available"] and found["command"] == "" and found["rate"] > 0


def test_a_clip_is_drawn_by_the_engine_that_is_forced(app: Flask, tmp_path: Path) -> None:
    put_checkpoint(tmp_path)
    request = {"text": "Hello.", "language": "en", "lips": "wav2lip"}
    answer = app.test_client().post("/api/generate_stream", json=request)
    assert answer.status_code == 200 and answer.headers["Lips-Engine"] == "wav2lip"
    assert answer.data[4:8] == b"ftyp"


def put_own(folder: Path, avatar_id: str) -> None:
    (folder / OWN).mkdir(exist_ok=True)
    copyfile(CHECKPOINTS / OWN / "astronaut.safetensors", folder / OWN / f"{avatar_id}.safetensors")


def test_the_api_says_which_weights_draw_everybody(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    assert lips_of(client)["wav2lip"]["weights"] is None, "there are none"
    put_checkpoint(tmp_path)
    restorers.save(tmp_path / "gfpgan_1.4.onnx")
    put_own(tmp_path, "astronaut")
    told = lips_of(client)
    assert told["wav2lip"]["weights"] == {"everybody": "wav2lip", "learned": ["astronaut"]}
    assert told["wav2lip-gfpgan"]["weights"] == told["wav2lip"]["weights"]
    assert told["visemes"]["weights"] is None, "it needs none"


def test_the_api_says_whom_networks_of_their_own_draw_and_what_teaches_the_others(
    app: Flask, tmp_path: Path
) -> None:
    client = app.test_client()
    for avatar_id in ("astronaut", "ear", "0123456789abcdef"):  # the last belongs to nobody who is here
        put_own(tmp_path, avatar_id)
    photo = {"file": (BytesIO(pictures.jpeg(astronaut())), "me.jpg")}
    brought = client.post("/api/avatars", data=photo).get_json()
    assert lips_of(client)["wav2lip"]["weights"] == {"everybody": "", "learned": ["astronaut"]}
    assert brought["training"] == f".venv/bin/flask train --avatar {brought['id']}"
    request = {"text": "Hello.", "language": "en", "lips": "wav2lip", "avatar": brought["id"]}
    refused = client.post("/api/generate_stream", json=request).get_json()
    assert refused["code"] == "avatar-not-learned" and refused["detail"].endswith(brought["training"])
    put_own(tmp_path, brought["id"])
    assert lips_of(client)["wav2lip"]["weights"]["learned"] == ["astronaut", brought["id"]]
    assert client.post("/api/generate_stream", json=request).headers["Lips-Weights"] == "own"


def test_a_clip_tells_its_weights_made_or_kept(tmp_path: Path) -> None:
    checkpoints = tmp_path / "checkpoints"  # apart: a clip is kept for as long as nothing in there changes
    checkpoints.mkdir()
    client = create_app(Settings(data=tmp_path / "data", checkpoints=checkpoints)).test_client()

    def told(lips: str) -> list[tuple[str | None, str]]:
        request = {"text": "Hello.", "language": "en", "lips": lips}
        answers = [client.post("/api/generate_stream", json=request, buffered=True) for _ in range(2)]
        return [
            (answer.headers.get("Lips-Weights"), answer.headers["Server-Timing"].split(";")[0])
            for answer in answers
        ]

    put_own(checkpoints, "astronaut")
    assert told("visemes") == [(None, "prepare"), (None, "cache")]
    assert told("wav2lip") == [("own", "prepare"), ("own", "cache")]
    put_checkpoint(checkpoints)
    assert told("wav2lip") == [("wav2lip", "prepare"), ("wav2lip", "cache")]


def test_every_command_that_is_told_names_a_model_of_the_manifest(app: Flask) -> None:
    names = {model.name for model in ModelFolder().models}
    told = [
        engine["command"].split()[-1] for engine in lips_of(app.test_client()).values() if engine["command"]
    ]
    assert len(told) == 3 and set(told) <= names


def test_the_cost_of_restoration_is_told(app: Flask, tmp_path: Path) -> None:
    put_checkpoint(tmp_path)
    restorers.save(tmp_path / "gfpgan_1.4.onnx")
    lips = lips_of(app.test_client())
    assert 0 < lips["wav2lip-gfpgan"]["rate"] < lips["wav2lip"]["rate"]


def test_a_damaged_restorer_is_told_with_what_mends_it(app: Flask, tmp_path: Path) -> None:
    put_checkpoint(tmp_path)
    (tmp_path / "codeformer.onnx").write_bytes(b"<html>")
    told = lips_of(app.test_client())["wav2lip-codeformer"]
    assert not told["available"] and "codeformer.onnx" in told["reason"]
    assert told["command"].endswith("download codeformer")


def test_models_are_listed_on_the_command_line(app: Flask) -> None:
    listed = app.test_cli_runner().invoke(args=["models", "list"])
    names = [line.split()[0] for line in listed.stdout.splitlines()]
    assert {"wav2lip_gan", "wav2lip", "s3fd", "gfpgan_1.4", "codeformer"} <= set(names)
    assert ".venv/bin/flask models download NAME" in listed.stderr
    shown = app.test_cli_runner().invoke(args=["models", "show", "wav2lip_gan"]).output
    assert "missing" in shown and "non-commercial" in shown
