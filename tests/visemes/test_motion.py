"""Phones → poses of the mouth."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visemes.motion import LEAD, MouthPose, mouth_poses
from voiceover.types import FPS, SAMPLE_RATE, Phone, Speech

Timed = tuple[str, float]  # symbol, seconds
LEAD_IN, PAUSE = 0.1, 0.3  # s


def speech(*timed: Timed, before: float = LEAD_IN, after: float = PAUSE, level: float = 0.3) -> Speech:
    """Speech with phones of the given lengths, one after the other."""
    edges = before + np.concatenate([[0.0], np.cumsum([length for _, length in timed])])
    frames = int(np.ceil((edges[-1] + after) * FPS))
    samples = np.full(frames * SAMPLE_RATE // FPS, level, np.float32)
    positions = [round(edge * SAMPLE_RATE) for edge in edges]
    phones = [Phone(symbol, *span) for (symbol, _), span in zip(timed, pairwise(positions), strict=True)]
    return Speech(samples, SAMPLE_RATE, tuple(phones), ())


def frame_of(spoken: Speech, index: int) -> int:
    """The frame that shows the middle of a phone."""
    phone = spoken.phones[index]
    return round(((phone.start + phone.stop) / 2 / SAMPLE_RATE - LEAD) * FPS)


def pose_at(spoken: Speech, index: int) -> MouthPose:
    return mouth_poses(spoken)[frame_of(spoken, index)]


def openings(spoken: Speech) -> list[float]:
    return [pose.opening for pose in mouth_poses(spoken)]


MAMA: Sequence[Timed] = (("m", 0.08), ("a", 0.12), ("m", 0.08), ("a", 0.14))


def test_a_pose_for_each_frame_and_rest_at_both_ends() -> None:
    spoken = speech(*MAMA)
    poses = mouth_poses(spoken)
    assert len(poses) == spoken.frames
    assert poses[0].at_rest
    assert poses[-1].at_rest


@pytest.mark.parametrize("symbol", ["m", "f", "a", "u"])
def test_clips_end_at_rest_even_without_silence(symbol: str) -> None:
    poses = mouth_poses(speech((symbol, 0.4), before=0, after=0))
    assert poses[0].at_rest
    assert poses[-1].at_rest


@pytest.mark.parametrize("timed", [(), (("", 0.5),), (("_", 0.3), ("", 0.2))])
def test_silence_is_rest(timed: Sequence[Timed]) -> None:
    poses = mouth_poses(speech(*timed, after=1.0))
    assert poses
    assert all(pose.at_rest for pose in poses)


def test_no_sound_at_all_has_no_frames() -> None:
    assert mouth_poses(Speech(np.zeros(0, np.float32), SAMPLE_RATE, (), ())) == []


@pytest.mark.parametrize("length", [0.015, 0.03, 0.05, 0.08, 0.15])
@pytest.mark.parametrize("symbol", ["m", "b", "pʲ"])
def test_lips_are_shut_in_the_middle_of_a_bilabial(symbol: str, length: float) -> None:
    spoken = speech(("a", 0.1), (symbol, length), ("a", 0.1))
    assert pose_at(spoken, 1).closure == 1.0


@pytest.mark.parametrize("symbol", ["f", "vʲ"])
def test_lip_is_on_the_teeth_in_the_middle_of_a_labiodental(symbol: str) -> None:
    spoken = speech(("a", 0.12), (symbol, 0.09), ("a", 0.12))
    pose = pose_at(spoken, 1)
    assert pose.labiodental == 1.0
    assert pose.closure == 0.0


def test_vowels_between_bilabials_are_open() -> None:
    spoken = speech(*MAMA)
    for index in (1, 3):
        assert pose_at(spoken, index).opening > 3.0


def test_nothing_pops_open_after_f() -> None:
    spoken = speech(("f", 0.1), ("a", 0.2), ("f", 0.1), ("a", 0.2))
    steps = np.diff(openings(spoken))
    assert np.abs(steps).max() < 0.6 * max(openings(spoken))


def test_the_mouth_is_ahead_of_the_sound() -> None:
    spoken = speech(("a", 0.2), before=0.4, after=0.4)
    tracks = np.array(openings(spoken))
    times = np.arange(len(tracks)) / FPS
    centre = float((tracks * times).sum() / tracks.sum())
    assert centre == pytest.approx(0.5 - LEAD, abs=0.01)


def test_lips_round_before_they_must() -> None:
    spoken = speech(("t", 0.08), ("t", 0.08), ("u", 0.15))
    without = speech(("t", 0.08), ("t", 0.08), ("i", 0.15))
    assert pose_at(spoken, 1).rounding > 0.25
    assert pose_at(spoken, 1).width < -1.0 < 0.0 < pose_at(without, 1).width


def test_short_and_soft_vowels_undershoot() -> None:
    long, short = speech(("t", 0.1), ("a", 0.18)), speech(("t", 0.1), ("a", 0.05))
    assert max(openings(short)) < max(openings(long))
    loud = speech(("a", 0.15), ("t", 0.1), ("a", 0.15))
    fading = Speech(loud.samples.copy(), SAMPLE_RATE, loud.phones, ())
    fading.samples[loud.phones[2].start :] *= 0.2
    assert pose_at(fading, 2).jaw < 0.9 * pose_at(loud, 2).jaw
    assert pose_at(fading, 0).jaw == pytest.approx(pose_at(loud, 0).jaw, rel=0.05)


def test_a_smile_does_not_flash_between_words() -> None:
    spoken = speech(*MAMA, ("", 0.4), *MAMA)
    first, last = frame_of(spoken, 0), frame_of(spoken, len(spoken.phones) - 1)
    assert all(pose.speaking > 0.999 for pose in mouth_poses(spoken)[first : last + 1])


def test_the_photo_comes_back_in_a_long_pause() -> None:
    spoken = speech(*MAMA, ("", 1.6), *MAMA)
    assert pose_at(spoken, len(MAMA)).at_rest


@pytest.mark.parametrize(("follows", "continues"), [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("symbol", ["m", "f", "a", "u"])
def test_adjoining_clips_meet_in_the_speaking_posture(symbol: str, follows: bool, continues: bool) -> None:
    poses = mouth_poses(replace(speech((symbol, 0.2)), follows=follows, continues=continues))
    assert poses[0] == MouthPose(speaking=float(follows))
    assert poses[-1] == MouthPose(speaking=float(continues))
    heard = len(poses) // 3
    if follows:
        assert all(pose.speaking == 1.0 for pose in poses[:heard])
    if continues:
        assert all(pose.speaking == 1.0 for pose in poses[-heard:])


def test_the_speaking_posture_comes_and_goes_once() -> None:
    posture = [pose.speaking for pose in mouth_poses(speech(("f", 0.1), *MAMA))]
    peak = int(np.argmax(posture))
    assert posture[:peak] == sorted(posture[:peak])
    assert posture[peak:] == sorted(posture[peak:], reverse=True)


def test_the_mouth_is_closed_in_a_pause() -> None:
    spoken = speech(("a", 0.15), ("", 0.4), ("a", 0.15))
    assert pose_at(spoken, 1).opening < 0.2


def test_a_lone_diacritic_belongs_to_the_phone_before() -> None:
    apart, together = speech(("t", 0.06), ("ʲ", 0.02), ("a", 0.1)), speech(("tʲ", 0.08), ("a", 0.1))
    assert np.allclose(mouth_poses(apart), mouth_poses(together), atol=1e-6)


def test_palatalised_consonants_spread_the_lips() -> None:
    hard, soft = speech(("n", 0.1), ("a", 0.1)), speech(("nʲ", 0.1), ("a", 0.1))
    assert pose_at(soft, 0).width > pose_at(hard, 0).width


def test_equal_speech_equal_motion() -> None:
    assert mouth_poses(speech(*MAMA)) == mouth_poses(speech(*MAMA))


def test_phones_are_read_at_the_sounds_own_rate() -> None:
    spoken = speech(*MAMA)
    half = tuple(Phone(phone.symbol, phone.start // 2, phone.stop // 2) for phone in spoken.phones)
    slow = Speech(spoken.samples[::2].copy(), SAMPLE_RATE // 2, half, ())
    assert np.allclose(mouth_poses(slow), mouth_poses(spoken), atol=0.02)


PHONES = st.tuples(st.sampled_from(["a", "m", "f", "ʲ", "", "tʃ", "oʊ", "☃"]), st.integers(0, 9000))


@settings(max_examples=25)
@given(st.lists(PHONES, max_size=12), st.integers(-3000, 3000), st.integers(0, 40))
def test_any_times_give_finite_poses_within_their_ranges(
    timed: list[tuple[str, int]], overlap: int, frames: int
) -> None:
    """Zero-length, overlapping and overrunning phones come from voices and alignment."""
    phones, position = [], 0
    for symbol, length in timed:
        start = max(0, position + overlap)
        phones.append(Phone(symbol, start, start + length))
        position = start + length
    samples = np.zeros(frames * SAMPLE_RATE // FPS, np.float32)
    poses = mouth_poses(Speech(samples, SAMPLE_RATE, tuple(phones), ()))
    assert len(poses) == frames
    if frames:
        track = np.array(poses)
        assert np.isfinite(track).all()
        shares = track[:, MouthPose._fields.index("rounding") :]
        assert shares.min() >= -1e-9
        assert shares.max() <= 1 + 1e-9
        assert poses[0].at_rest
        assert poses[-1].at_rest
