"""The real server in its own process: what only sockets and processes can show."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.server import RunningServer, running_server

PATIENCE = 30.0  # seconds; a limit against hanging


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("data")) as server:
        yield server


def encoders(server: RunningServer) -> list[psutil.Process]:
    """The ffmpeg processes that the server has running."""
    return [
        child for child in psutil.Process(server.pid).children(recursive=True) if "ffmpeg" in child.name()
    ]


def ask(server: RunningServer, text: str) -> socket.socket:
    """Ask for a clip; the answer is left in the socket."""
    body = json.dumps({"text": text, "language": "ru"}).encode()
    request = (
        f"POST /api/generate_stream HTTP/1.1\r\nHost: {server.host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection((server.host, server.port), timeout=PATIENCE)
    connection.sendall(request.encode() + body)
    return connection


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_a_vanished_client_stops_ffmpeg(server: RunningServer) -> None:
    wait_until(lambda: not encoders(server), "the idle loop is never finished")
    with ask(server, "слово " * 150) as connection:
        assert connection.recv(20_000).startswith(b"HTTP/1.1 200 OK")
        assert len(encoders(server)) == 1
    wait_until(lambda: not encoders(server), "ffmpeg goes on for nobody")


def test_the_first_fragment_arrives_before_the_last_is_made(server: RunningServer) -> None:
    with ask(server, "слово " * 150) as connection:
        received = b""
        while b"mdat" not in received:
            received += connection.recv(65_536)
        assert encoders(server), "the clip was made whole before any of it left"


def test_the_server_stops_when_told(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=5)
