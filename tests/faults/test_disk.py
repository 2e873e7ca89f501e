"""A disk that is full, and one that may not be written to."""

import io
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from service.settings import Settings
from tests.faults.conftest import mounted
from tests.imitator import engines_with_imitator
from tests.pictures import jpeg
from tests.recordings import file, spoken
from voiceover.avatars import astronaut

TEXT = "Раз, два, три, четыре, пять, шесть, семь."


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def fill(disk: Path) -> None:
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(4096)):
            pass


def server_on(disk: Path) -> FlaskClient:
    return create_app(Settings(data=disk), serving=True, speech=engines_with_imitator()).test_client()


@pytest.fixture(params=["full", "read-only"])
def broken_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "size=1m") as disk:
        if request.param == "full":
            fill(disk)
        else:
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        yield disk


def test_without_room_speech_goes_on_and_what_cannot_be_kept_is_told(broken_disk: Path) -> None:
    before = files(broken_disk)
    client = server_on(broken_disk)
    for _ in range(2):
        assert client.post("/api/generate_stream", json={"text": TEXT, "language": "ru"}).data
    refused = {
        "avatar": client.post("/api/avatars", data={"file": (io.BytesIO(jpeg(astronaut())), "me.jpg")}),
        "video": client.post("/api/avatars", data={"file": (io.BytesIO(bytes(10_000)), "me.mp4")}),
        "voice": client.post(
            "/api/voices",
            data={
                "recording": (io.BytesIO(file(spoken(), "flac")), "me.flac"),
                "name": "I",
                "consent": "true",
            },
        ),
        "film": client.post("/api/generate?wait=1", json={"text": TEXT, "language": "ru"}),
    }
    told = {name: (answer.status_code, answer.get_json()["code"]) for name, answer in refused.items()}
    assert told == dict.fromkeys(refused, (507, "storage-failed"))
    assert files(broken_disk) == before


def test_a_film_for_which_the_room_does_not_suffice_is_told_and_leaves_nothing(small_disk: Path) -> None:
    client = server_on(small_disk)
    (small_disk / "filler").write_bytes(bytes(600_000))
    film = client.post("/api/generate?wait=1", json={"text": f"{TEXT} " * 6, "language": "ru"})
    assert (film.status_code, film.get_json()["code"]) == (507, "storage-failed")
    assert not [path for path in files(small_disk / "jobs") if path.name != "job.json"]
    (small_disk / "filler").unlink()
    film = client.post("/api/generate?wait=1", json={"text": "Раз.", "language": "ru"})
    assert film.status_code == 200
    film.close()


def test_a_clip_for_which_the_room_does_not_suffice_is_not_kept(small_disk: Path) -> None:
    client = server_on(small_disk)
    (small_disk / "filler").write_bytes(bytes(960_000))
    for _ in range(2):
        answer = client.post("/api/generate_stream", json={"text": TEXT * 3, "language": "ru"})
        assert answer.data and "cache" not in answer.headers["Server-Timing"]
    assert not (small_disk / "clips").exists() or not list((small_disk / "clips").iterdir())
    (small_disk / "filler").unlink()
    for _ in range(2):
        answer = client.post("/api/generate_stream", json={"text": TEXT * 3, "language": "ru"})
        assert answer.data
    assert "cache" in answer.headers["Server-Timing"]
