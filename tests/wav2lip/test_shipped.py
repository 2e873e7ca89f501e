"""The network that comes with the project really speaks: its mouths are seen through the whole engine."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from service.models import CHECKPOINTS
from tests.wav2lip import mouths
from tts.base import SpeechEngine
from visemes.engine import VisemeEngine
from visemes.motion import mouth_poses
from voiceover.audio import finish
from voiceover.landmarks import LandmarkFinder
from voiceover.types import SAMPLE_RATE, Avatar, Frame, Speech
from wav2lip.checkpoints import find_own
from wav2lip.engine import Wav2LipEngine

TEXT = "My uncle Bob always opens up my big umbrella."
LARGEST_CHECKPOINT = 20 * 2**20  # bytes


@pytest.fixture(scope="module")
def photo() -> Avatar:
    return mouths.subject().avatar


@pytest.fixture(scope="module")
def engine(photo: Avatar) -> Wav2LipEngine:
    checkpoint = find_own(CHECKPOINTS, photo.id)
    assert checkpoint is not None and checkpoint.stat().st_size < LARGEST_CHECKPOINT
    return Wav2LipEngine(checkpoint)


@pytest.fixture(scope="module")
def speech(espeak: SpeechEngine) -> Speech:
    return said(espeak, TEXT)


@pytest.fixture(scope="module")
def frames(engine: Wav2LipEngine, photo: Avatar, speech: Speech) -> list[Frame]:
    return list(engine.frames(photo, speech))


def said(espeak: SpeechEngine, text: str, **adjoining: bool) -> Speech:
    voice = next(voice for voice in espeak.voices() if voice.id == "espeak:en-us+f2")
    return finish(espeak.synthesize(text, voice), 0.5, **adjoining)


def openings(frames: Iterable[Frame]) -> NDArray[np.float64]:
    """Pixels between the lips in each frame, as MediaPipe sees them."""
    with LandmarkFinder() as finder:
        faces = [finder.find(frame)[0] for frame in frames]
    return np.array([float(face[mouths.LOWER_LIP, 1] - face[mouths.UPPER_LIP, 1]) for face in faces])


def test_lips_open_and_close_as_the_phones_want_it(speech: Speech, frames: list[Frame]) -> None:
    poses = mouth_poses(speech)
    speaking = np.array([pose.speaking > 0.99 for pose in poses])
    seen, meant = openings(frames), np.array([pose.opening for pose in poses])
    assert np.corrcoef(seen[speaking], meant[speaking])[0, 1] > 0.7
    closed = np.array([pose.closure > 0.9 for pose in poses])
    wide = meant > np.percentile(meant[speaking], 75)
    assert np.median(seen[closed & speaking]) < 0.5 * np.median(seen[wide & speaking])


def test_the_mouth_moves_with_the_teachers_and_about_as_far(
    photo: Avatar, speech: Speech, frames: list[Frame]
) -> None:
    teacher = np.array([frame.astype(np.float32) for frame in VisemeEngine().frames(photo, speech)])
    pupil = np.array([frame.astype(np.float32) for frame in frames])
    poses = np.array([pose.speaking > 0.99 for pose in mouth_poses(speech)])
    spread = [float(one[poses].std(axis=0).max()) for one in (teacher, pupil)]
    assert 0.5 * spread[0] < spread[1] < 1.5 * spread[0]
    off = np.abs(teacher[poses] - pupil[poses]).mean()
    still = np.abs(teacher[poses] - teacher[poses].mean(axis=0)).mean()
    assert off < 1.5 * still


def test_a_speaking_mouth_is_as_sharp_as_the_photo(photo: Avatar, frames: list[Frame]) -> None:
    where = mouths.lips(mouths.subject())
    wanted = mouths.sharpness(photo.frames[0], where)
    drawn = np.median([mouths.sharpness(frame, where) for frame in frames[10:-15]])
    assert 0.6 * wanted < drawn < 2 * wanted


def test_nothing_moves_where_nothing_is_said(
    engine: Wav2LipEngine, photo: Avatar, frames: list[Frame]
) -> None:
    assert np.array_equal(frames[0], photo.frames[0]) and np.array_equal(frames[-1], photo.frames[0])
    silent = Speech(np.zeros(SAMPLE_RATE, np.float32), SAMPLE_RATE, (), ())
    assert all(np.array_equal(frame, photo.frames[0]) for frame in engine.frames(photo, silent))


def test_adjoining_sentences_join_without_a_step(
    engine: Wav2LipEngine, photo: Avatar, espeak: SpeechEngine
) -> None:
    first = list(engine.frames(photo, said(espeak, "Open it.", continues=True)))
    second = list(engine.frames(photo, said(espeak, "Open it.", follows=True)))
    steps = [float(np.abs(a.astype(int) - b).mean()) for a, b in pairwise([*first, *second])]
    assert steps[len(first) - 1] < max(steps)  # where they join, less than where the mouth opens


def test_the_first_frames_come_before_the_last_are_drawn_and_are_the_same(
    engine: Wav2LipEngine, photo: Avatar, speech: Speech, frames: list[Frame]
) -> None:
    stream = engine.frames(photo, speech)
    begun = [next(stream) for _ in range(12)]
    stream.close()  # type: ignore[attr-defined]  # nobody need hear it to the end
    assert all(np.array_equal(a, b) for a, b in zip(begun, frames, strict=False))


def test_viewers_that_share_batches_see_what_each_would_alone(
    engine: Wav2LipEngine, photo: Avatar, speech: Speech, frames: list[Frame]
) -> None:
    half = replace(speech, samples=speech.samples[: len(speech.samples) // 2 // 9600 * 9600])
    alone = list(engine.frames(photo, half))
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda one: list(engine.frames(photo, one)), [half, speech, half, speech]))
    for shared, wanted in zip(together, [alone, frames] * 2, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(shared, wanted, strict=True))
