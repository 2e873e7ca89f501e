"""Many viewers at once, each reading at the speed of speech: `python -m benchmarks.load --viewers 1 2 4 8`.

Every viewer has a text of his own, so that the cache helps nobody, and comes a little later than the one
before. He asks as the page does: two chunks ahead, again after a 503, and with a token of his own.
"""

import argparse
import http.client
import json
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.realtime import BUFFERED, HEAD_START
from tests.server import RunningServer, running_server
from voiceover.types import FPS, FRAMES_PER_FRAGMENT

SENTENCE = (
    "Зритель номер {viewer} спокойно слушает часть {part} одной длинной истории про старый добрый город."
)
APART = 0.3  # seconds between one viewer and the next


@dataclass
class Watched:
    """What one viewer met."""

    stalled: float = 0.0
    """Seconds without a picture after the first."""
    first_bytes: list[float] = field(default_factory=list)
    """Seconds from the first request for a chunk to its first byte, waits after a 503 included."""
    refused: int = 0
    """Answers 503."""


def watch(server: RunningServer, viewer: int, chunks: int) -> Watched:
    """Watch so many chunks."""
    time.sleep(viewer * APART)
    seen, needed, ends = Watched(), 0.0, list[float]()
    for part in range(chunks):
        if part >= HEAD_START:
            time.sleep(max(0.0, ends[part - HEAD_START] - time.perf_counter()))
        for moment in _fragments(server, viewer, part, seen):
            needed = needed or moment + BUFFERED
            late = max(0.0, moment - needed)
            seen.stalled += late
            needed += late + FRAMES_PER_FRAGMENT / FPS
        ends.append(needed)
    return seen


def _fragments(server: RunningServer, viewer: int, part: int, seen: Watched) -> list[float]:
    """Fetch a chunk; return when each of its fragments was whole."""
    body = {"text": SENTENCE.format(viewer=viewer + 1, part=part + 1), "language": "ru", "chunk_index": part}
    body |= {"follows": part > 0, "continues": True, "audio": "flac"}
    headers = {"Content-Type": "application/json", "Viewer": f"viewer-{viewer}"}
    asked = time.perf_counter()
    while True:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=120)
        connection.request("POST", "/api/generate_stream", json.dumps(body), headers)
        answer = connection.getresponse()
        if answer.status != 503:
            break
        seen.refused += 1
        connection.close()
        time.sleep(float(answer.headers["Retry-After"]))
    if answer.status != 200:
        raise RuntimeError(answer.read().decode())
    arrivals: list[float] = []
    tail, begun = b"", False
    while data := answer.read1():
        now = time.perf_counter()
        if not begun:
            seen.first_bytes.append(now - asked)
            begun = True
        # A fragment is whole when the next one, or the index at the end, begins.
        arrivals += [now] * ((tail + data).count(b"moof") + (tail + data).count(b"mfra"))
        tail = data[-3:]
    connection.close()
    return arrivals[1:]


class Usage:
    """Processor time and memory of a server and its children, looked at while others work."""

    def __init__(self, server: RunningServer) -> None:
        self._root = psutil.Process(server.pid)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._begin = time.perf_counter()
        self._idle = psutil.cpu_times().idle
        self.memory = 0.0
        """Most that was taken at once, MiB, shared pages counted for each process."""
        self.machine = 0.0
        """Share of all cores that were busy, whoever kept them so, from 0 to 1."""
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()
        idle = (psutil.cpu_times().idle - self._idle) / (psutil.cpu_count() or 1)
        self.machine = 1 - idle / (time.perf_counter() - self._begin)

    def _run(self) -> None:
        while not self._done.wait(0.5):
            total = 0.0
            for process in (self._root, *self._root.children(recursive=True)):
                try:
                    total += process.memory_info().rss / 2**20
                except psutil.NoSuchProcess:
                    continue  # an encoder that has just finished
            self.memory = max(self.memory, total)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, nargs="+", default=(1, 2, 4, 8))
    parser.add_argument("--chunks", type=int, default=4, help="chunks each viewer watches")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with running_server(Path(folder)):
            pass  # the first start finds the faces
        print(
            "| viewers | without a stall | longest stall | first byte p50 | p95 | 503 | cores busy | memory |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for viewers in options.viewers:
            with running_server(Path(folder), VOICEOVER_MAX_CACHE="0") as server:
                usage = Usage(server)
                with ThreadPoolExecutor(viewers) as pool:
                    seen = list(
                        pool.map(
                            lambda viewer, server=server: watch(server, viewer, options.chunks),
                            range(viewers),
                        )
                    )
                usage.stop()
            print(_row(viewers, seen, usage), flush=True)


def _row(viewers: int, seen: list[Watched], usage: Usage) -> str:
    first_bytes = sorted(second for one in seen for second in one.first_bytes)
    p95 = first_bytes[min(len(first_bytes) - 1, round(0.95 * len(first_bytes)))]
    smooth = sum(one.stalled == 0 for one in seen)
    cells = (
        f"{viewers}",
        f"{smooth}",
        f"{max(one.stalled for one in seen):.1f} s",
        f"{statistics.median(first_bytes):.2f} s",
        f"{p95:.2f} s",
        f"{sum(one.refused for one in seen)}",
        f"{usage.machine:.0%}",
        f"{usage.memory:.0f} MiB",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
