"""Whoever comes after the warm-up pays for no import; where it fails, that is told, until it works."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from service.registry import Registry
from service.settings import Settings
from tests.server import wait_until
from tts.base import SpeechEngine

ROOT = Path(__file__).parents[1]

FIRST_REQUESTS = """
import sys, threading
from app import create_app
from service.settings import Settings

client = create_app(Settings(data=sys.argv[1]), serving=True).test_client()
for thread in threading.enumerate():
    if thread.name in ("warm-up", "load-audio"):
        thread.join()
known = set(sys.modules)
assert client.get("/readyz").status_code == 200
for path in ("/", "/realtime", "/api/voices", "/api/avatars", "/api/engines"):
    assert client.get(path).status_code == 200, path
for text in ("Привет, сегодня 25 мая 2020 г.", "Hello, it is 5 o'clock on May 3, and that costs $5."):
    assert client.post("/api/split", json={"text": text}).status_code == 200
    clip = client.post("/api/generate_stream", json={"text": text, "audio": "flac"})
    assert clip.status_code == 200 and clip.data
print(sorted(set(sys.modules) - known))
"""


def test_the_first_viewer_pays_for_no_import(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_REQUESTS, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def told(client: FlaskClient, language: str = "en") -> tuple[str, str]:
    """Return the code and the sentence by which a server says that it is not ready; empty where it is."""
    answer = client.get("/readyz", headers={"Accept-Language": language})
    if answer.status_code == 200:
        return "", ""
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) > 0
    problem = answer.get_json()
    return problem["code"], problem["detail"]


def until_told(client: FlaskClient, code: str) -> None:
    wait_until(lambda: told(client)[0] == code, f"it never says {code!r}")


@pytest.fixture
def quiet_afterwards() -> Iterator[None]:
    """The warm-up goes on when it is ready: later tests count threads."""
    before = set(threading.enumerate())
    yield
    wait_until(
        lambda: all(thread.name == "films" for thread in set(threading.enumerate()) - before), "it never ends"
    )


def test_who_has_not_begun_is_warming_up(tmp_path: Path) -> None:
    client = create_app(Settings(data=tmp_path)).test_client()
    assert told(client)[0] == "warming-up"
    assert "готовится" in told(client, "ru")[1]


@pytest.mark.usefixtures("quiet_afterwards")
def test_what_is_missing_is_told_until_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("IMAGEIO_FFMPEG_EXE", "/nowhere/ffmpeg")
        client = create_app(Settings(data=tmp_path), serving=True).test_client()
        until_told(client, "cannot-speak")
        assert "cannot start ffmpeg" in told(client)[1]
        assert "не может запустить ffmpeg" in told(client, "ru")[1]
    until_told(client, "")


@pytest.mark.usefixtures("quiet_afterwards")
def test_what_nobody_expected_is_told_and_tried_again(
    espeak: SpeechEngine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def load() -> SpeechEngine:
        if not mended:
            raise OSError("what a library may raise while it is loaded")
        return espeak

    mended = False
    client = create_app(
        Settings(data=tmp_path), serving=True, speech=Registry("speech", {"espeak": load})
    ).test_client()
    until_told(client, "cannot-speak")
    assert "what a library may raise" not in told(client)[1], "that is for the log"
    assert "what a library may raise" in caplog.text
    mended = True
    until_told(client, "")
