"""The real server in its own process: what only sockets and processes can show."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import RunningServer, ask, running_server, wait_until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("data")) as server:
        yield server


def test_a_vanished_client_stops_ffmpeg(server: RunningServer) -> None:
    wait_until(lambda: not server.encoders(), "the idle loop is never finished")
    with ask(server, "слово " * 150) as connection:
        assert connection.recv(20_000).startswith(b"HTTP/1.1 200 OK")
        assert len(server.encoders()) == 1
    wait_until(lambda: not server.encoders(), "ffmpeg goes on for nobody")


def test_the_first_fragment_arrives_before_the_last_is_made(server: RunningServer) -> None:
    with ask(server, "слово " * 150) as connection:
        received = b""
        while b"mdat" not in received:
            received += connection.recv(65_536)
        assert server.encoders(), "the clip was made whole before any of it left"


def test_the_server_stops_when_told(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=5)
