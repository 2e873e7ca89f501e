"""How fast the voices are: load time, time to the first sound, work for a second of speech.

python -m benchmarks.tts [--repeats 10]

A chunk's sound leaves an engine as a whole: the first sound is there when the chunk is spoken. Engines
speak in turn, so that what else the machine does meets all of them alike.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benchmarks.report import Row, print_table
from service.casting import choose_voice
from service.engines import speech_engines
from service.models import ModelFolder
from tts.base import SpeechEngine, Voice
from voiceover.errors import NotFound

TWELVE_WORDS = {
    "ru": "Сегодня мы спокойно расскажем вам короткую историю про один старый город.",
    "en": "Today we will calmly tell a short story about one old town.",
}
FIRST_WORD = {"ru": "Да.", "en": "Yes."}
BUDGETS = {"espeak": "50 ms", "piper": "300 ms"}
LOADS = 5


@dataclass
class Figures:
    """What one engine did in one language."""

    engine: SpeechEngine
    voice: Voice
    language: str
    seconds: list[float] = field(default_factory=list)
    """From the call until the sound of a chunk of twelve words is there."""
    work: list[float] = field(default_factory=list)
    """CPU seconds of all threads for a second of speech."""
    ratios: list[float] = field(default_factory=list)
    """Seconds for a second of speech."""

    def speak(self) -> None:
        clock, cpu = time.perf_counter(), time.process_time()
        speech = self.engine.synthesize(TWELVE_WORDS[self.language], self.voice)
        seconds, work = time.perf_counter() - clock, time.process_time() - cpu
        self.seconds.append(seconds)
        self.ratios.append(seconds / speech.duration)
        self.work.append(work / speech.duration)

    def rows(self, loads: Sequence[float]) -> list[Row]:
        who = f"{self.engine.name}, {self.language}"
        milliseconds = [1000 * seconds for seconds in self.seconds]
        return [
            Row(f"{who}: load and say one word", loads, "s", "", ""),
            Row(f"{who}: first sound of 12 words", milliseconds, "ms", BUDGETS.get(self.engine.name, ""), ""),
            Row(f"{who}: time / speech", self.ratios, "", "", ""),
            Row(f"{who}: CPU time / speech", self.work, "", "", ""),
        ]


def speakers() -> list[Figures]:
    """Every engine that works here, in each of the two languages that it speaks."""
    found = []
    for engine in speech_engines(ModelFolder()).working():
        for language in TWELVE_WORDS:
            try:
                voice = choose_voice(list(engine.voices()), language)
            except NotFound:
                continue
            found.append(Figures(engine, voice, language))
    return found


def load(engine: str, language: str) -> float:
    """Seconds until an engine has been loaded and has said one word, in this process."""
    begin = time.perf_counter()
    loaded = speech_engines(ModelFolder()).get(engine)
    loaded.synthesize(FIRST_WORD[language], choose_voice(list(loaded.voices()), language))
    return time.perf_counter() - begin


def load_elsewhere(engine: str, language: str) -> float:
    """Do it in a process of its own, in which nothing is loaded yet."""
    command = [sys.executable, "-m", "benchmarks.tts", "--load", engine, language]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--load", nargs=2, metavar=("ENGINE", "LANGUAGE"), help="print one load time only")
    arguments = parser.parse_args()
    if arguments.load:
        print(load(*arguments.load))
        return
    found = speakers()
    loads = [[load_elsewhere(f.engine.name, f.language) for f in found] for _ in range(LOADS)]
    for figures in found:
        figures.speak()  # warm
        figures.seconds, figures.work, figures.ratios = [], [], []
    for _ in range(arguments.repeats):
        for figures in found:
            figures.speak()
    rows = [
        row
        for figures, times in zip(found, zip(*loads, strict=True), strict=True)
        for row in figures.rows(times)
    ]
    title = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, "
    print_table(title + f"load {statistics.fmean(os.getloadavg()):.1f}", rows)


if __name__ == "__main__":
    main()
