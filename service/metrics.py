"""What a server counts and measures, for Prometheus."""

import time
from collections.abc import Callable, Generator
from contextlib import closing

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from service.pipeline import Clip
from voiceover.errors import VoiceoverError
from voiceover.types import FPS

SECONDS = (0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30)
RATIOS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 2, 4)
ENGINES = ("speech", "lips")


class Metrics:
    """One for an app, with a registry of its own. Safe to share between threads.

    Labels take few values: patterns of routes, codes of problems, names of engines.
    """

    def __init__(
        self,
        films_waiting: Callable[[], int],
        chunks_waiting: Callable[[], int],
        voices_hanging: Callable[[], int],
    ) -> None:
        """
        Args:
            films_waiting, chunks_waiting: tell how many wait for their turn; asked when the figures are.
            voices_hanging: tells of how many engines nothing comes back; so is this.
        """
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "voiceover_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._errors = Counter("voiceover_errors", "Problems told, by code.", ["code"], registry=registry)
        self._clips = Counter("voiceover_clips", "Clips begun.", ENGINES, registry=registry)
        self._hits = Counter("voiceover_cache_hits", "Clips that had been made before.", registry=registry)
        self._running = Gauge("voiceover_clips_in_progress", "Clips being sent.", registry=registry)
        self._first = Histogram(
            "voiceover_first_fragment_seconds",
            "From the request to the first fragment with a picture.",
            ENGINES,
            registry=registry,
            buckets=SECONDS,
        )
        self._ratio = Histogram(
            "voiceover_render_ratio",
            "Seconds spent on a second of a clip; above 1 its viewer has to wait.",
            ENGINES,
            registry=registry,
            buckets=RATIOS,
        )
        self._stalls = Counter(
            "voiceover_stalls", "Times that a page ran out of speech to play.", ["lips"], registry=registry
        )
        waiting = Gauge("voiceover_films_waiting", "Films that wait for their turn.", registry=registry)
        waiting.set_function(films_waiting)
        line = Gauge("voiceover_chunks_waiting", "Chunks that wait for their turn.", registry=registry)
        line.set_function(chunks_waiting)
        hanging = Gauge(
            "voiceover_speech_engines_hanging", "Engines of which nothing comes back.", registry=registry
        )
        hanging.set_function(voices_hanging)

    def text(self) -> bytes:
        """Return all figures in Prometheus's text format 0.0.4."""
        return generate_latest(self._registry)

    def answered(self, method: str, route: str, status: int) -> None:
        self._requests.labels(method, route, status).inc()

    def failed(self, code: str) -> None:
        self._errors.labels(code).inc()

    def found_in_cache(self) -> None:
        """Count a clip that need not be made."""
        self._hits.inc()

    def stalled(self, lips: str) -> None:
        """Count that a page had nothing left to play."""
        self._stalls.labels(lips).inc()

    def follow(self, clip: Clip, begun: float) -> Generator[bytes, None, None]:
        """Yield the bytes of a clip and measure how they come.

        Args:
            begun: when it was asked for, by `time.perf_counter`.
        """
        engines = clip.engine, clip.lips
        self._clips.labels(*engines).inc()
        spent, seen = time.perf_counter() - begun, False
        with self._running.track_inprogress(), closing(clip.data):
            try:
                since = time.perf_counter()
                for data in clip.data:
                    spent += time.perf_counter() - since
                    if not seen and b"moof" in data:
                        seen = True
                        self._first.labels(*engines).observe(time.perf_counter() - begun)
                    yield data
                    since = time.perf_counter()  # how long the viewer takes to fetch it is not ours
            except VoiceoverError as exc:
                self.failed(exc.code)
                raise
        if clip.frames:  # nobody has counted those of a voice that streamed
            self._ratio.labels(*engines).observe(spent / (clip.frames / FPS))
