"""How long a film takes: `python -m benchmarks.film [--repeats 3]`.

Waiting time is what people see, and depends on what else the machine does; processor time, of this process
and of ffmpeg, is what the work costs. Kinds of films are made in turn, so that noise meets all of them alike.
"""

import argparse
import os
import platform
import tempfile
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.report import Row, print_table
from service.film import FilmRequest, Step, shoot
from service.models import ModelFolder
from service.pipeline import Pipeline
from voiceover.avatarstore import AvatarStore
from voiceover.types import FPS
from voiceover.voices import VoiceStore

SPEECH = 60  # seconds, to which all figures are scaled
SENTENCES = {
    "ru": "Сегодня мы спокойно расскажем вам короткую историю про один старый добрый город. ",
    "en": "Today we will calmly tell you a short story about one good old town. ",
}
REPEATED = 12  # sentences: about a minute


@dataclass
class Figures:
    """What films of one kind took, in seconds for `SPEECH` seconds of film."""

    what: str
    request: FilmRequest
    waiting: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)

    def make(self, pipeline: Pipeline) -> None:
        frames = 0

        def count(step: Step) -> None:
            nonlocal frames
            frames += step.stage == "picture"

        with tempfile.TemporaryDirectory() as folder:
            clock, cpu = time.perf_counter(), processor_seconds()
            shoot(pipeline, self.request, Path(folder), count)
            scale = SPEECH * FPS / frames
            self.waiting.append((time.perf_counter() - clock) * scale)
            self.work.append((processor_seconds() - cpu) * scale)

    def rows(self) -> list[Row]:
        return [
            Row(f"{SPEECH} s of film, {self.what}", self.waiting, "s", "20", "10"),
            Row(f"{SPEECH} s of film, {self.what}, processor time", self.work, "s", "", ""),
        ]


def processor_seconds() -> float:
    """Return the processor time of this process and of those that it has waited for, ffmpeg among them."""
    return sum(os.times()[:4])


def unseen(_: Step) -> None:
    """Nobody watches the films that wake the engines."""


def main() -> None:
    """Make films in turn and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="films of each kind")
    options = parser.parse_args()
    kinds = [
        Figures("ru (espeak)", FilmRequest(SENTENCES["ru"] * REPEATED, "ru", voice="espeak:ru+f2")),
        Figures("en (Piper)", FilmRequest(SENTENCES["en"] * REPEATED, "en")),
        Figures(
            "en, captions in the picture",
            FilmRequest(SENTENCES["en"] * REPEATED, "en", burn_captions=True),
        ),
    ]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        pipeline = Pipeline(AvatarStore(data), ModelFolder(), VoiceStore(data / "voices", 0))
        for kind in kinds:  # engines get ready
            shoot(pipeline, replace(kind.request, text="2."), data, unseen)
        for _ in range(options.repeats):
            for kind in kinds:
                kind.make(pipeline)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    title = f"{datetime.now(UTC):%Y-%m-%d}, {machine}, Python {platform.python_version()}, load {load}"
    print_table(title, [row for kind in kinds for row in kind.rows()])


if __name__ == "__main__":
    main()
