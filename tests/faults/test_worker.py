"""The process that answers is killed in the middle of a clip and of a film; the port is taken; SIGTERM."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.census import Answer, Home, fetch, is_alive, speak
from tests.server import ROOT, RunningServer, ask, read_until, running_server, wait_until

LONG = "слово " * 150
FILM = {"text": "Этот фильм никто не увидит целиком. " * 40, "language": "ru"}


@pytest.fixture
def own_home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def own_server(own_home: Home) -> Iterator[RunningServer]:
    """A server that may be stopped; where machines are crowded clips take long."""
    with running_server(own_home.data, **own_home.settings, VOICEOVER_GRACE="60") as server:
        yield server


def begun_film(server: RunningServer) -> str:
    """Ask for a film; return its address when it is being drawn."""
    address = str(json.loads(fetch(server, "/api/generate", FILM).data)["job"])
    wait_until(lambda: job(server, address)["stage"] == "picture", "no film is made")
    return address


def job(server: RunningServer, address: str) -> dict[str, object]:
    told: dict[str, object] = json.loads(fetch(server, address).data)
    return told


def rest_of(connection: socket.socket) -> bytes:
    rest = b""
    while data := connection.recv(65_536):
        rest += data
    return rest


def test_a_killed_worker_leaves_no_process_and_no_file_and_another_takes_its_place(
    server: RunningServer, home: Home
) -> None:
    film = begun_film(server)
    with ask(server, LONG) as connection:
        read_until(connection, b"mdat")
        worker, encoders = server.worker, server.encoders()
        assert len(encoders) == 2
        worker.kill()
        with suppress(ConnectionError):  # told even more clearly
            assert not rest_of(connection).endswith(b"0\r\n\r\n")
    wait_until(lambda: not any(map(is_alive, encoders)), "ffmpeg goes on for nobody")
    assert speak(server).status == 200
    assert server.worker.pid != worker.pid
    told = job(server, film)
    assert told["state"] == "failed" and "stopped before the film was done" in str(told["error"])
    assert fetch(server, f"{film}/film.mp4").code == "film-failed"
    assert not home.strays()


def test_told_to_stop_it_finishes_what_it_speaks_and_begins_nothing(
    own_server: RunningServer, own_home: Home
) -> None:
    film = begun_film(own_server)
    arbiter, worker = own_server.process, own_server.worker
    with ThreadPoolExecutor() as pool, ask(own_server, "слово " * 60) as connection:
        beginning = read_until(connection, b"mdat")
        news = pool.submit(fetch, own_server, f"{film}/events")
        time.sleep(0.3)
        arbiter.terminate()
        answers: list[Answer] = []
        while not answers or answers[-1].status == 200:
            answers.append(speak(own_server, "Другое."))
        assert answers[-1].code == "stopping" and int(answers[-1].headers["Retry-After"]) >= 1
        assert fetch(own_server, "/readyz").status == 503 and fetch(own_server, "/healthz").status == 200
        assert (beginning + rest_of_chunked(connection)).endswith(b"0\r\n\r\n"), "the clip is whole"
        assert arbiter.wait(30) == 0
        last = json.loads(news.result(10).data.decode().strip().splitlines()[-1].removeprefix("data: "))
    assert last["state"] == "failed" and "stopped before the film was done" in last["error"]
    assert not is_alive(worker) and not own_home.strays()
    with running_server(own_home.data, **own_home.settings) as next_one:
        assert job(next_one, film)["state"] == "failed"


def rest_of_chunked(connection: socket.socket) -> bytes:
    rest = b""
    while not rest.endswith(b"0\r\n\r\n") and (data := connection.recv(65_536)):
        rest += data
    return rest


def test_who_is_not_done_when_the_grace_is_over_is_cut_off(own_home: Home) -> None:
    with (
        running_server(own_home.data, **own_home.settings, VOICEOVER_GRACE="0") as server,
        ask(server, LONG) as connection,
    ):
        read_until(connection, b"ftyp")
        server.process.terminate()
        assert server.process.wait(60) == 0
        with suppress(ConnectionError):  # told even more clearly
            assert not rest_of(connection).endswith(b"0\r\n\r\n")
    assert not own_home.strays()


def test_a_port_that_is_taken_is_told_in_a_sentence_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = [sys.executable, "-c", START.format(port=port, data=str(tmp_path))]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    seconds, *told = ended.stderr.strip().splitlines()
    assert ended.returncode == 1 and len(told) == 1
    assert told[0].startswith(f"Voiceover cannot listen at 127.0.0.1:{port} (Address already in use).")
    assert float(seconds) < 2, "nothing is tried again and again"


START = """
import os, sys, time
os.environ.update(VOICEOVER_PORT="{port}", VOICEOVER_DATA="{data}")
import app
begin = time.monotonic()
try:
    app.main()
finally:
    print(time.monotonic() - begin, file=sys.stderr)
"""
