"""A server of our own, started and stopped like a user's."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
START_LIMIT = 120.0  # seconds


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

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def memory(self) -> float:
        """Resident memory of the worker process, in MiB."""
        worker = psutil.Process(self.pid).children()[0]
        return float(worker.memory_info().rss / 2**20)


@contextmanager
def running_server(data: Path, **settings: str) -> Iterator[RunningServer]:
    """Start `python app.py`, on a free port if no other is set; stop it in the end."""
    port = int(settings.get("VOICEOVER_PORT") or _free_port())
    environment = os.environ | {"VOICEOVER_PORT": str(port), "VOICEOVER_DATA": str(data)} | settings
    with (data / "server.log").open("wb") as log:
        begin = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            url = f"http://127.0.0.1:{port}"
            answers, ready = (
                _wait_for(process, f"{url}/{state}", data / "server.log") - begin
                for state in ("healthz", "readyz")
            )
            yield RunningServer("127.0.0.1", port, process.pid, answers, ready)
        finally:
            process.terminate()
            process.wait(30)


def _free_port() -> int:
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
