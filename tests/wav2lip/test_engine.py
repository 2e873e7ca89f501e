"""The engine keeps the promises of `voiceover.lips`, whatever its weights draw."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import pairwise, repeat
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.wav2lip import formula, mouths
from voiceover.errors import FaceNotFound
from voiceover.types import SAMPLE_RATE, SAMPLES_PER_FRAME, Avatar, Frame, Speech
from wav2lip.engine import Wav2LipEngine, hear, one_ahead
from wav2lip.model import Wav2Lip

WIDTH = 1 / 8  # quick, and everything but its picture is as at full width


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoints") / "wav2lip.pth"
    torch.save({"state_dict": formula.weights(Wav2Lip(WIDTH))}, path)
    return path


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> Wav2LipEngine:
    return Wav2LipEngine(checkpoint)


@pytest.fixture(scope="module")
def photo() -> Avatar:
    return mouths.subject().avatar


@pytest.fixture(scope="module")
def film(photo: Avatar) -> Avatar:
    """Eight frames: the portrait wandering to the right, and in the middle without a face."""
    frames = tuple(np.roll(photo.frames[0], 2 * step, axis=1) for step in range(8))
    face = photo.faces[0]
    assert face is not None
    moved = [face + np.array([2 * step, 0, 0], np.float32) for step in range(8)]
    return replace(photo, id="film", digest="film", frames=frames, faces=(*moved[:4], None, *moved[5:]))


def speech(pattern: str, follows: bool = False, continues: bool = False) -> Speech:
    """A voice-like buzz: each letter is 0.2 s, `x` heard, `.` silent."""
    time = np.arange(SAMPLE_RATE // 5) / SAMPLE_RATE
    buzz = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 12)) * 0.1
    sound = np.concatenate([buzz if letter == "x" else np.zeros_like(buzz) for letter in pattern])
    return Speech(sound.astype(np.float32), SAMPLE_RATE, (), (), follows, continues)


def drawn(engine: Wav2LipEngine, avatar: Avatar, said: Speech, start: int = 0) -> list[Frame]:
    return list(engine.frames(avatar, said, start))


def test_every_frame_of_the_speech_comes_out(engine: Wav2LipEngine, photo: Avatar) -> None:
    for pattern in ("x", ".xxxx.", "." * 5):
        said = speech(pattern)
        frames = drawn(engine, photo, said)
        assert len(frames) == said.frames == 5 * len(pattern)
        assert all(frame.shape == photo.frames[0].shape and frame.dtype == np.uint8 for frame in frames)


def test_only_the_lower_face_changes_and_the_photo_is_not_written_to(
    engine: Wav2LipEngine, photo: Avatar
) -> None:
    before = photo.frames[0].copy()
    frames = drawn(engine, photo, speech(".xxx."))
    assert np.array_equal(photo.frames[0], before)
    assert not np.array_equal(frames[10], before)
    changed = np.any([np.any(frame != before, axis=2) for frame in frames], axis=0)
    rows, columns = np.nonzero(changed)
    box = mouths.subject().box
    nose = mouths.subject().face[1, 1]
    assert rows.min() > nose - 0.03 * box.size[1] and rows.max() < box.bottom
    assert columns.min() > box.left and columns.max() < box.right


def test_equal_requests_give_equal_pictures(engine: Wav2LipEngine, photo: Avatar) -> None:
    said = speech(".xx.")
    for one, other in zip(drawn(engine, photo, said), drawn(engine, photo, said), strict=True):
        assert np.array_equal(one, other)


def test_the_mouth_rests_in_silence(engine: Wav2LipEngine, photo: Avatar) -> None:
    frames = drawn(engine, photo, speech("xx.....xx"))
    rest = photo.frames[0]
    assert np.array_equal(frames[0], rest) and np.array_equal(frames[-1], rest)
    assert all(np.array_equal(frame, rest) for frame in frames[18:30])
    assert not np.array_equal(frames[5], rest) and not np.array_equal(frames[40], rest)


def test_a_voice_noise_floor_does_not_move_the_mouth(engine: Wav2LipEngine, photo: Avatar) -> None:
    said = speech("xx..xx", follows=True, continues=True)
    noise = np.random.default_rng(0).normal(0, 3e-4, len(said.samples)).astype(np.float32)
    noisy = replace(said, samples=said.samples + noise)
    windows, _ = hear(noisy)
    assert np.all(windows[12:15] == windows[12])  # only silence in all that these frames see
    frames = drawn(engine, photo, noisy)
    assert not np.array_equal(frames[13], photo.frames[0])  # the pause is short: the face stays in speech
    assert np.abs(frames[13].astype(int) - frames[14]).max() <= 1  # batches round alike but for a level


def test_the_face_eases_into_speech_and_out_of_it(engine: Wav2LipEngine, photo: Avatar) -> None:
    _, gate = hear(speech("..xxxx....."))
    assert gate[0] == 0 and gate[-1] == 0 and gate.max() == 1
    assert np.abs(np.diff(gate)).max() < 0.6
    rising, falling = np.flatnonzero(gate == 1)[[0, -1]]
    assert np.all(np.diff(gate[: rising + 1]) >= 0) and np.all(np.diff(gate[falling:]) <= 0)
    assert 8 <= rising <= 11 and 28 <= falling <= 31  # the speech lasts from frame 10 to frame 30


def test_between_adjoining_speech_the_face_stays_in_its_posture() -> None:
    _, first = hear(speech(".xx.", continues=True))
    _, second = hear(speech(".xx.", follows=True))
    assert first[0] == 0 and first[-1] == 1
    assert second[0] == 1 and second[-1] == 0


def test_at_a_seam_of_resting_chunks_the_picture_is_the_photo(engine: Wav2LipEngine, photo: Avatar) -> None:
    ends = [drawn(engine, photo, speech(pattern))[index] for pattern in ("xx", ".x.") for index in (0, -1)]
    assert all(np.array_equal(end, photo.frames[0]) for end in ends)


def test_a_seam_of_adjoining_chunks_is_no_step(engine: Wav2LipEngine, photo: Avatar) -> None:
    """From chunk to chunk the face changes no more than it does at any beginning of a sound."""
    lead_in = np.zeros(SAMPLE_RATE // 10, np.float32)
    after = speech("xx..", follows=True)
    after = replace(after, samples=np.concatenate((lead_in, after.samples[: -len(lead_in)])))
    first, second = drawn(engine, photo, speech("xx.", continues=True)), drawn(engine, photo, after)
    frames = [*first, *second]
    steps = [float(np.abs(a.astype(int) - b).mean()) for a, b in pairwise(frames)]
    seam = len(first) - 1
    assert steps[seam] > 0  # the sound begins right after it
    assert steps[seam] <= 1.1 * max(steps[seam - 10 : seam])


def test_batches_leave_no_seam(engine: Wav2LipEngine, photo: Avatar) -> None:
    """A steady sound gives a steady picture across all batches, to the rounding of a level."""
    said = speech("x" * 16, follows=True, continues=True)
    steady = replace(said, samples=np.tile(said.samples[: SAMPLES_PER_FRAME * 5], 16))
    frames = drawn(engine, photo, steady)
    changes = [np.abs(a.astype(int) - b).max() for a, b in zip(frames[10:60], frames[15:65], strict=True)]
    assert max(changes) <= 1  # the buzz repeats every five frames, batches of 4, 8, 16 do not


def test_a_film_speaks_on_its_own_frames(engine: Wav2LipEngine, film: Avatar) -> None:
    said = speech("xxxx", follows=True, continues=True)
    frames = drawn(engine, film, said, start=3)
    for number, frame in enumerate(frames):
        index = (3 + number) % 8
        same = np.array_equal(frame, film.frames[index])
        assert same == (index == 4)  # without a face it passes through
        assert np.array_equal(frame[:150], film.frames[index][:150])


def test_without_any_face_there_is_nothing_to_draw_on(engine: Wav2LipEngine, photo: Avatar) -> None:
    faceless = replace(photo, id="wall", digest="wall", faces=(None,))
    with pytest.raises(FaceNotFound, match="wall"):
        engine.prepare(faceless)


def test_a_face_that_is_cut_off_or_tiny_is_left_alone(engine: Wav2LipEngine, photo: Avatar) -> None:
    face = photo.faces[0]
    assert face is not None
    cut = photo.frames[0][: int(face[13, 1]) + 4 & ~1]
    with pytest.raises(FaceNotFound):
        engine.prepare(replace(photo, id="cut", digest="cut", frames=(cut,)))
    small = cv2.resize(photo.frames[0], None, fx=0.1, fy=0.1)
    tiny = replace(photo, id="tiny", digest="tiny", frames=(small,), faces=(face * np.float32(0.1),))
    with pytest.raises(FaceNotFound):
        engine.prepare(tiny)


def test_the_next_piece_is_drawn_while_one_is_pasted() -> None:
    begun = [threading.Event() for _ in range(3)]

    def call(number: int) -> int:
        begun[number].set()
        return number

    with (
        ThreadPoolExecutor() as threads,
        closing(one_ahead(map(partial, repeat(call), range(3)), threads)) as got,
    ):
        assert next(got) == 0
        assert begun[1].wait(10) and not begun[2].is_set()
        assert list(got) == [1, 2]


def test_what_fails_ahead_fails_in_its_place() -> None:
    with ThreadPoolExecutor() as threads:
        got = one_ahead(map(partial, repeat(divmod), (4, 2), (2, 0)), threads)
        assert next(got) == (2, 0)
        with pytest.raises(ZeroDivisionError):
            next(got)
        assert list(one_ahead([], threads)) == []


def test_threads_do_not_disturb_each_other(engine: Wav2LipEngine, photo: Avatar, film: Avatar) -> None:
    said = speech(".xx.")
    alone = [drawn(engine, avatar, said) for avatar in (photo, film)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda avatar: drawn(engine, avatar, said), [photo, film] * 3))
    for number, frames in enumerate(together):
        assert all(np.array_equal(a, b) for a, b in zip(frames, alone[number % 2], strict=True))


def test_speed_and_mode_are_measured(engine: Wav2LipEngine) -> None:
    assert engine.rate > 0
    device, dtype, *_ = engine.mode.split()
    assert device in {"cpu", "cuda", "mps"} and dtype in {"float32", "bfloat16", "float16"}
