"""Files that were damaged on the disk: what is asked of them is told, and everything else goes on.

Damaged clips in the cache are in `tests/test_cache.py`, all kinds of damaged weights in the tests of their
readers.
"""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from service.settings import Settings
from tests.pictures import jpeg
from voiceover.avatars import astronaut

TEXT = "Раз, два."


def speak(client: FlaskClient, **more: object) -> tuple[int, str | None]:
    """Return a status and the code of a problem."""
    with client.post("/api/generate_stream", json={"text": TEXT, "language": "ru", **more}) as answer:
        return answer.status_code, None if answer.data[4:8] == b"ftyp" else answer.get_json()["code"]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def garble(path: Path) -> None:
    path.write_bytes(bytes(1000))


@pytest.mark.parametrize("damage", [cut, Path.unlink])
@pytest.mark.parametrize("part", ["original", "faces.npy", "avatar.json"])
def test_a_damaged_avatar_is_told_and_harms_no_other(
    tmp_path: Path, part: str, damage: Callable[[Path], object]
) -> None:
    settings = Settings(data=tmp_path, max_cache=0)
    client = create_app(settings).test_client()
    brought = client.post("/api/avatars", data={"file": (io.BytesIO(jpeg(astronaut())), "me.jpg")}).get_json()
    damage(tmp_path / "avatars" / brought["id"] / part)
    client = create_app(settings).test_client()
    wanted = (422, "avatar-not-found") if part == "avatar.json" else (500, "avatar-damaged")
    assert speak(client, avatar=brought["id"]) == wanted
    if part != "avatar.json":
        assert client.get(f"/api/avatars/{brought['id']}/idle.mp4").get_json()["code"] == "avatar-damaged"
        assert client.delete(f"/api/avatars/{brought['id']}").status_code == 204
    assert client.get("/api/avatars").status_code == 200
    again = client.post("/api/avatars", data={"file": (io.BytesIO(jpeg(astronaut())), "me.jpg")})
    assert again.status_code == 201, again.get_json()
    assert speak(client, avatar=again.get_json()["id"]) == (200, None)


@pytest.mark.parametrize("damage", [garble, Path.unlink])
def test_a_film_whose_card_is_damaged_is_forgotten_with_its_files(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    settings = Settings(data=tmp_path)
    client = create_app(settings).test_client()
    jobs = []
    for _ in range(2):
        job = client.post("/api/generate", json={"text": TEXT, "language": "ru"}).get_json()
        client.get(job["events"], buffered=True)
        jobs.append(job)
    damage(tmp_path / "jobs" / jobs[0]["id"] / "job.json")
    client = create_app(settings, serving=True).test_client()
    assert client.get(jobs[0]["job"]).get_json()["code"] == "job-not-found"
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == [jobs[1]["id"]]
    assert client.get(jobs[1]["job"]).get_json()["state"] == "done"


@pytest.fixture
def checkpoints(tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoints"
    for name in ("piper", "coqui/ru_tiny"):
        (folder / name).mkdir(parents=True)
    (folder / "wav2lip_gan.pth").write_bytes(os.urandom(5000))
    (folder / "piper" / "ru_RU-irina-medium.onnx").write_bytes(os.urandom(5000))
    config = {
        "audio": {"sample_rate": 22050},
        "espeak": {"voice": "ru"},
        "language": {"code": "ru_RU"},
        "inference": {"noise_scale": 0.6, "length_scale": 1, "noise_w": 0.8},
        "num_speakers": 1,
        "num_symbols": 256,
        "phoneme_type": "espeak",
        "phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [3]},
    }
    (folder / "piper" / "ru_RU-irina-medium.onnx.json").write_text(json.dumps(config))
    (folder / "coqui" / "ru_tiny" / "model.pth").write_bytes(os.urandom(5000))
    (folder / "coqui" / "ru_tiny" / "config.json").write_text(json.dumps({"model": "vits"}))
    return folder


def test_damaged_weights_are_told_and_others_take_their_place(tmp_path: Path, checkpoints: Path) -> None:
    settings = Settings(data=tmp_path / "data", checkpoints=checkpoints, max_cache=0)
    client = create_app(settings).test_client()
    for _ in range(2):  # found out once, known afterwards
        assert speak(client, lips="wav2lip") == (503, "checkpoint-unreadable")
        status, code = speak(client, voice="piper:ru_RU-irina-medium")
        assert (status, code) == (503, "voice-unreadable")
        status, code = speak(client, voice="coqui:ru_tiny")
        assert status == 503 and code in ("coqui-damaged", "coqui-foreign"), code
    assert speak(client) == (200, None)
    engines = client.get("/api/engines").get_json()
    assert engines["auto"]["lips"] == "visemes"
