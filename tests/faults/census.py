"""What a server has at a moment: it has to have as much after a fault as before."""

import contextlib
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import psutil
from prometheus_client.parser import text_string_to_metric_families

from tests.server import RunningServer

ONE_FILE_FOR_EVER = ".ses"  # a library of ours marks with it that it has been used


class Home:
    """The folders in which a server may leave something."""

    def __init__(self, folder: Path) -> None:
        self.data, self.temporary = folder / "data", folder / "tmp"
        self.data.mkdir()
        self.temporary.mkdir()

    @property
    def settings(self) -> dict[str, str]:
        return {"TMPDIR": str(self.temporary)}

    def strays(self) -> list[Path]:
        """Return what is no clip, avatar, film or finding, but was left behind."""
        unfinished = (
            path for path in self.data.rglob("*") if "new-" in path.name or "unfinished" in path.name
        )
        temporary = (path for path in self.temporary.iterdir() if path.name != ONE_FILE_FOR_EVER)
        return [*temporary, *unfinished]


@dataclass(frozen=True)
class Census:
    """Counted in the process that answers."""

    threads: int
    files: int
    children: int

    @classmethod
    def of(cls, server: RunningServer) -> "Census":
        worker = server.worker
        return cls(worker.num_threads(), worker.num_fds(), len(worker.children(recursive=True)))

    def exceeds(self, other: "Census") -> bool:
        return self.threads > other.threads or self.files > other.files or self.children > other.children


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    data: bytes

    @property
    def code(self) -> str:
        """Of a problem; what is no problem has none."""
        assert self.headers.get_content_type() == "application/problem+json", self.data[:200]
        return str(json.loads(self.data)["code"])


def fetch(server: RunningServer, path: str, body: object = None, method: str | None = None) -> Answer:
    """Ask a server; whatever its status, that is an answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Accept-Language": "en"} | ({} if data is None else {"Content-Type": "application/json"})
    request = urllib.request.Request(server.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as exc:
        with exc:
            return Answer(exc.code, exc.headers, exc.read())


def speak(server: RunningServer, text: str = "Раз, два!", **more: object) -> Answer:
    return fetch(server, "/api/generate_stream", {"text": text, "language": "ru", **more})


def speak_in_turn(server: RunningServer, text: str) -> Answer:
    """Ask again when the server is busy, as a page does."""
    while (answer := speak(server, text)).status == 503 and answer.code == "busy":
        time.sleep(float(answer.headers["Retry-After"]))
    return answer


def figure(server: RunningServer, name: str) -> float:
    """Return a figure of `/metrics`, summed over its labels."""
    families = text_string_to_metric_families(fetch(server, "/metrics").data.decode())
    return sum(one.value for family in families for one in family.samples if one.name == name)


def is_alive(process: psutil.Process) -> bool:
    """Whether a process still runs; one that only waits to be buried by init does not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
