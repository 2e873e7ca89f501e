"""How lips that read sound move with recordings of people: `python -m benchmarks.recordings FILE …`

Nobody knows the phones there. Where a file shows who speaks, MediaPipe reads that mouth, too: good lips move
as it did. Beside that stands how far each follows the loudness of the voice; people's mouths do in part.
"""

import argparse
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import ffmpeg
import numpy as np
from numpy.typing import NDArray

from benchmarks.lipsync import VOICES, Track, opening_and_width, read, said
from service.engines import lip_engines
from service.models import ModelFolder
from voiceover.audio import evened
from voiceover.avatars import DEFAULT_AVATAR, astronaut, portrait
from voiceover.landmarks import LandmarkFinder
from voiceover.types import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Frame, Speech
from voiceover.video.process import program
from wav2lip.silence import heard_spans, rest_gate

SMOOTHED = 3  # frames over which mouths and loudness are averaged
LOUDNESS_EXPONENT = 0.6  # of sound pressure: Stevens, "The measurement of loudness", 1955
EXTREMES = [5, 95]  # percentiles between which a mouth is said to swing
SIDE = 600  # pixels of a recording's height: MediaPipe reads mouths of small ones badly


@dataclass(frozen=True, slots=True, eq=False)
class Mouth:
    """What one did while somebody spoke."""

    opening: Track
    """mm between the lips, a value a frame, smoothed; nan where no face was found"""
    loudness: Track
    """as people hear it, smoothed"""

    @property
    def following(self) -> float:
        """Correlation of the opening with the loudness."""
        return _correlation(self.opening, self.loudness)

    @property
    def swing(self) -> float:
        """Between what openings it moves, mm, leaving out the extremes."""
        return float(np.subtract(*np.nanpercentile(self.opening, EXTREMES[::-1])))


def main() -> None:
    """Measure and print."""
    lips = lip_engines(ModelFolder())
    parser = argparse.ArgumentParser(description="Measure how lips move with recordings of people.")
    parser.add_argument("recordings", nargs="+", type=Path, help="with or without picture")
    parser.add_argument("--lips", default="wav2lip", choices=lips.names())
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    avatar = portrait(DEFAULT_AVATAR, DEFAULT_AVATAR, astronaut())
    visemes, engine = lips.get("visemes"), lips.get(arguments.lips)
    with LandmarkFinder() as finder:
        readings = [read(avatar, visemes, speech, finder, []) for speech in said(VOICES[1])]
        rig = [_mouth(reading.opening, reading.speech) for reading in readings]
        print(f"{'':<34} {'as the speaker':>14} {'as the loudness':>15} {'speaker so':>10} {'swing':>6}")
        rigs_own = float(np.mean([mouth.following for mouth in rig]))
        swing = float(np.mean([mouth.swing for mouth in rig]))
        print(f"{'(the rig, sentences of its own)':<34} {'':>14} {rigs_own:>15.2f} {'':>10} {1:>6.2f}")
        for path in arguments.recordings:
            speech = _sound(path)
            drawn = _mouth(read(avatar, engine, speech, finder, []).opening, speech)
            shown = _mouth(np.array(list(_openings(path, finder))), speech)
            print(
                f"{path.name[:34]:<34} {_correlation(drawn.opening, shown.opening):>14.2f}"
                f" {drawn.following:>15.2f} {shown.following:>10.2f} {drawn.swing / swing:>6.2f}",
                flush=True,
            )


def _mouth(opening: Track, speech: Speech) -> Mouth:
    """Return what a mouth did while somebody spoke; frames that a picture lacks were not seen."""
    samples = speech.samples.reshape(speech.frames, -1).astype(np.float64)
    loudness = np.mean(samples**2, axis=1) ** (LOUDNESS_EXPONENT / 2)
    spans = heard_spans(speech.samples, speech.sample_rate)
    heard = rest_gate(speech, spans) > 0.99
    seen = np.full(speech.frames, np.nan)
    seen[: len(opening)] = opening[: speech.frames]
    return Mouth(*(_smoothed(track)[heard] for track in (seen, loudness)))


def _smoothed(track: Track) -> Track:
    return np.convolve(track, np.full(SMOOTHED, 1 / SMOOTHED), "same")


def _correlation(one: Track, other: Track) -> float:
    """Return the correlation over the frames in which both were seen; nan if they are too few."""
    both: NDArray[np.bool_] = np.isfinite(one) & np.isfinite(other)
    return float(np.corrcoef(one[both], other[both])[0, 1]) if both.sum() > 2 else float("nan")


def _sound(path: Path) -> Speech:
    """Return the sound of a file that ffmpeg reads, as speech of which no phone is known."""
    sound, _ = (
        ffmpeg.input(str(path))
        .output("pipe:", format="f32le", ac=1, ar=SAMPLE_RATE)
        .run(cmd=program(), capture_stdout=True, quiet=True)
    )
    samples = evened(np.frombuffer(sound, np.float32))
    return Speech(samples[: len(samples) // SAMPLES_PER_FRAME * SAMPLES_PER_FRAME], SAMPLE_RATE, (), ())


def _openings(path: Path, finder: LandmarkFinder) -> Iterator[float]:
    """Yield how open the speaker's mouth is in each frame, mm if the face were of common size."""
    for picture in _pictures(path):
        yield opening_and_width(finder, picture)[0]


def _pictures(path: Path) -> Iterator[Frame]:
    """Yield the pictures of a file at our rate; none if it has only sound."""
    video = cv2.VideoCapture(str(path))
    try:
        if video.isOpened() and round(video.get(cv2.CAP_PROP_FPS)) != FPS:
            raise SystemExit(f"{path} has not {FPS} frames/s")
        while True:
            there, picture = video.read()
            if not there:
                return
            scale = max(SIDE / picture.shape[0], 1)
            yield np.asarray(cv2.resize(picture, None, fx=scale, fy=scale), np.uint8)
    finally:
        video.release()


if __name__ == "__main__":
    main()
