"""The budgets of the product, measured on a server of our own: `python -m benchmarks.realtime`.

Prints one table in Markdown. Quote medians: machines are shared and noisy.
"""

import argparse
import http.client
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.page import measure_page
from benchmarks.report import Row, print_table
from tests.server import RunningServer, running_server
from voiceover.types import FPS, FRAMES_PER_FRAGMENT

TWELVE_WORDS = "Сегодня мы спокойно расскажем вам короткую историю про один старый добрый город."
ENGLISH = "Today we will calmly tell you a short story about one good old town."
VIEWERS = (1, 2, 4, 8)
BUFFERED = 0.4  # seconds from the first fragment until it plays, as on the page
HEAD_START = 2  # chunks that a viewer asks for ahead of the one that plays, as the page does


@dataclass(frozen=True, slots=True)
class Received:
    """One clip as a client saw it."""

    first_byte: float
    """Seconds from the request to the first byte of the clip."""
    whole: float
    """Seconds from the request to its last byte."""
    duration: float
    """Seconds of speech."""
    arrivals: tuple[float, ...]
    """Seconds from the request to the end of each fragment of 0.2 s."""


def fetch(server: RunningServer, text: str, language: str, index: int = 0) -> Received:
    """Ask for one chunk and read it as fast as it comes."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=120)
    body = json.dumps({"text": text, "language": language, "chunk_index": index, "audio": "flac"})
    begin = time.perf_counter()
    connection.request("POST", "/api/generate_stream", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(answer.read().decode())
    first_byte: float | None = None
    arrivals: list[float] = []
    tail = b""
    while data := answer.read1():
        now = time.perf_counter() - begin
        first_byte = first_byte or now
        # A fragment is whole when the next one, or the index at the end, begins.
        ends = (tail + data).count(b"moof") + (tail + data).count(b"mfra")
        tail = data[-3:]
        arrivals += [now] * ends
    connection.close()
    assert first_byte is not None
    duration = int(answer.headers["Chunk-Frames"]) / FPS
    return Received(first_byte, arrivals[-1], duration, tuple(arrivals[1:]))


def measure_clips(server: RunningServer, repeats: int) -> Iterator[Row]:
    """Time to the first byte, and how much faster than speech a clip is made."""
    for language, text in (("ru", TWELVE_WORDS), ("en", ENGLISH)):
        clips = [fetch(server, text, language) for _ in range(repeats)]
        voice = "espeak" if language == "ru" else "Piper"
        yield Row(
            f"POST → first byte, {language} ({voice})", [c.first_byte for c in clips], "s", "0.6", "0.25"
        )
        ratios = [c.whole / c.duration for c in clips]
        yield Row(f"render time / speech time, {language} ({voice})", ratios, "", "0.35", "0.15")


def measure_viewers(server: RunningServer, chunks: int) -> Iterator[Row]:
    """How many viewers, each reading at the speed of speech, are served without a stall."""
    served = 0
    for viewers in VIEWERS:
        with ThreadPoolExecutor(viewers) as pool:
            stalls = list(pool.map(_view, [server] * viewers, [chunks] * viewers))
        yield Row(f"seconds stalled, each of {viewers} viewers", stalls, "s", "0 for 4", "0 for 8")
        if max(stalls) == 0:
            served = viewers
    yield Row("viewers served at once without a stall", [served], "", "4", "8")


def _view(server: RunningServer, chunks: int) -> float:
    """Ask for chunks as the page does, at most `HEAD_START` ahead; return the seconds without a picture."""
    stalled = 0.0
    needed: float | None = None  # when the next fragment must be there
    ends: list[float] = []
    for index in range(chunks):
        if index >= HEAD_START:
            time.sleep(max(0.0, ends[index - HEAD_START] - time.perf_counter()))
        asked = time.perf_counter()
        clip = fetch(server, TWELVE_WORDS, "ru", index)
        for arrival in clip.arrivals:
            moment = asked + arrival
            if needed is None:
                needed = moment + BUFFERED
            late = max(0.0, moment - needed)
            stalled += late
            needed += late + FRAMES_PER_FRAGMENT / FPS
        assert needed is not None
        ends.append(needed)
    return stalled


def measure_whole_text(server: RunningServer) -> Row:
    """Sixty seconds of speech, chunk after chunk."""
    begin = time.perf_counter()
    spoken = 0.0
    index = 0
    while spoken < 60:
        spoken += fetch(server, TWELVE_WORDS, "ru", index).duration
        index += 1
    return Row(
        "60 s of speech, chunk after chunk", [(time.perf_counter() - begin) * 60 / spoken], "s", "20", "10"
    )


def measure_memory(server: RunningServer, chunks: int) -> Row:
    """Growth of the worker's memory over many chunks, after the first tenth of them."""
    sizes = []
    for index in range(chunks):
        fetch(server, ENGLISH if index % 2 else TWELVE_WORDS, "en" if index % 2 else "ru", index)
        sizes.append(server.memory())
    settled = sizes[len(sizes) // 10 :]
    thirds = len(settled) // 3
    growth = statistics.median(settled[-thirds:]) - statistics.median(settled[:thirds])
    return Row(f"memory growth over {len(settled)} chunks", [growth], "MiB", "flat", "flat")


def measure_cache(server: RunningServer, repeats: int) -> Row:
    """Time to the whole of a chunk that was made before."""
    fetch(server, TWELVE_WORDS, "ru")
    again = [fetch(server, TWELVE_WORDS, "ru").whole for _ in range(repeats)]
    return Row("POST → last byte of a chunk asked for again", again, "s", "0.03", "")


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7, help="clips for each median")
    parser.add_argument("--chunks", type=int, default=4, help="chunks each viewer watches")
    parser.add_argument("--memory", type=int, default=60, help="chunks for the memory figure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with running_server(data):
            pass  # the first start finds the faces
        with running_server(data, VOICEOVER_MAX_CACHE="0") as server:
            rows = [
                Row("server answers after start", [server.answers_after], "s", "1.5", ""),
                Row("server ready after start", [server.ready_after], "s", "3", "1.5"),
            ]
            fetch(server, ENGLISH, "en")  # the voice is loaded in the background
            rows += measure_clips(server, options.repeats)
            rows += measure_page(server.url, options.repeats)
            rows.append(measure_whole_text(server))
            rows += measure_viewers(server, options.chunks)
            rows.append(measure_memory(server, options.memory))
        with running_server(data) as server:
            rows.append(measure_cache(server, 5 * options.repeats))
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
    print_table(f"{time.strftime('%Y-%m-%d')}, {machine}, Python {platform.python_version()}", rows)


if __name__ == "__main__":
    main()
