"""Whole films: made, watched, fetched, cancelled, kept and forgotten."""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyloudnorm import Meter

from service.film import FilmRequest, Step, shoot
from service.jobs import ENDED, Job, JobStore, State
from service.models import ModelFolder
from service.pipeline import Pipeline
from tests.clips import FFMPEG, frames_of, sound_of
from voiceover import audio
from voiceover.avatarstore import AvatarStore
from voiceover.errors import Busy, EncodeError, NotFound, NotReady
from voiceover.types import SAMPLE_RATE, SAMPLES_PER_FRAME
from voiceover.voices import VoiceStore

TEXT = "Привет, мир! Как дела?"


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    data = tmp_path_factory.mktemp("data")
    return Pipeline(AvatarStore(data), ModelFolder(), VoiceStore(data / "voices", 0))


def probe(film: Path) -> str:
    return subprocess.run(
        [FFMPEG, "-hide_banner", "-i", film], capture_output=True, timeout=60
    ).stderr.decode()


def test_a_film_has_the_whole_text_in_one_sound(pipeline: Pipeline, tmp_path: Path) -> None:
    steps: list[Step] = []
    files = shoot(pipeline, FilmRequest(TEXT), tmp_path, steps.append)
    frames, sound = frames_of(files.film, (512, 512)), sound_of(files.film)
    assert sound.size == pytest.approx(len(frames) * SAMPLES_PER_FRAME, abs=2048)  # AAC frames
    loudness = Meter(SAMPLE_RATE).integrated_loudness(sound.reshape(-1))
    assert loudness == pytest.approx(audio.LOUDNESS, abs=3)  # the pause in it takes 1 to 2
    data = files.film.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert "mov_text" in probe(files.film)
    assert files.webvtt.read_text().count("<c>") == len(TEXT.split())
    assert "Как дела?" in files.srt.read_text()
    assert files.poster.read_bytes()[:2] == b"\xff\xd8"
    assert [step.chunk for step in steps if step.stage == "speech"] == [1, 2]
    assert all(a.share <= b.share for a, b in pairwise(steps))
    assert {step.chunks for step in steps} == {2}


def test_equal_requests_give_equal_pictures(pipeline: Pipeline, tmp_path: Path) -> None:
    films = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        request = FilmRequest("Hello there.", "en")  # Piper: espeak-ng may differ by some samples
        films.append(shoot(pipeline, request, tmp_path / name, lambda step: None).film.read_bytes())
    assert films[0] == films[1]


def test_burnt_captions_are_seen(pipeline: Pipeline, tmp_path: Path) -> None:
    pictures = []
    for burnt in (False, True):
        folder = tmp_path / str(burnt)
        folder.mkdir()
        film = shoot(
            pipeline, FilmRequest("Hello there.", "en", burn_captions=burnt), folder, lambda step: None
        )
        pictures.append(frames_of(film.film, (512, 512))[12].astype(int))
    changed = np.abs(pictures[0] - pictures[1]).max(axis=2) > 60
    rows = np.flatnonzero(changed.any(axis=1))
    assert changed.sum() > 500
    assert rows.min() > 380  # of 512: nothing but the lowest part


def test_what_fails_leaves_no_film(pipeline: Pipeline, tmp_path: Path) -> None:
    def stop(step: Step) -> None:
        if step.stage == "picture" and step.done > 0.3:
            raise EncodeError("enough")

    with pytest.raises(EncodeError, match="enough"):
        shoot(pipeline, FilmRequest(TEXT), tmp_path, stop)
    assert not list(tmp_path.glob("*.mp4"))


class Studio:
    """Makes films when the test lets it."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.stopped = threading.Event()
        self.error: Exception | None = None

    def __call__(self, request: FilmRequest, folder: Path, report: Callable[[Step], None]) -> None:
        (folder / "captions.vtt").write_text("WEBVTT")
        try:
            number = 0
            while not self.go.wait(0.01):
                report(Step("picture", 1, 2, min(number / 1000, 1)))
                number += 1
            if self.error:
                raise self.error
            (folder / "film.mp4").write_bytes(bytes(1000))
        finally:
            self.stopped.set()


@pytest.fixture
def studio() -> Iterator[Studio]:
    studio = Studio()
    yield studio
    studio.go.set()


def ended(jobs: JobStore, job: Job) -> Job:
    for news in jobs.watch(job.id):
        job = news or job
    return job


def test_a_job_goes_from_waiting_to_done(studio: Studio, tmp_path: Path) -> None:
    jobs = JobStore(tmp_path, studio)
    job = jobs.add(FilmRequest(TEXT))
    with pytest.raises(NotReady):
        jobs.files(job.id)
    states = []
    for news in jobs.watch(job.id):
        if news:
            states.append(news.state)
            if news.share > 0.12:
                studio.go.set()
    assert list(dict.fromkeys(states))[-2:] == [State.RUNNING, State.DONE]
    assert jobs.files(job.id).film.read_bytes() == bytes(1000)
    jobs.remove(job.id)
    assert not list(tmp_path.iterdir())
    with pytest.raises(NotFound):
        jobs.get(job.id)


def test_cancelling_stops_the_work_and_leaves_nothing(studio: Studio, tmp_path: Path) -> None:
    jobs = JobStore(tmp_path, studio)
    running, waiting = jobs.add(FilmRequest(TEXT)), jobs.add(FilmRequest(TEXT))
    while jobs.get(running.id).state is State.WAITING:
        time.sleep(0.01)
    for job in (running, waiting):
        jobs.remove(job.id)
        assert jobs.get(job.id).state is State.CANCELLED
    assert studio.stopped.wait(10)
    last = jobs.add(FilmRequest(TEXT))
    studio.go.set()
    assert ended(jobs, last).state is State.DONE  # the next one is not held up
    for job in (running, waiting):
        assert [path.name for path in (tmp_path / job.id).iterdir()] == ["job.json"]
        jobs.remove(job.id)
    assert [path.name for path in tmp_path.iterdir()] == [last.id]


@pytest.mark.parametrize("error", [None, EncodeError("broken"), FileNotFoundError("captions.vtt")])
def test_a_film_forgotten_while_it_is_made_ends_nothing_else(tmp_path: Path, error: Exception | None) -> None:
    begun, go = threading.Event(), threading.Event()

    def make(request: FilmRequest, folder: Path, report: Callable[[Step], None]) -> None:
        begun.set()
        assert go.wait(10)
        (folder / "film.mp4").write_bytes(bytes(1000))
        if error and request.text == "forgotten":
            raise error

    jobs = JobStore(tmp_path, make)
    job = jobs.add(FilmRequest("forgotten"))
    assert begun.wait(10)
    jobs.remove(job.id)  # cancelled
    jobs.remove(job.id)  # and forgotten, before the worker has noticed
    with pytest.raises(NotFound):
        jobs.get(job.id)
    last = jobs.add(FilmRequest(TEXT))
    go.set()
    assert ended(jobs, last).state is State.DONE
    assert [path.name for path in tmp_path.iterdir()] == [last.id]


def test_a_failure_is_told_and_the_next_film_is_made(studio: Studio, tmp_path: Path) -> None:
    jobs = JobStore(tmp_path, studio)
    studio.go.set()
    for error in (EncodeError("broken", clip=3), RuntimeError("a bug")):
        studio.error = error
        job = ended(jobs, jobs.add(FilmRequest(TEXT)))
        assert job.state is State.FAILED
        assert job.failure
        assert str(job.failure.error()) == str(error)
        assert [path.name for path in (tmp_path / job.id).iterdir()] == ["job.json"]
    studio.error = None
    assert ended(jobs, jobs.add(FilmRequest(TEXT))).state is State.DONE


def test_a_later_process_finds_films_and_fails_what_was_unfinished(studio: Studio, tmp_path: Path) -> None:
    jobs = JobStore(tmp_path, studio)
    studio.go.set()
    done = ended(jobs, jobs.add(FilmRequest(TEXT)))
    studio.go.clear()
    running, waiting = jobs.add(FilmRequest(TEXT)), jobs.add(FilmRequest(TEXT))
    while not jobs.get(running.id).stage:
        time.sleep(0.01)
    (tmp_path / "broken").mkdir()
    copy = tmp_path.with_name("copy")
    subprocess.run(["cp", "-r", tmp_path, copy], check=True)  # as a killed process leaves it

    later = JobStore(copy, studio)
    later.recover()
    assert later.files(done.id).film.exists()
    for job in (running, waiting):
        failure = later.get(job.id).failure
        assert failure
        assert failure.details["reason"] == "film-interrupted"
        assert [path.name for path in (copy / job.id).iterdir()] == ["job.json"]
    assert not (copy / "broken").exists()


def test_who_waits_is_told_how_many_come_before(studio: Studio, tmp_path: Path) -> None:
    jobs = JobStore(tmp_path, studio)
    running, second, third = (jobs.add(FilmRequest(TEXT)) for _ in range(3))
    assert (second.ahead, third.ahead) == (1, 2)
    news = jobs.watch(third.id)
    jobs.remove(second.id)
    told = next(job.ahead for job in news if job and job.ahead != third.ahead)
    assert told == 1
    studio.go.set()
    assert ended(jobs, third).state is State.DONE
    assert ended(jobs, running).state is State.DONE


def test_jobs_are_bounded(studio: Studio, tmp_path: Path) -> None:
    jobs = JobStore(tmp_path, studio, most_waiting=2, most_kept=3)
    first = jobs.add(FilmRequest(TEXT))
    while jobs.get(first.id).state is State.WAITING:
        time.sleep(0.01)
    jobs.add(FilmRequest(TEXT))
    jobs.add(FilmRequest(TEXT))
    with pytest.raises(Busy):
        jobs.add(FilmRequest(TEXT))
    studio.go.set()
    while jobs.get(first.id).state not in ENDED or jobs.waiting() == 2:
        time.sleep(0.01)
    last = [ended(jobs, jobs.add(FilmRequest(TEXT))) for _ in range(4)]
    deadline = time.monotonic() + 10
    while len(list(tmp_path.iterdir())) > 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    kept = {path.name for path in tmp_path.iterdir()}
    assert len(kept) == 3
    assert last[-1].id in kept


@pytest.mark.parametrize("limits", [{"most_bytes": 1500}, {"hours": 2 / 3600}])
def test_films_expire(studio: Studio, tmp_path: Path, limits: dict[str, float]) -> None:
    jobs = JobStore(tmp_path, studio, **limits)  # type: ignore[arg-type]
    studio.go.set()
    first = ended(jobs, jobs.add(FilmRequest(TEXT)))
    time.sleep(3600 * limits.get("hours", 0))  # films are looked through whenever one is done
    ended(jobs, jobs.add(FilmRequest(TEXT)))
    deadline = time.monotonic() + 10
    while (tmp_path / first.id).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(NotFound):
        jobs.get(first.id)


def test_a_script_makes_a_film(client: FlaskClient, tmp_path: Path) -> None:
    answer = client.post("/api/generate", json={"text": TEXT})
    assert answer.status_code == 202
    job = answer.get_json()
    assert answer.headers["Location"] == job["job"]
    assert job["film"] is None
    assert client.get(f"{job['job']}/film.mp4").status_code == 409
    events = client.get(job["events"], buffered=True)
    assert events.mimetype == "text/event-stream"
    told = [
        json.loads(line.removeprefix("data: "))
        for line in events.text.split("\n\n")
        if line.startswith("data")
    ]
    assert told[-1]["state"] == "done"
    assert all(a["percent"] <= b["percent"] for a, b in pairwise(told))
    job = client.get(job["job"]).get_json()
    assert job == told[-1]
    with client.get(job["film"]) as film:
        assert (film.status_code, film.mimetype) == (200, "video/mp4")
    with client.get(job["film"], headers={"Range": "bytes=4-7"}) as part:
        assert (part.status_code, part.data) == (206, b"ftyp")
    with client.get(f"{job['film']}?download") as named:
        assert named.headers["Content-Disposition"] == "attachment; filename=voiceover.mp4"
    for kind, mimetype in {
        "webvtt": "text/vtt",
        "srt": "application/x-subrip",
        "poster": "image/jpeg",
    }.items():
        with client.get(job[kind]) as file:
            assert (file.status_code, file.mimetype) == (200, mimetype)
    assert client.delete(job["job"]).status_code == 204
    gone = client.get(job["job"])
    assert (gone.status_code, gone.get_json()["code"]) == (404, "job-not-found")


def test_a_script_may_wait_for_the_film(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    film = client.post("/api/generate?wait=1", json={"text": "Hello.", "language": "en"}, buffered=True)
    path = tmp_path / "film.mp4"
    path.write_bytes(film.data)
    film.close()
    assert len(frames_of(path, (512, 512))) > 10
    refused = client.post("/api/generate?wait=1", json={"text": "Hello.", "avatar": "nobody"})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "avatar-not-found")


def test_a_job_that_fails_says_why(client: FlaskClient) -> None:
    job = client.post("/api/generate", json={"text": "...", "language": "ru"}).get_json()
    client.get(job["events"], buffered=True)
    told = client.get(job["job"], headers={"Accept-Language": "en"}).get_json()
    assert told["state"] == "failed"
    assert told["error"].startswith("There is nothing to speak")


def test_wrong_wishes_are_told(client: FlaskClient) -> None:
    for body in ({}, {"text": ""}, {"text": "a", "burn_captions": "yes"}, {"text": "a", "x": 1}):
        assert client.post("/api/generate", json=body).status_code == 422
    assert client.post("/api/generate", json={"text": "а" * 100_001}).get_json()["code"] == "text-too-long"
    for address in ("/api/jobs/nothing", "/api/jobs/nothing/events", "/api/jobs/..%2f..%2fapp.py/film.mp4"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("way", ["argument", "file", "stdin"])
def test_say_makes_a_film_without_a_server(app: Flask, tmp_path: Path, way: str) -> None:
    source = tmp_path / "text.txt"
    source.write_text("Hello.")
    arguments = {"argument": ["Hello."], "file": ["--file", str(source)], "stdin": []}[way]
    output = tmp_path / "out.mp4"
    result = app.test_cli_runner().invoke(
        args=["say", *arguments, "-o", str(output), "--language", "en", "--captions", "files"],
        input="Hello." if way == "stdin" else None,
    )
    assert result.exit_code == 0, result.output
    assert len(frames_of(output, (512, 512))) > 10
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4", "out.srt", "out.vtt", "text.txt"]


def test_say_tells_what_is_wrong_and_leaves_nothing(app: Flask, tmp_path: Path) -> None:
    for arguments in (["..."], ["Hello.", "--avatar", "nobody"], ["Hello.", "--voice", "nobody"]):
        output = tmp_path / "out.mp4"
        result = app.test_cli_runner().invoke(args=["say", *arguments, "-o", str(output)])
        assert result.exit_code == 1
        assert "Error:" in result.output
        assert not list(tmp_path.iterdir())
