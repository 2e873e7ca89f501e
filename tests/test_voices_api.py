"""Bringing a voice of one's own, as a script and as somebody hostile does it."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app import create_app
from service.settings import Settings
from tests.imitator import engines_with_imitator, pitch
from tests.recordings import FORMATS, file, noise, silence, spoken
from voiceover import video
from voiceover.types import SAMPLE_RATE

MEGABYTE = 2**20
TEXT = "Меня зовут Анна, и это мой голос."


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a server, whose scratch files lie in it too."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    return tmp_path


@pytest.fixture
def client(data: Path) -> Iterator[FlaskClient]:
    settings = Settings(data=data / "data", max_recording=4 * MEGABYTE, max_voices=2)
    with create_app(settings).test_client() as client:
        yield client


@pytest.fixture
def imitating(data: Path) -> Iterator[FlaskClient]:
    """A server with an engine that can imitate."""
    with create_app(Settings(data=data / "data"), speech=engines_with_imitator()).test_client() as client:
        yield client


def good() -> bytes:
    return file(spoken())


def bring(client: FlaskClient, recording: bytes, filename: str = "a.wav", **fields: str) -> TestResponse:
    sent = FileStorage(io.BytesIO(recording), filename, "recording", "audio/wav")
    boundary, form = encode_multipart({"name": "Анна", "consent": "true", **fields, "recording": sent})
    return client.post("/api/voices", data=form, content_type=f"multipart/form-data; boundary={boundary}")


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def refused(answer: TestResponse, status: int, code: str) -> str:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body = json.loads(answer.data)
    assert body["code"] == code
    return str(body["detail"])


def test_a_voice_is_brought_heard_listed_and_deleted(client: FlaskClient, data: Path) -> None:
    answer = bring(client, good())
    assert answer.status_code == 201, answer.text
    voice = answer.get_json()
    assert voice["name"] == "Анна"
    assert voice["flaws"] == []
    assert voice["verdict"].startswith("Хорошая запись: 9 с речи")
    assert answer.headers["Location"] == f"/api/voices/{voice['id']}"

    (listed,) = client.get("/api/voices").get_json()["own"]
    assert listed == {name: voice[name] for name in listed}
    sample = client.get(listed["sample"])
    assert sample.mimetype == "audio/wav"
    heard = video.read_sound(sample.data, 60)
    assert len(heard) / SAMPLE_RATE == pytest.approx(listed["seconds"], abs=0.1)
    assert pitch(heard, SAMPLE_RATE) == pytest.approx(pitch(spoken(), SAMPLE_RATE), rel=0.03)
    part = client.get(listed["sample"], headers={"Range": "bytes=0-99"})
    assert (part.status_code, len(part.data)) == (206, 100)

    assert client.delete(f"/api/voices/{voice['id']}").status_code == 204
    assert client.get("/api/voices").get_json()["own"] == []
    refused(client.get(listed["sample"]), 404, "voice-not-found")
    refused(client.delete(f"/api/voices/{voice['id']}"), 404, "voice-not-found")
    assert files_in(data) == []


def test_where_nothing_can_imitate_the_command_that_helps_is_told(client: FlaskClient) -> None:
    bring(client, good())
    answer = client.get("/api/voices").get_json()
    assert answer["imitation"]["engines"] == answer["own"][0]["engines"] == []
    assert "flask models download" in answer["imitation"]["command"]
    assert not [voice for voice in answer["voices"] if voice["quality"] == "imitated"]


def test_an_own_voice_speaks_where_an_engine_can_imitate(imitating: FlaskClient, tmp_path: Path) -> None:
    own = bring(imitating, good()).get_json()
    assert own["engines"] == ["imitator"]
    answer = imitating.get("/api/voices").get_json()
    assert answer["imitation"]["engines"] == ["imitator"]
    assert answer["imitation"]["command"] == ""
    (voice,) = [v for v in answer["voices"] if v["quality"] == "imitated" and v["language"] == "ru"]
    assert (voice["name"], voice["own"]) == ("Анна", own["id"])
    assert voice["id"] not in answer["auto"].values()

    clip = imitating.post("/api/generate_stream", json={"text": TEXT, "voice": voice["id"]})
    assert clip.status_code == 200
    assert clip.headers["Voice"] == voice["id"]
    plain = imitating.post("/api/generate_stream", json={"text": TEXT, "voice": "espeak:ru"})
    heard = [pitch(video.read_sound(spoken_clip.data, 60), SAMPLE_RATE) for spoken_clip in (clip, plain)]
    wanted = pitch(spoken(), SAMPLE_RATE)
    assert heard[0] == pytest.approx(wanted, rel=0.07)
    assert abs(heard[1] - wanted) > 2 * abs(heard[0] - wanted)

    imitating.delete(f"/api/voices/{own['id']}")
    gone = imitating.post("/api/generate_stream", json={"text": TEXT, "voice": voice["id"]})
    refused(gone, 422, "voice-not-found")


@pytest.mark.parametrize("extension", FORMATS)
def test_recordings_of_every_kind_are_taken_whatever_they_are_called(
    client: FlaskClient, extension: str
) -> None:
    answer = bring(client, file(spoken(), extension), filename="recording.txt")
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("fields", [{"consent": "false"}, {"consent": "yes"}, {"consent": ""}])
def test_without_consent_nothing_is_kept(client: FlaskClient, data: Path, fields: dict[str, str]) -> None:
    assert bring(client, good(), **fields).status_code == 422
    assert files_in(data) == []


def test_consent_is_asked_for_in_words(client: FlaskClient, data: Path) -> None:
    form = {"name": "Анна", "recording": (io.BytesIO(file(spoken(), "webm")), "a.webm")}
    answer = client.post("/api/voices", data=form, content_type="multipart/form-data")
    assert "согласие" in refused(answer, 422, "consent-missing")
    assert files_in(data) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": ""}, "invalid-fields"),
        ({"name": "a" * 61}, "invalid-fields"),
        ({"name": " \u202e\x00"}, "bad-name"),
        ({"sample": "misspelt"}, "invalid-fields"),
    ],
)
def test_wrong_fields_are_told(client: FlaskClient, data: Path, fields: dict[str, str], code: str) -> None:
    refused(bring(client, good(), **fields), 422, code)
    assert files_in(data) == []


def test_a_form_without_a_recording_is_told(client: FlaskClient) -> None:
    for form in ({"name": "a", "consent": "true"}, {"name": "a", "consent": "true", "recording": "text"}):
        answer = client.post("/api/voices", data=form, content_type="multipart/form-data")
        assert "recording" in refused(answer, 422, "invalid-fields")
    refused(client.post("/api/voices", json={}), 415, "http-415")


FAULTS = {
    "recording-silent": lambda: silence(10),
    "recording-no-speech": lambda: noise(10 * SAMPLE_RATE, 0.1),
    "recording-short": lambda: spoken()[: 4 * SAMPLE_RATE],
    "recording-long": lambda: np.tile(spoken(), 4),
    "recording-clipped": lambda: np.clip(spoken() * 10, -1, 1),
    "recording-noisy": lambda: spoken() + noise(len(spoken()), 0.06),
    "recording-quiet": lambda: spoken() * np.float32(0.01),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_bad_recording_is_told_what_is_wrong_with_it(
    client: FlaskClient, data: Path, fault: str, language: str
) -> None:
    client.set_cookie("lang", language)
    told = refused(bring(client, file(FAULTS[fault](), "flac")), 422, fault)
    assert "{" not in told
    assert any("а" <= letter <= "я" for letter in told) == (language == "ru")
    assert files_in(data) == []


def test_a_flawed_recording_is_taken_with_a_word_of_advice(client: FlaskClient) -> None:
    client.set_cookie("lang", "en")
    voice = bring(client, file(spoken() + noise(len(spoken()), 0.016))).get_json()
    assert voice["flaws"] == ["noisy"]
    assert "noise is heard" in voice["verdict"]


HOSTILE = {
    "empty": b"",
    "text": b"hello " * 10_000,
    "page": b"<script>alert(1)</script>",
    "hls": b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "archive": b"PK\x03\x04" + bytes(1000),
    "lying wav": b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_and_leaves_nothing(
    client: FlaskClient, data: Path, content: bytes
) -> None:
    refused(bring(client, content), 422, "not-sound")
    assert files_in(data) == []


def test_half_a_recording_is_refused_or_taken_for_what_it_is(client: FlaskClient, data: Path) -> None:
    refused(bring(client, file(spoken(), "m4a")[:10_000]), 422, "not-sound")
    refused(bring(client, good()[:300_000]), 422, "recording-short")
    assert files_in(data) == []


def test_an_hour_of_silence_in_a_small_file_is_refused(client: FlaskClient, data: Path) -> None:
    hour = file(np.zeros(1, np.float32), "flac", "-ar", "8000", "-af", "apad=pad_dur=3600")
    refused(bring(client, hour), 422, "recording-silent")
    assert files_in(data) == []


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "<img src=x onerror=alert(1)>", "a\r\nb: c"])
def test_names_are_only_names(client: FlaskClient, data: Path, name: str) -> None:
    answer = bring(client, good(), filename=f"{name.splitlines()[0]}.wav", name=name)
    assert answer.status_code == 201
    voice = answer.get_json()
    assert voice["name"] == " ".join(name.split())
    place = data / "data" / "voices" / voice["id"]
    assert sorted(files_in(data)) == [place / "sample.wav", place / "voice.json"]


def test_too_large_a_recording_is_told_its_limit(client: FlaskClient, data: Path) -> None:
    told = refused(bring(client, bytes(5 * MEGABYTE)), 413, "upload-too-large")
    assert "4 МБ" in told
    assert files_in(data) == []


def test_no_more_voices_are_kept_than_may_be(client: FlaskClient) -> None:
    for start in (0, 1000):
        assert bring(client, file(spoken()[start:])).status_code == 201
    assert "2" in refused(bring(client, file(spoken()[2000:])), 507, "too-many-voices")


@pytest.mark.parametrize("voice_id", ["..", "%2e%2e", "..%2f..%2fetc", "a" * 3000, "%00", "%ff"])
@pytest.mark.parametrize("rest", ["", "/sample.wav"])
def test_an_id_never_leaves_the_store(client: FlaskClient, voice_id: str, rest: str) -> None:
    bring(client, good())
    for method in ("get", "delete"):
        answer = getattr(client, method)(f"/api/voices/{voice_id}{rest}")
        assert answer.status_code in (404, 405), answer.text
    assert len(client.get("/api/voices").get_json()["own"]) == 1


def test_the_document_tells_how_to_bring_a_voice(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").get_json()["paths"]
    body = paths["/api/voices"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert {"recording", "name", "consent"} <= set(json.dumps(body).split('"')) or "$ref" in body
    assert {"201", "413", "422", "507"} <= set(paths["/api/voices"]["post"]["responses"])
    assert "delete" in paths["/api/voices/{voice_id}"]
    assert "audio/wav" in paths["/api/voices/{voice_id}/sample.wav"]["get"]["responses"]["200"]["content"]


def test_two_servers_one_after_the_other_know_the_same_voices(data: Path) -> None:
    settings = Settings(data=data / "data")
    brought = bring(create_app(settings).test_client(), good()).get_json()
    (known,) = create_app(settings).test_client().get("/api/voices").get_json()["own"]
    assert known["id"] == brought["id"]
