"""Voices that raise what nobody expects, and voices that never answer."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app import create_app
from service.engines import guarded
from service.settings import Settings
from tests.server import wait_until
from tests.streamer import Streamer
from tts.base import SpeechEngine, Voice
from voiceover.types import Speech, SpeechSoFar

PATIENCE = 1.0  # seconds that this server has for a voice


@dataclass
class Moody:
    """espeak-ng, one text at a time, which fails or stands still at certain words."""

    streamer: Streamer
    name: str = "moody"
    turn: threading.Lock = field(default_factory=threading.Lock)
    goes_on: threading.Event = field(default_factory=threading.Event)

    def voices(self) -> Sequence[Voice]:
        return [Voice("moody:ru", self.name, "ru", "Moody", "neural")]

    def synthesize(self, text: str, voice: Voice, seed: int = 0) -> Speech:
        with self.turn:
            self._follow_mood(text)
            return self.streamer.synthesize(text, voice, seed)

    def streams(self, voice: Voice) -> bool:
        return True

    def stream(self, text: str, voice: Voice, seed: int = 0) -> Iterator[SpeechSoFar]:
        for piece in self.streamer.stream(text, voice, seed):
            if piece.complete:
                self._follow_mood(text)
            yield piece

    def _follow_mood(self, text: str) -> None:
        if "упади" in text.lower():
            raise ZeroDivisionError("what a library may raise")
        if "замри" in text.lower():
            self.goes_on.wait()


@pytest.fixture
def moody(espeak: SpeechEngine) -> Iterator[Moody]:
    engine = Moody(Streamer(espeak))
    yield engine
    engine.goes_on.set()


@pytest.fixture
def app(moody: Moody, tmp_path: Path) -> Flask:
    engines = guarded({"moody": lambda: moody, "espeak": lambda: moody.streamer.espeak}, PATIENCE)
    return create_app(Settings(data=tmp_path, max_cache=0), serving=True, speech=engines)


def hanging(client: FlaskClient) -> float:
    told = text_string_to_metric_families(client.get("/metrics").text)
    return next(f.samples[0].value for f in told if f.name == "voiceover_speech_engines_hanging")


def speak(client: FlaskClient, text: str, **more: object) -> tuple[int, str]:
    """Return a status, and the code of a problem or the name of the engine."""
    body = {"text": text, "language": "ru", **more}
    with client.post("/api/generate_stream", json=body, headers={"Accept-Language": "en"}) as answer:
        if answer.status_code != 200:
            return answer.status_code, answer.get_json()["code"]
        assert answer.data
        return 200, answer.headers["Speech-Engine"]


def test_what_a_voice_raises_is_told_as_what_it_is(client: FlaskClient) -> None:
    assert speak(client, "Раз.") == (200, "moody")
    assert speak(client, "Раз, упади.") == (500, "synthesis-failed")
    film = client.post("/api/generate?wait=1", json={"text": "Раз, упади.", "language": "ru"})
    assert (film.status_code, film.get_json()["code"]) == (500, "synthesis-failed")
    assert speak(client, "Два.") == (200, "moody")


def test_a_voice_that_fails_in_the_middle_breaks_the_clip_off(client: FlaskClient) -> None:
    text = "Сначала всё идёт очень хорошо и долго, а потом упади."
    answer = client.post("/api/generate_stream", json={"text": text, "language": "ru", "stream": True})
    assert answer.status_code == 200
    with pytest.raises(Exception, match="moody failed") as broken:
        list(answer.response)
    assert type(broken.value).__name__ == "SynthesisError"
    answer.close()
    assert speak(client, "Два.", stream=True) == (200, "moody")


def test_who_hangs_keeps_nobody_waiting_and_is_passed_over_until_it_comes_back(
    app: Flask, client: FlaskClient, moody: Moody
) -> None:
    wait_until(lambda: client.get("/readyz").status_code == 200, "it never gets ready")
    assert speak(client, "Замри, замри.") == (503, "engine-hangs")
    begin = time.monotonic()
    assert speak(client, "Раз.", voice="moody:ru") == (503, "engine-hangs")
    assert speak(client, "Раз.", voice="moody:ru", stream=True) == (503, "engine-hangs")
    assert time.monotonic() - begin < PATIENCE, "they are told at once"
    assert speak(client, "Раз.") == (200, "espeak")
    assert client.get("/readyz").status_code == 200, "somebody speaks"
    assert hanging(client) == 1
    engines = client.get("/api/engines", headers={"Accept-Language": "en"}).get_json()
    assert engines["auto"]["speech"] == "espeak"
    assert "does not answer" in next(e["reason"] for e in engines["speech"] if e["name"] == "moody")
    moody.goes_on.set()
    wait_until(lambda: hanging(client) == 0, "it is not seen to come back")
    assert speak(client, "Раз.") == (200, "moody")


def test_a_server_whose_every_voice_hangs_is_not_ready(moody: Moody, tmp_path: Path) -> None:
    app = create_app(
        Settings(data=tmp_path), serving=True, speech=guarded({"moody": lambda: moody}, PATIENCE)
    )
    client = app.test_client()
    wait_until(lambda: client.get("/readyz").status_code == 200, "it never gets ready")
    assert speak(client, "Замри, замри.") == (503, "engine-hangs")
    assert client.get("/readyz").status_code == 503
    assert speak(client, "Раз.") == (503, "engine-hangs")
    moody.goes_on.set()
    wait_until(lambda: client.get("/readyz").status_code == 200, "it is not ready again")
    assert speak(client, "Раз.") == (200, "moody")


def test_a_voice_that_hangs_in_the_middle_breaks_the_clip_off(client: FlaskClient, moody: Moody) -> None:
    text = "Сначала всё идёт очень хорошо и долго, а потом замри."
    answer = client.post("/api/generate_stream", json={"text": text, "language": "ru", "stream": True})
    assert answer.status_code == 200
    with pytest.raises(Exception, match="nothing came of it"):
        list(answer.response)
    answer.close()
    assert speak(client, "Раз.") == (200, "espeak")
