"""Lips that fail in the middle of a clip, and a GPU without memory."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from flask import Flask
from flask.testing import FlaskClient
from torch import Tensor

from app import create_app
from service.registry import Registry
from service.settings import Settings
from tests.wav2lip import formula
from visemes.engine import VisemeEngine
from voiceover.lips import LipEngine
from voiceover.types import Avatar, Frame, Speech
from wav2lip.batching import Batcher
from wav2lip.engine import Wav2LipEngine
from wav2lip.model import Wav2Lip
from wav2lip.static import PictureTerms, StaticWav2Lip

TEXT = "Раз, два, три, четыре, пять."


@dataclass
class Clumsy:
    """Visemes, which fail after so many frames."""

    visemes: VisemeEngine
    fails_after: int | None = None
    name: str = "clumsy"

    def prepare(self, avatar: Avatar) -> None:
        if self.fails_after == 0:
            raise IndexError("what a library may raise")
        self.visemes.prepare(avatar)

    def frames(self, avatar: Avatar, speech: Speech, start_frame: int = 0) -> Iterator[Frame]:
        for number, frame in enumerate(self.visemes.frames(avatar, speech, start_frame)):
            if number == self.fails_after:
                raise IndexError("what a library may raise")
            yield frame


@pytest.fixture(scope="module")
def clumsy() -> Clumsy:
    return Clumsy(VisemeEngine())


@pytest.fixture(scope="module")
def app(clumsy: Clumsy, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    lips: Registry[LipEngine] = Registry("lips", {"clumsy": lambda: clumsy})
    return create_app(Settings(data=tmp_path_factory.mktemp("data")), lips=lips)


def test_lips_that_fail_before_the_first_byte_are_told(client: FlaskClient, clumsy: Clumsy) -> None:
    clumsy.fails_after = 0
    answer = client.post("/api/generate_stream", json={"text": TEXT, "language": "ru"})
    assert (answer.status_code, answer.get_json()["code"]) == (500, "drawing-failed")
    film = client.post("/api/generate?wait=1", json={"text": TEXT, "language": "ru"})
    assert (film.status_code, film.get_json()["code"]) == (500, "drawing-failed")
    clumsy.fails_after = None
    assert client.post("/api/generate_stream", json={"text": TEXT, "language": "ru"}).data


def test_lips_that_fail_in_the_middle_break_the_clip_off_and_it_is_not_kept(
    client: FlaskClient, clumsy: Clumsy, caplog: pytest.LogCaptureFixture
) -> None:
    clumsy.fails_after = 20
    body = {"text": TEXT, "language": "ru", "seed": 1}
    answer = client.post("/api/generate_stream", json=body, headers={"X-Request-Id": "clumsy-lips"})
    assert answer.status_code == 200
    with pytest.raises(Exception, match="clumsy failed"):
        list(answer.response)
    answer.close()
    (told,) = [r for r in caplog.records if r.message == "an answer broke off in the middle"]
    assert told.request_id == "clumsy-lips"  # type: ignore[attr-defined]
    clumsy.fails_after = None
    again = client.post("/api/generate_stream", json=body)
    assert again.data and "cache" not in again.headers["Server-Timing"]


class Small:
    """A device with memory for so many frames at a time."""

    def __init__(self, network: StaticWav2Lip, room: int) -> None:
        self.network, self.room = network, room

    def look(self, faces: Tensor) -> PictureTerms:
        if len(faces) > self.room:
            raise torch.OutOfMemoryError
        return self.network.look(faces)

    def draw(self, windows: Tensor, pictures: PictureTerms) -> Tensor:
        if len(windows) > self.room:
            raise torch.OutOfMemoryError
        return self.network.draw(windows, pictures)


def narrow() -> Wav2Lip:
    network = Wav2Lip(1 / 8)
    network.load_state_dict(formula.weights(network))
    return network.eval()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoints") / "wav2lip.pth"
    torch.save({"state_dict": narrow().state_dict()}, path)
    return path


def test_without_memory_the_engine_goes_on_on_the_processor(
    checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Wav2LipEngine(checkpoint)
    gpu = Small(StaticWav2Lip(narrow(), torch.device("cpu"), torch.float64), room=8)
    lips: Registry[LipEngine] = Registry("lips", {"wav2lip": lambda: engine})
    client = create_app(Settings(data=tmp_path), lips=lips).test_client()

    def speak(number: int) -> tuple[str, bytes]:
        body = {"text": TEXT, "language": "ru", "voice": "espeak:ru+f2", "lips": "wav2lip", "seed": number}
        with client.post("/api/generate_stream", json=body) as answer:
            assert answer.status_code == 200, answer.get_json()
            return answer.headers["ETag"], answer.data

    on_processor = engine.mode
    # As it is where there is a GPU: its way to draw is another, and the weights wait for the processor.
    object.__setattr__(engine._easel.renderer, "network", gpu.network)
    engine._easel.batcher = Batcher(gpu, (4, 16))
    engine._spare = narrow()
    on_gpu = engine.mode
    assert on_gpu != on_processor
    with caplog.at_level(logging.WARNING):
        whole, _ = speak(1)
        assert engine.mode == on_gpu and "half as many" in caplog.text
        gpu.room = 0
        moved, data = speak(2)  # in the middle of which the GPU is given up
        assert engine.mode == on_processor and "Wav2Lip goes on on the processor" in caplog.text
    assert len(data) > 10_000
    after, _ = speak(2)
    assert after != moved, "what was begun on the GPU is not kept as if it were made there"
    assert speak(2)[0] == after and speak(1)[0] != whole
    assert np.isfinite(engine.rate)
