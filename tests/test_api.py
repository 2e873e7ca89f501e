"""The API as a script meets it, with real engines."""

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from service.settings import Settings
from tests.clips import complaints_about, frames_of, runs, sound_of
from voiceover.idle import IDLE_FRAMES
from voiceover.types import FRAMES_PER_FRAGMENT, SAMPLES_PER_FRAME

TEXT = "Привет, мир!"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(Settings(data=tmp_path_factory.mktemp("data"), max_cache=0))


def generate(client: FlaskClient, **fields: object) -> TestResponse:
    return client.post("/api/generate_stream", json={"text": TEXT, "language": "ru", **fields})


def test_split_gives_the_chunks(client: FlaskClient) -> None:
    answer = client.post(
        "/api/split", json={"text": "Привет! Как дела? Меня зовут Аватар.", "language": "ru"}
    )
    assert answer.status_code == 200
    chunks = answer.get_json()["chunks"]
    assert [chunk["text"] for chunk in chunks] == ["Привет!", "Как дела?", "Меня зовут Аватар."]
    assert [chunk["index"] for chunk in chunks] == [0, 1, 2]
    assert all(chunk["pause"] > 0 for chunk in chunks)


@pytest.mark.parametrize(
    ("language", "text", "voice"),
    [
        ("ru", TEXT, "espeak:ru+f2"),
        ("en", "Hello, world!", "piper:en_US-joe-medium"),
        ("de", "Guten Tag!", "espeak:de+f2"),
    ],
)
def test_a_chunk_becomes_a_clip(
    client: FlaskClient, tmp_path: Path, language: str, text: str, voice: str
) -> None:
    answer = generate(client, text=text, language=language, chunk_index=7, start_frame=35)
    assert answer.status_code == 200
    assert answer.mimetype == "video/mp4"
    assert answer.is_streamed
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(answer.data)
    assert complaints_about(clip) == ""
    frames = int(answer.headers["Chunk-Frames"])
    assert frames % FRAMES_PER_FRAGMENT == 0
    assert len(frames_of(clip, (512, 512))) == frames
    assert len(sound_of(clip)) >= frames * SAMPLES_PER_FRAME
    assert answer.headers["Chunk-Index"] == "7"
    assert answer.headers["Chunk-Start-Frame"] == "35"
    assert int(answer.headers["Next-Start-Frame"]) == 35 + frames
    assert answer.headers["Voice"] == voice
    assert answer.headers["Speech-Engine"] == voice.split(":")[0]
    assert answer.headers["Lips-Engine"] == "visemes"
    assert "tts;dur=" in answer.headers["Server-Timing"]


def test_a_pause_can_be_asked_for(client: FlaskClient) -> None:
    short, long = (int(generate(client, pause=pause).headers["Chunk-Frames"]) for pause in (0, 2))
    assert long - short == pytest.approx(50, abs=FRAMES_PER_FRAGMENT)


def test_words_have_times_within_the_clip(client: FlaskClient) -> None:
    answer = generate(client, text="Раз — два, три!")
    times = [tuple(map(int, pair.split("-"))) for pair in answer.headers["Chunk-Words"].split()]
    assert len(times) == 4
    assert all(start <= stop for start, stop in times)
    assert times == sorted(times)
    assert 0 < times[0][0] < times[-1][1] < int(answer.headers["Chunk-Frames"]) * 40


def test_times_are_those_of_the_words_as_typed(client: FlaskClient) -> None:
    answer = generate(client, text="С **5 кг** 😀 яблок в 10:30!", language="ru")
    spans = [tuple(map(int, pair.split("-"))) for pair in answer.headers["Chunk-Words"].split()]
    lasts = [stop - start for start, stop in spans]
    assert len(lasts) == 7
    assert lasts[3] == 0, "a picture is silent"
    assert lasts[6] > 600, "a time of day is read in full"
    assert all(last > 50 for index, last in enumerate(lasts) if index != 3)


def test_the_page_gets_sound_as_long_as_the_picture(client: FlaskClient, tmp_path: Path) -> None:
    answer = generate(client, audio="flac")
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(answer.data)
    assert len(sound_of(clip)) == int(answer.headers["Chunk-Frames"]) * SAMPLES_PER_FRAME


def test_a_clip_continues_the_idle_motion(client: FlaskClient, tmp_path: Path) -> None:
    """Where the mouth is at rest, a clip's frames are those of the idle loop."""
    idle_path, clip_path = tmp_path / "idle.mp4", tmp_path / "clip.mp4"
    idle_path.write_bytes(client.get("/api/avatars/astronaut/idle.mp4").data)
    idle = frames_of(idle_path, (512, 512))
    assert len(idle) == IDLE_FRAMES
    start = 135
    clip_path.write_bytes(generate(client, start_frame=start + IDLE_FRAMES).data)
    clip = frames_of(clip_path, (512, 512))

    def distance(index: int) -> float:
        return float(np.abs(clip[0].astype(int) - idle[index]).mean())

    assert distance(start) < 2  # grey levels: both were encoded
    assert distance(start) < distance((start + 60) % IDLE_FRAMES) / 2
    end = (start + len(clip)) % IDLE_FRAMES
    assert float(np.abs(clip[-1].astype(int) - idle[end - 1]).mean()) < 2


def test_every_address_that_is_told_of_an_avatar_leads_somewhere(client: FlaskClient) -> None:
    (avatar, *_) = client.get("/api/avatars").get_json()["avatars"]
    for address in (avatar["poster"], avatar["thumbnail"], avatar["idle"], f"{avatar['idle']}?audio=flac"):
        answer = client.get(address)
        assert answer.status_code == 200, address
        answer.close()


def test_an_idle_loop_is_made_once_and_cut_into_fragments(client: FlaskClient) -> None:
    first = client.get("/api/avatars/astronaut/idle.mp4?audio=flac")
    again = client.get("/api/avatars/astronaut/idle.mp4?audio=flac")
    assert first.data == again.data
    pictures = [run for run in runs(first.data) if run.track == 1]
    assert [run.samples for run in pictures] == [FRAMES_PER_FRAGMENT] * (IDLE_FRAMES // FRAMES_PER_FRAGMENT)
    assert all(run.first_is_keyframe for run in pictures)


def test_equal_requests_give_equal_clips(client: FlaskClient) -> None:
    request = {"text": "Same again.", "language": "en", "start_frame": 10}
    assert generate(client, **request).data == generate(client, **request).data


def test_clips_are_joined_into_one_file(client: FlaskClient, tmp_path: Path) -> None:
    clips = [generate(client, audio="flac", text=text) for text in ("Раз.", "Два.")]
    frames = sum(int(clip.headers["Chunk-Frames"]) for clip in clips)
    import io

    files = [(io.BytesIO(clip.data), f"{number}.mp4") for number, clip in enumerate(clips)]
    answer = client.post("/api/join", data={"clip": files}, content_type="multipart/form-data")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(answer.data)
    assert len(frames_of(joined, (512, 512))) == frames


def test_what_there_is_can_be_listed(client: FlaskClient) -> None:
    engines = client.get("/api/engines").get_json()
    assert {state["name"]: state["available"] for state in engines["lips"]} == {
        "wav2lip": True,
        "visemes": True,
        "wav2lip-gfpgan": False,
        "wav2lip-codeformer": False,
    }
    assert engines["auto"]["lips"] == "visemes"
    assert all(
        state["available"] or state["reason"] for kind in ("speech", "lips") for state in engines[kind]
    )
    voices = client.get("/api/voices").get_json()
    assert {"ru", "en"} <= {language["code"] for language in voices["languages"]}
    assert voices["auto"]["en"] == "piper:en_US-joe-medium"
    avatars = client.get("/api/avatars").get_json()
    avatar = avatars["avatars"][0]
    assert avatars["default"] == avatar["id"] == "astronaut"
    poster = client.get(avatar["poster"])
    assert poster.mimetype == "image/jpeg"
    assert client.get(avatar["poster"], headers={"If-None-Match": poster.headers["ETag"]}).status_code == 304


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_ready_after_warming_up(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    client = create_app(Settings(data=tmp_path), serving=True).test_client()
    assert client.get("/healthz").status_code == 200
    while client.get("/readyz").status_code != 200:
        time.sleep(0.1)
    # The warm-up goes on, and leaves an idle loop being drawn: later tests count threads.
    while any(thread.name != "films" for thread in set(threading.enumerate()) - before):  # that one stays
        time.sleep(0.1)


def test_the_api_describes_itself(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    assert {"/api/split", "/api/generate_stream", "/api/engines", "/api/voices", "/api/avatars"} <= set(
        document["paths"]
    )
    clip = document["paths"]["/api/generate_stream"]["post"]["responses"]["200"]
    assert clip["headers"].keys() <= set(generate(client, lips="wav2lip").headers.keys())
    page = client.get("/docs")
    assert page.status_code == 200
    assert b"http://" not in page.data
    assert b"https://" not in page.data
    with client.get("/docs/assets/swagger-ui-bundle.js") as script:
        assert script.status_code == 200


def problem(answer: TestResponse, status: int, code: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body = json.loads(answer.data)
    assert body["status"] == status
    assert body["code"] == code
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": ""}, "invalid-fields"),
        ({"text": " \n\t"}, "nothing-to-speak"),
        ({"text": "…"}, "nothing-to-speak"),
        ({"text": 5}, "invalid-fields"),
        ({"text": None}, "invalid-fields"),
        ({"text": "а" * 1001}, "text-too-long"),
        ({"language": "xx"}, "language-not-found"),
        ({"language": "../ru"}, "language-not-found"),
        ({"voice": "nobody"}, "voice-not-found"),
        ({"avatar": "../../etc/passwd"}, "avatar-not-found"),
        ({"lips": "teeth"}, "lips-not-found"),
        ({"chunk_index": -1}, "invalid-fields"),
        ({"chunk_index": "1"}, "invalid-fields"),
        ({"start_frame": True}, "invalid-fields"),
        ({"start_frame": 1.5}, "invalid-fields"),
        ({"audio": "mp3"}, "invalid-fields"),
        ({"pause": -1}, "invalid-fields"),
        ({"pause": "1"}, "invalid-fields"),
        ({"pause": float("nan")}, "invalid-fields"),
        ({"txt": "misspelt"}, "invalid-fields"),
    ],
)
def test_wrong_values_are_told(client: FlaskClient, fields: dict[str, object], code: str) -> None:
    problem(generate(client, **fields), 422, code)


@pytest.mark.parametrize("route", ["/api/split", "/api/generate_stream"])
@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b"[" * 100_000, b'{"text": "a"'])
def test_broken_json_is_told(client: FlaskClient, route: str, body: bytes) -> None:
    problem(client.post(route, data=body, content_type="application/json"), 400, "broken-json")


def test_a_text_without_words_is_not_split(client: FlaskClient) -> None:
    problem(client.post("/api/split", json={"text": "… — !"}), 422, "nothing-to-speak")


@pytest.mark.parametrize("body", [b"[]", b"5", b'"text"', b"null", b'{"text": "\\ud800"}'])
def test_json_of_another_shape_is_told(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/generate_stream", data=body, content_type="application/json")
    problem(answer, 422, "invalid-fields")


def test_another_content_type_is_told(client: FlaskClient) -> None:
    body = problem(client.post("/api/generate_stream", data={"text": "a"}), 415, "http-415")
    assert "application/json" in str(body["detail"])
    problem(client.post("/api/join", json={}), 415, "http-415")


def test_too_large_a_body_is_told(client: FlaskClient) -> None:
    problem(client.post("/api/split", json={"text": "а" * 2**20}), 413, "http-413")
    problem(client.post("/api/split", json={"text": "а" * 100_001}), 422, "text-too-long")


def test_wrong_addresses_and_methods_are_told(client: FlaskClient) -> None:
    problem(client.get("/api/nothing"), 404, "http-404")
    answer = client.get("/api/generate_stream")
    problem(answer, 405, "http-405")
    assert "POST" in answer.headers["Allow"]
    problem(client.get("/api/avatars/nobody/idle.mp4"), 404, "avatar-not-found")


def test_an_engine_that_is_not_there_is_told(client: FlaskClient) -> None:
    problem(generate(client, lips="wav2lip-gfpgan"), 503, "checkpoint-missing")


def test_foreign_files_are_not_joined(client: FlaskClient) -> None:
    import io

    files = {"clip": [(io.BytesIO(b"#EXTM3U\nfile:///etc/passwd"), "a.mp4")]}
    problem(client.post("/api/join", data=files, content_type="multipart/form-data"), 422, "not-a-clip")
    problem(
        client.post("/api/join", data={"clip": "text"}, content_type="multipart/form-data"),
        422,
        "invalid-fields",
    )


def test_people_are_told_in_their_language(client: FlaskClient) -> None:
    def told(language: str) -> str:
        answer = client.post(
            "/api/generate_stream", json={"text": "…"}, headers={"Accept-Language": language}
        )
        assert answer.headers["Content-Language"] == language[:2]
        return str(answer.get_json()["detail"])

    assert "произнести" in told("ru-RU,ru;q=0.9,en;q=0.5")
    assert "speak" in told("en-US,en;q=0.9")


def test_a_client_that_goes_away_stops_the_work_and_leaves_nothing(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(threading.enumerate())
    answer = generate(client, text="слово " * 100)
    assert next(answer.response)
    assert set(threading.enumerate()) > before
    answer.close()
    assert set(threading.enumerate()) <= before
    assert list(tmp_path.iterdir()) == []


def test_pages_say_what_browsers_need_to_know(client: FlaskClient) -> None:
    for path in ("/realtime", "/docs", "/api/engines"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "microphone=(self)" in headers["Permissions-Policy"]
