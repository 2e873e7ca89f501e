"""How true the times are that are found for a voice that tells none, beside those of an even stretch.

python -m benchmarks.align

Piper tells its times; the aligner does not see them. A video frame is 40 ms.
"""

import time
from dataclasses import dataclass, field

import numpy as np

from service.casting import choose_voice
from service.engines import speech_engines
from service.models import ModelFolder
from tests.alignment import HELD_OUT, TUNING, boundary_errors
from voiceover.align import align, stretch
from voiceover.types import FPS, Speech

WAYS = {"aligned": align, "stretched evenly": stretch}


@dataclass
class Figures:
    errors: list[float] = field(default_factory=list)
    """Seconds, late is positive."""
    work: float = 0.0
    """CPU seconds."""
    speech: float = 0.0
    """Seconds."""

    def __str__(self) -> str:
        errors = 1000 * np.array(self.errors)
        distances = np.abs(errors)
        beyond = 100 * np.mean(distances > 1000 / FPS)
        return (
            f"{len(errors)} | {distances.mean():.1f} ms | {np.median(distances):.1f} ms | "
            f"{np.percentile(distances, 90):.0f} ms | {beyond:.0f} % | {errors.mean():+.1f} ms | "
            f"{1000 * self.work / self.speech:.0f} ms"
        )


def main() -> None:
    engines = speech_engines(ModelFolder())
    piper, espeak = engines.get("piper"), engines.get("espeak")
    voice = choose_voice(list(piper.voices()), "en-us")
    reader = next(reader for reader in espeak.voices() if reader.id == "espeak:en-us")
    print("| sentences | way | edges | mean | median | 90 % under | over a frame | late | CPU a second |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, sentences in (("chosen by", TUNING), ("held out", HELD_OUT)):
        measured = {way: Figures() for way in WAYS}
        for text in sentences:
            truth, reference = piper.synthesize(text, voice), espeak.synthesize(text, reader)
            for way, figures in measured.items():
                _measure(way, figures, truth, reference)
        for way, figures in measured.items():
            print(f"| {name} ({len(sentences)}) | {way} | {figures} |")


def _measure(way: str, figures: Figures, truth: Speech, reference: Speech) -> None:
    begin = time.process_time()
    phones, _ = WAYS[way](truth.samples, truth.sample_rate, reference)
    figures.work += time.process_time() - begin
    figures.speech += truth.duration
    figures.errors += boundary_errors(phones, truth.sample_rate, truth.phones, truth.sample_rate)


if __name__ == "__main__":
    main()
