"""A front and a cluster of several machines, one of which is killed, and then all of them.

A cluster takes long to start: the tests share one and stand in the order of its life.
"""

# ruff: noqa: E402  # nothing of a cluster can be imported where there is no Ray
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
import pytest

ray = pytest.importorskip("ray", reason="Ray is not installed (requirements-ray.txt)")

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from service.cluster.front import Cluster
from service.doctor import _reached
from service.gate import Gate
from service.models import ModelFolder
from service.pipeline import ChunkRequest, Pipeline
from service.settings import Settings
from tests.cluster.machines import Machines, machines
from tests.server import free_port, running_server, wait_until
from voiceover import audio
from voiceover.avatars import DEFAULT_AVATAR
from voiceover.avatarstore import AvatarStore
from voiceover.boxes import boxes
from voiceover.types import Speech
from voiceover.voices import VoiceStore

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning:ray.*")

LONG = "слово " * 60  # some 25 s of speech
HOST = ray.util.get_node_ip_address()


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, port: int) -> Settings:
    data = tmp_path_factory.mktemp("data")
    return Settings(data=data, ray=f"{HOST}:{port}", ray_cpus=1, ray_least=2, ray_most=3, ray_clips=1)


@pytest.fixture(scope="module")
def front(settings: Settings) -> Iterator[Flask]:
    """A server whose cluster need not be there."""
    app = create_app(settings, serving=True)
    yield app
    app.extensions["house"].cluster.close()


@pytest.fixture(scope="module")
def cluster(front: Flask, port: int) -> Iterator[Machines]:
    with machines(port, 2) as cluster:
        yield cluster


@pytest.fixture
def client(front: Flask) -> Iterator[FlaskClient]:
    with front.test_client() as client:
        yield client


@pytest.fixture(scope="module")
def here(settings: Settings) -> Pipeline:
    """A pipeline of this process."""
    return Pipeline(AvatarStore(settings.data), ModelFolder(), VoiceStore(settings.data / "voices", 0))


@pytest.fixture(scope="module")
def speech(here: Pipeline) -> Speech:
    """Finished and long."""
    return audio.finish(here.speak(ChunkRequest(LONG, "ru")).speech, 0.5)


def is_ready(client: FlaskClient) -> bool:
    return client.get("/readyz").status_code == 200


def told(client: FlaskClient, language: str) -> tuple[int, str, str]:
    """What somebody hears who wants a clip: status, code, sentence."""
    answer = client.post(
        "/api/generate_stream",
        json={"text": "Привет!", "language": "ru"},
        headers={"Accept-Language": language},
    )
    assert answer.mimetype == "application/problem+json", answer.data
    assert answer.headers["Retry-After"]
    return answer.status_code, answer.get_json()["code"], answer.get_json()["detail"]


def over_there(front: Flask) -> Pipeline:
    """The front's pipeline on the cluster."""
    there: Cluster = front.extensions["house"].cluster
    folder = Path("/nowhere")
    return there.pipeline(AvatarStore(folder), ModelFolder(), VoiceStore(folder, 0))


def filmed(pipeline: Pipeline, speech: Speech, codec: Any = "aac") -> Any:
    lips = pipeline.lips.get("visemes")
    return pipeline.film(pipeline.avatars.get(DEFAULT_AVATAR), lips, speech, 3, codec)


def machines_of(front: Flask, busy: bool) -> list[str]:
    """The machines of the front's renderers that are ready, or of those that are making a clip."""
    members = front.extensions["house"].cluster.renderers._members
    return [member.offer.machine for member in members if member.offer and (member.busy or not busy)]


def speak(client: FlaskClient, seed: int) -> TestResponse:
    """Ask for a long clip and read its beginning."""
    answer = client.post("/api/generate_stream", json={"text": LONG, "language": "ru", "seed": seed})
    assert answer.status_code == 200
    assert next(iter(answer.response))
    return answer


def encoders() -> set[int]:
    """The ffmpeg processes that renderers have running."""
    found = set()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            parent = process.parent()
            if "ffmpeg" in process.name() and parent and "ray::Renderer" in " ".join(parent.cmdline()):
                found.add(process.pid)
    return found


def test_a_front_whose_cluster_is_not_there_says_so(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert not is_ready(client)
    status, code, sentence = told(client, "ru")
    assert (status, code) == (503, "cluster-unreachable")
    assert "Кластер" in sentence
    assert "cluster" in told(client, "en")[2]


def test_the_doctor_says_whether_a_cluster_is_reached(settings: Settings) -> None:
    told = _reached(Cluster(settings, Gate(1, 1.0)))
    assert told.state == "fault"
    assert settings.ray in told.told
    assert "ray start" in told.cure


@pytest.mark.usefixtures("cluster")
def test_it_serves_when_the_cluster_is_there(front: Flask, client: FlaskClient) -> None:
    wait_until(lambda: is_ready(client), "the front never finds its cluster")
    wait_until(
        lambda: front.extensions["house"].cluster.renderers.count() == 2, "the second renderer never begins"
    )
    clip = client.post("/api/generate_stream", json={"text": "Привет, мир!", "language": "ru"})
    assert clip.status_code == 200
    assert clip.headers["Lips-Engine"] == "visemes"
    assert "Lips-Weights" not in clip.headers
    assert [box[4:8] for box in boxes([clip.data])][:3] == [b"ftyp", b"moov", b"moof"]
    again = client.post("/api/generate_stream", json={"text": "Привет, мир!", "language": "ru"})
    assert again.headers["Server-Timing"].startswith("cache;"), "it is kept as any other clip"


def test_it_says_which_weights_draw(client: FlaskClient) -> None:
    lips = client.get("/api/engines").get_json()["lips"]
    weights = {engine["name"]: engine["weights"] for engine in lips}
    assert weights["wav2lip"] == {"everybody": "", "learned": [DEFAULT_AVATAR]} and weights["visemes"] is None
    wanted = {"text": "Да.", "language": "ru", "lips": "wav2lip"}
    for _ in range(2):  # made there, then kept here
        clip = client.post("/api/generate_stream", json=wanted)
        assert clip.data and clip.headers["Lips-Weights"] == "own"


@pytest.mark.parametrize("codec", ["aac", "flac"])
def test_the_bytes_are_those_of_one_process(here: Pipeline, front: Flask, codec: str) -> None:
    said = audio.finish(here.speak(ChunkRequest("Привет, мир!", "ru")).speech, 0.2)
    there = over_there(front)
    assert b"".join(filmed(there, said, codec)) == b"".join(filmed(here, said, codec))


def test_so_are_the_pictures(here: Pipeline, front: Flask) -> None:
    said = audio.finish(here.speak(ChunkRequest("Да.", "ru")).speech, 0.0)
    avatar = here.avatars.get(DEFAULT_AVATAR)
    near, far = (p.lips.get("visemes").frames(avatar, said) for p in (here, over_there(front)))
    assert all((a == b).all() for a, b in zip(near, far, strict=True))


def test_a_vanished_client_stops_the_work(front: Flask, speech: Speech) -> None:
    before = encoders()
    data = filmed(over_there(front), speech)
    for _ in range(3):
        next(data)
    working = encoders() - before
    assert len(working) == 1
    begin = time.monotonic()
    data.close()
    wait_until(lambda: not working & encoders(), "ffmpeg goes on for nobody")
    assert time.monotonic() - begin < 10, "about a second, on a machine that is not this busy"


def test_what_was_begun_at_one_front_is_found_at_another(
    client: FlaskClient, settings: Settings, tmp_path: Path
) -> None:
    job = client.post("/api/generate", json={"text": "Привет, мир!", "language": "ru"}).get_json()
    talk = client.post("/api/sessions", json={"language": "ru"}).get_json()
    (tmp_path / "log").mkdir()
    other = {"VOICEOVER_RAY": settings.ray, "VOICEOVER_RAY_CPUS": "1", "VOICEOVER_DATA": str(settings.data)}
    with running_server(tmp_path / "log", **other) as second:
        said = _post(f"{second.url}/api/sessions/{talk['id']}/say", {"text": "Раз. Два.", "end": True})
        assert [chunk["text"] for chunk in said["chunks"]] == ["Раз.", "Два."]
        wait_until(
            lambda: _get(f"{second.url}/api/jobs/{job['id']}")["state"] == "done", "the film is never done"
        )
        with _open(f"{second.url}/api/jobs/{job['id']}/film.mp4") as film:
            assert film.read(8)[4:] == b"ftyp"
    watched = client.get(f"/api/sessions/{talk['id']}/events").response
    events = [event.decode() if isinstance(event, bytes) else event for event in islice(watched, 2)]
    assert ["Раз." in events[0], "Два." in events[1]] == [True, True]
    watched.close()
    client.delete(f"/api/sessions/{talk['id']}")
    assert client.get(f"/api/sessions/{talk['id']}").status_code == 404


def test_a_machine_killed_in_mid_clip_loses_and_repeats_nothing(
    here: Pipeline, front: Flask, cluster: Machines, speech: Speech
) -> None:
    wait_until(lambda: not machines_of(front, busy=True), "what an earlier test asked for never ends")
    data = filmed(over_there(front), speech)
    received = list(islice(data, 6))
    (busy,) = machines_of(front, busy=True)
    cluster.kill(busy)
    received += data
    assert b"".join(received) == b"".join(filmed(here, speech))
    assert received == list(boxes([b"".join(received)])), "each piece is a fragment"


def test_a_machine_that_joins_takes_work(front: Flask, client: FlaskClient, cluster: Machines) -> None:
    """Two renderers share what is left; a third, which is begun when both are busy, has no room there."""
    count = front.extensions["house"].cluster.renderers.count
    wait_until(lambda: count() == 2, "the lost renderer never comes back")
    added = cluster.add()
    clips = [speak(client, seed) for seed in range(2)]
    wait_until(lambda: count() == 3, "no renderer is begun on the new machine")
    assert added in machines_of(front, busy=False)
    clips.append(speak(client, 2))
    assert added in machines_of(front, busy=True)
    for clip in clips:
        clip.close()


def test_what_was_made_before_is_answered_without_a_cluster(front: Flask, client: FlaskClient) -> None:
    wanted = {"text": "Это уже было.", "language": "ru"}
    made = client.post("/api/generate_stream", json=wanted)
    assert (made.status_code, made.data[4:8]) == (200, b"ftyp")
    front.extensions["house"].cluster.close()
    again = client.post("/api/generate_stream", json=wanted)
    assert (again.status_code, again.data) == (200, made.data)
    assert again.headers["Server-Timing"].startswith("cache;")
    unchanged = client.post(
        "/api/generate_stream", json=wanted, headers={"If-None-Match": made.headers["ETag"]}
    )
    assert unchanged.status_code == 304
    assert told(client, "ru")[:2] == (503, "cluster-unreachable"), "what was not made cannot be"
    assert not is_ready(client)


def test_a_front_outlives_its_cluster_and_finds_the_next(
    cluster: Machines, settings: Settings, port: int, tmp_path: Path
) -> None:
    """A server as users have it: Ray ends a process whose own machine's object store is gone."""
    environment = {
        "VOICEOVER_RAY": settings.ray,
        "VOICEOVER_RAY_CPUS": "1",
        "VOICEOVER_DATA": str(settings.data),
    }
    with running_server(tmp_path, **environment) as server:
        ready, clips = f"{server.url}/readyz", f"{server.url}/api/generate_stream"
        wanted = {"text": "И снова.", "language": "ru"}
        cluster.kill_all()
        wait_until(lambda: _answer(ready)[0] == 503, "a lost cluster is not noticed")
        wait_until(
            lambda: b'"cluster-unreachable"' in _answer(clips, wanted)[1], "a lost cluster is not told"
        )
        assert _answer(f"{server.url}/healthz")[0] == 200
        with machines(port, 1):
            wait_until(lambda: _answer(ready)[0] == 200, "the front never finds the next cluster")
            status, clip = _answer(clips, wanted)
            assert (status, clip[4:8]) == (200, b"ftyp")


def _answer(url: str, body: object = None) -> tuple[int, bytes]:
    """Return status and body; 0 where nobody answers."""
    try:
        with _open(url, None if body is None else json.dumps(body).encode()) as answer:
            return answer.status, answer.read()
    except HTTPError as exc:
        with exc:
            return exc.code, exc.read()
    except OSError:
        return 0, b""


def _post(url: str, body: object) -> Any:
    return json.loads(_open(url, json.dumps(body).encode()).read())


def _get(url: str) -> Any:
    return json.loads(_open(url).read())


def _open(url: str, body: bytes | None = None) -> Any:
    return urlopen(Request(url, body, {"Content-Type": "application/json"}), timeout=60)
