"""A server under everything at once, for long: `python -m benchmarks.soak --minutes 30`.

Chunks, new ones and ones asked for again, some of them given up in the middle; films, some of them cancelled;
avatars brought and deleted; conversations; requests that nobody should send. What the process that answers
takes is printed at intervals, counted while it is quiet, and whether it is flat.
"""

import argparse
import http.client
import io
import json
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from tests.server import RunningServer, running_server
from voiceover.avatars import astronaut

CLIENTS = 4  # at once
SAMPLES = 10  # rows that are printed
QUIET = 120.0  # seconds that the server has to come to rest
MOST_GROWTH = 0.1  # of the memory that was taken after the first interval: caches in memory are full by then
MOST_GROWTH_A_HOUR = 60.0  # MiB, once the run is long enough to tell
DIFFERENT = 3  # avatars: what is remembered of some dozens would take hours to be all there
CACHE = 32 * 2**20  # bytes: full, and turned over, in minutes
WORDS = ("один", "два", "три", "город", "время", "сегодня", "хорошо", "дорога", "ветер", "море")


@dataclass(frozen=True, slots=True)
class Taken:
    """What the process that answers takes at a moment, and what lies on the disk."""

    minutes: float
    memory: float
    """Resident, MiB."""
    descriptors: int
    threads: int
    children: int
    files: int
    """In the data folder and the temporary one, but for clips in the cache."""
    requests: int
    """Answered so far."""


class Soak:
    """Clients who do at random, but seeded, what clients do."""

    def __init__(self, server: RunningServer, folders: list[Path], seed: int = 0) -> None:
        """
        Args:
            folders: those in which the server may leave files.
        """
        self._server = server
        self._folders = folders
        self._chance = random.Random(seed)
        self._begin = time.monotonic()
        self.answered = 0
        self.failures: list[str] = []
        """What was answered with a status that says that the server is at fault."""
        self._turn = threading.Lock()
        self._photo = cv2.imencode(".jpg", astronaut())[1].tobytes()

    def run(self, seconds: float) -> None:
        """Keep the server busy for so long."""
        end = time.monotonic() + seconds
        acts = (
            self._chunk,
            self._again,
            self._given_up,
            self._film,
            self._avatar,
            self._talk,
            self._nonsense,
        )
        weights = (6, 3, 4, 1, 1, 1, 3)

        def client(number: int) -> None:
            chance = random.Random(f"{self._chance.random()} {number}")
            while time.monotonic() < end:
                (act,) = chance.choices(acts, weights)
                act(chance)

        with ThreadPoolExecutor(CLIENTS) as pool:
            for one in [pool.submit(client, number) for number in range(CLIENTS)]:
                one.result()

    def count(self) -> Taken:
        """Wait until the server is at rest, and count."""
        worker, deadline = self._server.worker, time.monotonic() + QUIET
        while worker.children(recursive=True) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1.0)
        paths = (path for folder in self._folders for path in folder.rglob("*"))
        return Taken(
            (time.monotonic() - self._begin) / 60,
            worker.memory_info().rss / 2**20,
            worker.num_fds(),
            worker.num_threads(),
            len(worker.children(recursive=True)),
            sum(path.is_file() and path.parent.name != "clips" for path in paths),
            self.answered,
        )

    def _chunk(self, chance: random.Random) -> None:
        self._speak(" ".join(chance.choices(WORDS, k=chance.randint(1, 15))), chance.choice(("ru", "en")))

    def _again(self, chance: random.Random) -> None:
        self._speak(f"Снова {chance.choice(WORDS)}.", "ru")

    def _given_up(self, chance: random.Random) -> None:
        text = " ".join(chance.choices(WORDS, k=chance.randint(1, 60)))
        with self._asking("POST", "/api/generate_stream", {"text": text, "language": "ru"}) as answer:
            for _ in range(chance.randint(0, 5)):
                answer.read1(20_000)

    def _film(self, chance: random.Random) -> None:
        job = self._json(
            "POST", "/api/generate", {"text": f"Кино про {chance.choice(WORDS)}.", "language": "ru"}
        )
        if not job:
            return
        deadline = time.monotonic() + chance.uniform(0, 20)
        while (
            self._json("GET", job["job"])["state"] in ("waiting", "running") and time.monotonic() < deadline
        ):
            time.sleep(0.5)
        self._answer("DELETE", job["job"])
        while (left := self._json("GET", job["job"])) and left["state"] == "running":
            time.sleep(0.1)
        self._answer("DELETE", job["job"])  # that it was cancelled is remembered, too

    def _avatar(self, chance: random.Random) -> None:
        sent = self._photo + bytes(chance.randrange(DIFFERENT))  # other bytes are another avatar
        boundary = "soak"
        part = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="x.jpg"\r\n\r\n'
        body = io.BytesIO(part.encode() + sent + f"\r\n--{boundary}--\r\n".encode())
        avatar = self._json("POST", "/api/avatars", body, f"multipart/form-data; boundary={boundary}")
        if avatar and "id" in avatar:
            self._speak("Это я.", "ru", avatar=avatar["id"])
            self._answer("DELETE", f"/api/avatars/{avatar['id']}")

    def _talk(self, chance: random.Random) -> None:
        session = self._json("POST", "/api/sessions", {"language": "ru"})
        if not session:
            return
        with self._asking("GET", session["events"]) as events:
            for word in chance.choices(WORDS, k=5):
                self._answer("POST", session["say"], {"text": f"{word}. "})
            events.read1(1000)
            self._answer("POST", session["interrupt"])
        self._answer("DELETE", f"/api/sessions/{session['id']}")

    def _nonsense(self, chance: random.Random) -> None:
        method, path, body = chance.choice(
            (
                ("POST", "/api/generate_stream", {"text": ""}),
                ("POST", "/api/generate_stream", {"text": "…", "language": "ru"}),
                ("POST", "/api/generate_stream", {"text": "Раз.", "avatar": "../../etc/passwd"}),
                ("POST", "/api/generate_stream", io.BytesIO(b"{")),
                ("POST", "/api/join", io.BytesIO(b"nothing")),
                ("POST", "/api/split", {"text": "а" * 200_000}),
                ("GET", "/api/jobs/none", None),
                ("PUT", "/api/voices", None),
            )
        )
        self._answer(method, path, body)

    def _speak(self, text: str, language: str, **more: object) -> None:
        self._answer("POST", "/api/generate_stream", {"text": text, "language": language, **more})

    def _json(self, *asked: Any) -> Any:
        status, data = self._answer(*asked)
        return json.loads(data) if status < 300 else None

    def _answer(self, *asked: Any) -> tuple[int, bytes]:
        with self._asking(*asked) as answer:
            return answer.status, answer.read()

    @contextmanager
    def _asking(
        self, method: str, path: str, body: Any = None, mimetype: str = "application/json"
    ) -> Iterator[http.client.HTTPResponse]:
        with closing(
            http.client.HTTPConnection(self._server.host, self._server.port, timeout=120)
        ) as connection:
            sent = body.getvalue() if isinstance(body, io.BytesIO) else body and json.dumps(body)
            connection.request(method, path, sent, {"Content-Type": mimetype})
            answer = connection.getresponse()
            with self._turn:
                self.answered += 1
                if answer.status >= 500 and answer.status != 503:
                    self.failures.append(f"{answer.status} {method} {path}")
            with answer:
                yield answer


def complaints(taken: list[Taken]) -> list[str]:
    """Return what is not flat; the first sample is that of a server that has met everything once."""
    first, last = taken[0], taken[-1]
    hours = (last.minutes - first.minutes) / 60
    most = max(first.memory * MOST_GROWTH, MOST_GROWTH_A_HOUR * hours)
    growth: dict[str, tuple[float, float]] = {
        "MiB of memory": (last.memory - first.memory, most),
        "file descriptors": (last.descriptors - first.descriptors, 4),
        "threads": (last.threads - first.threads, 4),
        "children": (last.children, 0),
        "files": (last.files - first.files, 0),
    }
    return [f"{grown:+.0f} {what}" for what, (grown, most) in growth.items() if grown > most]


def soak(seconds: float, samples: int, tell: Callable[[Taken], None]) -> tuple[list[Taken], list[str]]:
    """Run a server and its clients.

    Returns:
        What was taken after each part of the time, and what was answered as no server should answer.
    """
    with tempfile.TemporaryDirectory() as folder:
        data, temporary = Path(folder) / "data", Path(folder) / "tmp"
        data.mkdir()
        temporary.mkdir()
        settings = {"TMPDIR": str(temporary), "VOICEOVER_MAX_CACHE": str(CACHE), "VOICEOVER_THREADS": "16"}
        with running_server(data, **settings) as server:
            clients = Soak(server, [data, temporary])
            taken = []
            for _ in range(samples):
                clients.run(seconds / samples)
                taken.append(clients.count())
                tell(taken[-1])
            return taken, clients.failures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    options = parser.parse_args()
    print("| minutes | requests | memory | descriptors | threads | children | files |")
    print("|---|---|---|---|---|---|---|")
    taken, failures = soak(60 * options.minutes, SAMPLES, _print)
    print(f"\nFlat: {'yes' if not complaints(taken) else 'no: ' + ', '.join(complaints(taken))}.")
    print(f"Answered as no server should: {', '.join(failures) or 'nothing'}.")


def _print(taken: Taken) -> None:
    print(
        f"| {taken.minutes:.1f} | {taken.requests} | {taken.memory:.0f} MiB | {taken.descriptors} |"
        f" {taken.threads} | {taken.children} | {taken.files} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
