"""How well the lips say what is heard: MediaPipe reads the mouth back from rendered frames.

    python -m benchmarks.lipsync [PICTURE …] [--voices espeak:ru+f2 …] [--lips visemes]

The default avatar is measured, and any pictures named. The sentences are held out: nothing in
`visemes` was tuned on them. Head motion and blinking are left out, so that only the lips count.
MediaPipe also supplied the landmarks that the rig was built from, so it is not a wholly
independent judge; what it cannot know is the phones.
"""

import argparse
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from service.casting import voice_by_id
from service.engines import lip_engines, speech_engines
from service.models import ModelFolder
from visemes import facemesh
from visemes.motion import LEAD, MouthPose, mouth_poses
from visemes.mouthframe import mouth_frame
from visemes.table import Seal, articulations
from voiceover.audio import finish
from voiceover.avatars import DEFAULT_AVATAR, astronaut, portrait
from voiceover.landmarks import LandmarkFinder
from voiceover.lips import LipEngine
from voiceover.types import FPS, Avatar, Frame, Landmarks, Speech

CLOSED = 1.5  # mm between the lips below which a mouth counts as closed
PAUSE = 0.35  # s of silence after each sentence
VOICES = ("espeak:ru+f2", "espeak:en-us+f2")
LAG_STEP = 0.005  # s
MAX_LAG = 0.3  # s

Track = NDArray[np.float64]

SENTENCES = {
    "ru": (
        "Маленький Павел помог бабушке собрать белые грибы в большом бору.",
        "Почему пароход опять пришёл к причалу после обеда?",
        "Мы купили новую мебель, а потом поменяли обои в спальне.",
        "Завтра утром будет тепло, но вечером обещают туман и мокрый снег.",
        "Фёдор вышел во двор и увидел у ворот рыжую лошадь.",
        "Сколько стоит билет до Владивостока на первое июня?",
        "Шумный дождь шуршал по крыше, и кошка уснула у окна.",
        "Пожалуйста, запомните мой номер и позвоните мне в субботу.",
        "Юный художник рисует море, облака и пять парусов.",
    ),
    "en-us": (
        "Maybe the boss will approve my new business plan by Monday.",
        "A purple umbrella was left beside the museum steps.",
        "Please remember to bring both maps and a warm blanket.",
        "Five very fine violins were played in the village hall.",
        "She should wash the fresh cherries before she cooks them.",
        "How much would you pay for a pair of blue boots?",
        "The whole room grew quiet when our team won the cup.",
        "People often stop to photograph the beautiful bridge at noon.",
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One spoken sentence: what was meant and what was seen, a value a frame."""

    speech: Speech
    poses: list[MouthPose]
    opening: Track
    """mm between the lips"""
    width: Track
    """mm between the corners"""
    rest_opening: float
    """mm between the lips in the photo"""

    @property
    def intended_opening(self) -> Track:
        """mm, from closed lips; means nothing at rest, where the photo may smile."""
        return np.array([pose.opening for pose in self.poses])

    @property
    def intended_width(self) -> Track:
        """mm, from the width of the speaking posture; means nothing at rest."""
        return np.array([2 * pose.width for pose in self.poses])

    @property
    def speaking(self) -> NDArray[np.bool_]:
        """Frames in which the face has its speaking posture in full."""
        return np.array([pose.speaking > 0.99 for pose in self.poses])

    @property
    def loudness(self) -> Track:
        """Root of the mean square of each frame's sound."""
        samples = self.speech.samples.reshape(len(self.poses), -1).astype(np.float64)
        return np.asarray(np.sqrt((samples**2).mean(axis=1)))


@dataclass(frozen=True, slots=True)
class Score:
    """What is printed for one face and language."""

    opening_correlation: float
    opening_slope: float
    width_correlation: float
    bilabials: int
    bilabials_closed: float
    others_closed: float
    vowels_open: float
    silence_motion: float
    """mm, largest departure from the photo's own opening while nothing is said"""
    late_for_intent: float
    """ms, positive: the picture is late"""
    late_for_sound: float
    cpu: float
    """ms a frame"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure lip sync on rendered frames.")
    parser.add_argument(
        "pictures", nargs="*", type=Path, help="portraits to measure beside the default avatar"
    )
    parser.add_argument("--voices", nargs="+", default=VOICES, help="ids; espeak's with any variant")
    parser.add_argument("--lips", default="visemes", choices=lip_engines(ModelFolder()).names())
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    cv2.setNumThreads(1)
    avatars = [portrait(DEFAULT_AVATAR, DEFAULT_AVATAR, astronaut()), *map(_avatar, arguments.pictures)]
    speeches = {voice: list(said(voice)) for voice in arguments.voices}
    engine = lip_engines(ModelFolder()).get(arguments.lips)
    _print_heading()
    with LandmarkFinder() as finder:
        for avatar in avatars:
            for voice, spoken in speeches.items():
                _print_score(avatar.name, voice, measure(avatar, spoken, finder, engine))


def measure(avatar: Avatar, speeches: Iterable[Speech], finder: LandmarkFinder, engine: LipEngine) -> Score:
    """Render the speeches on an avatar and compare what is seen with what is said."""
    engine.prepare(avatar)
    cpu: list[float] = []
    readings = [read(avatar, engine, speech, finder, cpu) for speech in speeches]
    speaking = np.concatenate([reading.speaking for reading in readings])
    opening = np.concatenate([reading.opening for reading in readings])[speaking]
    width = np.concatenate([reading.width for reading in readings])[speaking]
    meant_opening = np.concatenate([reading.intended_opening for reading in readings])[speaking]
    meant_width = np.concatenate([reading.intended_width for reading in readings])[speaking]
    bilabial, vowel, other = _openings_by_kind(readings)
    return Score(
        opening_correlation=float(np.corrcoef(opening, meant_opening)[0, 1]),
        opening_slope=float(np.polyfit(meant_opening, opening, 1)[0]),
        width_correlation=float(np.corrcoef(width, meant_width)[0, 1]),
        bilabials=len(bilabial),
        bilabials_closed=float(np.mean(np.array(bilabial) < CLOSED)),
        others_closed=float(np.mean(np.array(vowel + other) < CLOSED)),
        vowels_open=float(np.mean(np.array(vowel) >= CLOSED)),
        silence_motion=max(_silence_motion(reading) for reading in readings),
        late_for_intent=_lateness([(reading.opening, reading.intended_opening) for reading in readings]),
        late_for_sound=_lateness([(reading.opening, reading.loudness) for reading in readings]),
        cpu=float(np.median(cpu)),
    )


def _avatar(path: Path) -> Avatar:
    picture = cv2.imread(str(path))
    if picture is None:
        raise SystemExit(f"cannot read {path}")
    return portrait(path.stem, path.stem, np.asarray(picture, np.uint8))


def said(voice_id: str) -> Iterator[Speech]:
    """Speak the sentences of a voice's language; a variant is one of the voice before the "+"."""
    engine = speech_engines(ModelFolder()).get(voice_id.partition(":")[0])
    known = voice_by_id(list(engine.voices()), voice_id.partition("+")[0])
    for sentence in SENTENCES[known.language]:
        yield finish(engine.synthesize(sentence, replace(known, id=voice_id)), PAUSE)


def read(
    avatar: Avatar, engine: LipEngine, speech: Speech, finder: LandmarkFinder, cpu: list[float]
) -> Reading:
    """Render one speech and read the mouth in every frame; CPU times in ms are added to `cpu`."""
    face = avatar.faces[0]
    assert face is not None
    openings, widths = [], []
    frames = engine.frames(avatar, speech)
    started = time.process_time()
    for frame in frames:
        cpu.append(1000 * (time.process_time() - started))
        opening, width = opening_and_width(finder, frame, face)
        openings.append(opening)
        widths.append(width)
        started = time.process_time()
    at_rest, _ = opening_and_width(finder, avatar.frames[0], face)
    return Reading(speech, mouth_poses(speech), np.array(openings), np.array(widths), at_rest)


def opening_and_width(
    finder: LandmarkFinder, frame: Frame, face: Landmarks | None = None
) -> tuple[float, float]:
    """Return opening and width of the mouth in a picture, mm; nan where no face is found.

    Args:
        face: that tells the scale, by default the one that is found.
    """
    found = finder.find(frame)
    if not found:
        return float("nan"), float("nan")
    points = mouth_frame(found[0] if face is None else face).to_mm(found[0][:, :2])
    opening = points[facemesh.LOWER_LIP, 1] - points[facemesh.UPPER_LIP, 1]
    width = np.linalg.norm(points[facemesh.RIGHT_CORNER] - points[facemesh.LEFT_CORNER])
    return max(float(opening), 0.0), float(width)


def _openings_by_kind(readings: Sequence[Reading]) -> tuple[list[float], list[float], list[float]]:
    """Return the openings at the middle frames of bilabials, vowels and other phones."""
    bilabials: list[float] = []
    vowels: list[float] = []
    others: list[float] = []
    for reading in readings:
        for phone in reading.speech.phones:
            if not phone.symbol:
                continue
            target = articulations(phone.symbol)[0].target
            middle = (phone.start + phone.stop) / 2 / reading.speech.sample_rate
            frame = min(max(round((middle - LEAD) * FPS), 0), len(reading.opening) - 1)
            kind = bilabials if target.seal is Seal.LIPS else vowels if target.vowel else others
            kind.append(float(reading.opening[frame]))
    return bilabials, vowels, others


def _silence_motion(reading: Reading) -> float:
    resting = [index for index, pose in enumerate(reading.poses) if pose.at_rest]
    return float(np.abs(reading.opening[resting] - reading.rest_opening).max())


def _lateness(pairs: Sequence[tuple[Track, Track]]) -> float:
    """Return by how many ms the first of each pair lags the second: the lag of the greatest correlation."""
    lags = np.arange(-MAX_LAG, MAX_LAG + LAG_STEP / 2, LAG_STEP)
    scores = []
    for lag in lags:
        seen, heard = [], []
        for picture, reference in pairs:
            times = np.arange(len(picture)) / FPS
            inside = (times - lag >= 0) & (times - lag <= times[-1])
            seen.append(picture[inside])
            heard.append(np.interp(times[inside] - lag, times, reference))
        scores.append(np.corrcoef(np.concatenate(seen), np.concatenate(heard))[0, 1])
    return float(1000 * lags[int(np.argmax(scores))])


def _print_heading() -> None:
    print(
        f"{'face':<20} {'voice':<24} {'opening':>8} {'slope':>6} {'width':>6} {'m/b/p':>6} {'closed':>7} "
        f"{'others':>7} {'vowels':>7} {'silence':>8} {'late for':>9} {'late for':>9} {'CPU':>6}"
    )
    print(
        f"{'':<20} {'':<24} {'corr.':>8} {'':>6} {'corr.':>6} {'count':>6} {'at mid':>7} "
        f"{'closed':>7} {'open':>7} {'mm':>8} {'intent ms':>9} {'sound ms':>9} {'ms':>6}"
    )


def _print_score(name: str, voice: str, score: Score) -> None:
    print(
        f"{name[:20]:<20} {voice[:24]:<24} {score.opening_correlation:>8.3f} {score.opening_slope:>6.2f} "
        f"{score.width_correlation:>6.3f} {score.bilabials:>6} {score.bilabials_closed:>7.2f} "
        f"{score.others_closed:>7.2f} {score.vowels_open:>7.2f} {score.silence_motion:>8.2f} "
        f"{score.late_for_intent:>9.0f} {score.late_for_sound:>9.0f} {score.cpu:>6.2f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
