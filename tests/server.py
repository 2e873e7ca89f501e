"""A server of our own, started and stopped like a user's."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
START_LIMIT = 120.0  # seconds
PATIENCE = 150.0  # seconds; a limit against hanging


@dataclass(frozen=True, slots=True)
class RunningServer:
    """Where it answers and how long it took to."""

    host: str
    port: int
    pid: int
    answers_after: float
    """Seconds from the start of the process until `/healthz` said yes."""
    ready_after: float
    """Seconds from the start of the process until `/readyz` said yes."""
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def worker(self) -> psutil.Process:
        """The process that answers."""
        return psutil.Process(self.pid).children()[0]

    def memory(self) -> float:
        """Resident memory of the worker process, in MiB."""
        return float(self.worker.memory_info().rss / 2**20)

    def encoders(self) -> list[psutil.Process]:
        """The ffmpeg processes that the server has running."""
        children = psutil.Process(self.pid).children(recursive=True)
        return [child for child in children if "ffmpeg" in child.name()]


@contextmanager
def running_server(data: Path, **settings: str) -> Iterator[RunningServer]:
    """Start `python app.py`, on a free port if no other is set; stop it in the end."""
    port = int(settings.get("VOICEOVER_PORT") or free_port())
    environment = os.environ | {"VOICEOVER_PORT": str(port), "VOICEOVER_DATA": str(data)} | settings
    log_path = data.with_name(f"{data.name}.log")
    with log_path.open("wb") as log:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            url = f"http://127.0.0.1:{port}"
            answers, ready = (
                _wait_for(process, f"{url}/{state}", log_path) - begin for state in ("healthz", "readyz")
            )
            yield RunningServer("127.0.0.1", port, process.pid, answers, ready, log_path, process)
        finally:
            process.terminate()
            process.wait(30)


def ask(server: RunningServer, text: str, **headers: str) -> socket.socket:
    """Ask for a clip; the answer is left in the socket."""
    body = json.dumps({"text": text, "language": "ru"}).encode()
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    request = (
        f"POST /api/generate_stream HTTP/1.1\r\nHost: {server.host}\r\nContent-Type: application/json\r\n"
        f"{more}Content-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection((server.host, server.port), timeout=PATIENCE)
    connection.sendall(request.encode() + body)
    return connection


def read_until(connection: socket.socket, what: bytes) -> bytes:
    """Read an answer until something is in it, and no further than that takes."""
    received = b""
    while what not in received and (data := connection.recv(65_536)):
        received += data
    assert what in received, received[:2000]
    return received


def wait_until(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(process: "subprocess.Popen[bytes]", url: str, log: Path) -> float:
    """Return the moment at which the server said yes."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return time.perf_counter()
        except OSError:  # not listening yet, not ready yet, or too busy to answer
            time.sleep(0.02)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}")
