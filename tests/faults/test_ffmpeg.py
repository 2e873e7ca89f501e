"""ffmpeg killed, hanging, missing, or something else than ffmpeg."""

import random
import signal
import threading
import time
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import numpy as np
import psutil
import pytest
from flask.testing import FlaskClient

from tests.faults.census import Home, is_alive, speak
from tests.server import RunningServer, ask, read_until, wait_until
from voiceover import video
from voiceover.errors import EncodeError
from voiceover.types import SAMPLES_PER_FRAME, Frame

SIZE = (128, 96)
LONG = "слово " * 150


def frames(count: int) -> Iterator[Frame]:
    return (np.full((SIZE[1], SIZE[0], 3), number % 256, np.uint8) for number in range(count))


def sound(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.zeros(count * SAMPLES_PER_FRAME, np.float32)


def own_encoders() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "ffmpeg" in child.name()]


def test_a_clip_whose_ffmpeg_is_killed_breaks_off_and_the_log_says_which(
    server: RunningServer, home: Home
) -> None:
    wait_until(lambda: not server.encoders(), "the idle loop is never finished")
    with ask(server, LONG, X_Request_Id="killed-encoder") as connection:
        read_until(connection, b"mdat")
        (encoder,) = server.encoders()
        encoder.kill()
        rest = b""
        while data := connection.recv(65_536):
            rest += data
        assert not rest.endswith(b"0\r\n\r\n"), "a whole answer ends so: nobody would ask again"
    wait_until(
        lambda: "[killed-encoder] service.web.answers: an answer broke off" in server.log.read_text(), "?"
    )
    assert "EncodeError: ffmpeg failed with status -9" in server.log.read_text()
    assert not is_alive(encoder) and not server.encoders() and not home.strays()
    assert speak(server).status == 200


def test_whenever_ffmpeg_is_killed_that_is_what_is_told() -> None:
    chance = random.Random(6)
    before = threading.active_count(), psutil.Process().num_fds()

    def held(killed: threading.Event) -> Iterator[Frame]:
        yield from frames(1999)
        killed.wait()  # however quick ffmpeg is, it has not done before
        yield from frames(1)

    def kill(encoder: psutil.Process, killed: threading.Event) -> None:
        encoder.kill()
        killed.set()

    for _ in range(20):
        killed = threading.Event()
        clip = video.encode(held(killed), SIZE, sound(2000))
        next(clip)
        (encoder,) = own_encoders()
        timer = threading.Timer(chance.uniform(0, 0.05), kill, (encoder, killed))
        timer.start()
        with pytest.raises(EncodeError, match="status -9"):
            list(clip)
        timer.join()
    assert (threading.active_count(), psutil.Process().num_fds()) == before


@pytest.mark.parametrize("after", [0, 3])
def test_what_is_not_read_to_its_end_leaves_no_thread_and_no_file(after: int) -> None:
    before = threading.active_count(), psutil.Process().num_fds()
    clip = video.encode(frames(2000), SIZE, sound(2000))
    for _ in range(after):
        next(clip)
    clip.close()
    assert (threading.active_count(), psutil.Process().num_fds()) == before and not own_encoders()


def test_an_ffmpeg_that_hangs_is_given_up(tmp_path: Path) -> None:
    def stop_when_begun() -> None:
        wait_until(lambda: len(own_encoders()) == 2, "ffmpeg does not start")
        time.sleep(0.3)
        for encoder in own_encoders():
            encoder.send_signal(signal.SIGSTOP)

    def film() -> None:
        with pytest.raises(EncodeError, match="hangs"):
            video.write(frames(10**6), SIZE, sound(25), video.Captions("", None), tmp_path / "film.mp4", 1)
        told.append("film")

    def clip() -> None:
        with pytest.raises(EncodeError, match="hangs"):
            for _ in video.encode_moments(
                zip(frames(10**6), repeat(sound(1)), strict=False), SIZE, patience=1
            ):
                pass
        told.append("clip")

    told: list[str] = []
    threads = [threading.Thread(target=act) for act in (film, clip, stop_when_begun)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(told) == ["clip", "film"] and not own_encoders() and not list(tmp_path.iterdir())


def test_who_reads_late_or_draws_slowly_is_not_taken_for_a_hanging_ffmpeg() -> None:
    def slow() -> Iterator[Frame]:
        for frame in frames(10):
            time.sleep(0.8 if frame[0, 0, 0] == 5 else 0)
            yield frame

    assert sum(map(len, video.encode(slow(), SIZE, sound(10), patience=0.5))) > 1000
    late = video.encode(frames(500), SIZE, sound(500), patience=0.5)
    received = len(next(late))
    time.sleep(1.2)
    assert received + sum(map(len, late)) > 10_000


@pytest.fixture(params=["/nowhere/ffmpeg", "/", __file__, "/bin/true", "/bin/cat"])
def wrong_ffmpeg(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", request.param)
    return str(request.param)


def test_what_is_no_ffmpeg_is_told_before_the_first_byte(
    client: FlaskClient, wrong_ffmpeg: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"text": f"Раз, {Path(wrong_ffmpeg).name}", "language": "ru"}
    answer = client.post("/api/generate_stream", json=body)
    expected = (500, "encode-failed") if "bin" in wrong_ffmpeg else (503, "ffmpeg-missing")
    assert (answer.status_code, answer.get_json()["code"]) == expected
    idle = client.get("/api/avatars/astronaut/idle.mp4")
    assert (idle.status_code, idle.get_json()["code"]) == expected
    film = client.post("/api/generate?wait=1", json={"text": "Раз.", "language": "ru"})
    assert (film.status_code, film.get_json()["code"]) == expected
    monkeypatch.delenv("IMAGEIO_FFMPEG_EXE")
    assert client.post("/api/generate_stream", json=body).status_code == 200
