"""What can be seen only with trained weights: `make check-weights`, with a checkpoint in `checkpoints/`.

A contact sheet is written to `build/wav2lip.png`, to be looked at: photo, then a frame of every 0.2 s.
"""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from service.engines import lip_engines
from service.models import CHECKPOINTS, ModelFolder
from tests.wav2lip import mouths
from tts.base import SpeechEngine
from voiceover.audio import finish
from voiceover.landmarks import LandmarkFinder
from voiceover.types import FPS, Avatar, Frame, Speech

pytestmark = pytest.mark.weights

SHEET = Path(__file__).parents[2] / "build" / "wav2lip.png"
COLUMNS = 6
UPPER_LIP, LOWER_LIP = 13, 14
TEXT = "Maybe the boss will approve my new business plan. People often stop to photograph the bridge."


@pytest.fixture(scope="module")
def photo() -> Avatar:
    return mouths.subject().avatar


@pytest.fixture(scope="module")
def speech(espeak: SpeechEngine) -> Speech:
    voice = next(voice for voice in espeak.voices() if voice.language == "en-us")
    return finish(espeak.synthesize(TEXT, voice), 0.6)


@pytest.fixture(scope="module")
def frames(photo: Avatar, speech: Speech) -> list[Frame]:
    """Draw with whatever is in the project's folder; without a checkpoint this says how to get one."""
    engine = lip_engines(ModelFolder(CHECKPOINTS)).get("wav2lip")
    return list(engine.frames(photo, speech))


@pytest.fixture(scope="module")
def opening(frames: list[Frame]) -> NDArray[np.float64]:
    """Pixels between the lips in each frame."""
    openings = []
    with LandmarkFinder() as finder:
        for frame in frames:
            (face, *_) = finder.find(frame)
            openings.append(float(face[LOWER_LIP, 1] - face[UPPER_LIP, 1]))
    return np.array(openings)


def test_contact_sheet_is_written(photo: Avatar, frames: list[Frame]) -> None:
    box = mouths.subject().box
    shown = [photo.frames[0], *frames[::5]]
    crops = [frame[box.slices] for frame in shown]
    crops += [np.zeros_like(crops[0])] * (-len(crops) % COLUMNS)
    rows = [np.hstack(crops[start : start + COLUMNS]) for start in range(0, len(crops), COLUMNS)]
    SHEET.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(SHEET), np.vstack(rows))


def test_the_mouth_opens_for_vowels_and_follows_the_sound(
    speech: Speech, opening: NDArray[np.float64]
) -> None:
    loudness = np.sqrt((speech.samples.reshape(len(opening), -1).astype(float) ** 2).mean(axis=1))
    delays = range(-2, 3)  # frames
    best = max(np.corrcoef(opening, np.roll(loudness, delay))[0, 1] for delay in delays)
    assert best > 0.35
    assert np.ptp(opening) > 4


def test_lips_close_for_labials(speech: Speech, opening: NDArray[np.float64]) -> None:
    def around(symbols: str) -> list[float]:
        middles = [
            round((phone.start + phone.stop) / 2 / speech.sample_rate * FPS)
            for phone in speech.phones
            if phone.symbol[:1] and phone.symbol[0] in symbols
        ]
        return [float(opening[max(middle - 2, 0) : middle + 3].min()) for middle in middles]

    assert np.mean(around("mbp")) < np.mean(around("aæɑɔʌe"))


def test_the_clip_begins_and_ends_as_the_photo(photo: Avatar, frames: list[Frame]) -> None:
    assert np.array_equal(frames[0], photo.frames[0]) and np.array_equal(frames[-1], photo.frames[0])
