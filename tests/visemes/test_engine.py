"""The engine as the rest of the program sees it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from tests.visemes.test_motion import MAMA, speech
from visemes import engine as engine_module
from visemes.engine import VisemeEngine
from voiceover.audio import silence
from voiceover.errors import FaceNotFound
from voiceover.lips import LipEngine
from voiceover.types import Avatar


@pytest.fixture(scope="module")
def engine(smiling: Avatar) -> LipEngine:
    engine = VisemeEngine()
    engine.prepare(smiling)
    return engine


def test_one_picture_for_each_frame(engine: LipEngine, smiling: Avatar) -> None:
    spoken = speech(*MAMA)
    frames = list(engine.frames(smiling, spoken))
    assert len(frames) == spoken.frames
    assert all(frame.shape == smiling.frames[0].shape and frame.dtype == np.uint8 for frame in frames)
    assert np.array_equal(frames[0], smiling.frames[0])
    assert np.array_equal(frames[-1], smiling.frames[0])
    assert len({frame.tobytes() for frame in frames}) > spoken.frames / 2


def test_silence_is_the_photo(engine: LipEngine, smiling: Avatar) -> None:
    assert all(np.array_equal(frame, smiling.frames[0]) for frame in engine.frames(smiling, silence(5)))


def test_threads_get_equal_pictures(engine: LipEngine, smiling: Avatar) -> None:
    spoken = speech(*MAMA)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: list(engine.frames(smiling, spoken)), range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_caller_owns_the_pictures(engine: LipEngine, smiling: Avatar) -> None:
    first = [frame.copy() for frame in engine.frames(smiling, speech(*MAMA))]
    for frame in engine.frames(smiling, speech(*MAMA)):
        frame[:] = 0
    again = engine.frames(smiling, speech(*MAMA))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_an_avatar_without_a_face_is_refused(engine: LipEngine, smiling: Avatar) -> None:
    faceless = replace(smiling, faces=(None,), digest="faceless")
    with pytest.raises(FaceNotFound):
        engine.prepare(faceless)
    with pytest.raises(FaceNotFound):
        engine.frames(faceless, silence(5))


def test_moving_avatars_speak_on_their_own_frames(engine: LipEngine, smiling: Avatar) -> None:
    """Frame i is drawn on the avatar's frame start + i; a frame without a face passes through."""
    photo, face = smiling.frames[0], smiling.faces[0]
    empty = np.full_like(photo, 90)
    moving = replace(smiling, frames=(photo, empty), faces=(face, None), digest="moving")
    spoken = speech(*MAMA)
    frames = list(engine.frames(moving, spoken, start_frame=1))
    still = list(engine.frames(smiling, spoken))
    assert all(np.array_equal(frame, empty) for frame in frames[::2])
    assert face is not None
    x, y = face[[13, 14], :2].mean(axis=0).astype(int)
    lips = slice(y - 30, y + 30), slice(x - 45, x + 45)
    moved = [np.abs(a[lips].astype(int) - photo[lips]).mean() for a in still[1::2]]
    apart = [
        np.abs(a[lips].astype(int) - b[lips]).mean() for a, b in zip(frames[1::2], still[1::2], strict=True)
    ]
    assert max(apart) < max(moved) / 4


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, smiling: Avatar) -> None:
    monkeypatch.setattr(engine_module, "REMEMBERED_FACES", 1)
    engine = VisemeEngine()
    for number in range(2):
        engine.prepare(replace(smiling, digest=f"copy {number}"))
    assert len(engine._faces) == 1
