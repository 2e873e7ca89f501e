"""A still portrait lives, in a loop without a seam, and never shows how it is done."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from voiceover.avatars import astronaut, portrait
from voiceover.eyelids import Eyelid
from voiceover.geometry import pixels_per_mm
from voiceover.glasses import bridge_contrast, wears_glasses
from voiceover.idle import IDLE_FRAMES, IdleMotion, nods
from voiceover.landmarks import LandmarkFinder
from voiceover.sampling import enlarge
from voiceover.sway import Pose, Sway
from voiceover.types import FPS, SAMPLE_RATE, SAMPLES_PER_FRAME, Avatar, Frame, Landmarks, Speech

UPPER_LIDS, LOWER_LIDS, CORNERS = (159, 386), (145, 374), ((33, 133), (362, 263))
STILL = Pose(0, 0, 0, 0, 0)
STRONGEST = (0.035, 0.03, 0.014, 1.6, 1.2)  # more than idle motion reaches


@pytest.fixture(scope="module")
def avatar() -> Avatar:
    return portrait("astronaut", "Eileen Collins", astronaut())


@pytest.fixture(scope="module")
def picture(avatar: Avatar) -> Frame:
    return avatar.frames[0]


@pytest.fixture(scope="module")
def face(avatar: Avatar) -> Landmarks:
    assert avatar.faces[0] is not None
    return avatar.faces[0]


@pytest.fixture(scope="module")
def motion(avatar: Avatar) -> IdleMotion:
    return IdleMotion(avatar)


@pytest.fixture(scope="module")
def loop(motion: IdleMotion, picture: Frame) -> list[Frame]:
    return [motion.apply(picture, index) for index in range(IDLE_FRAMES)]


def difference(first: Frame, second: Frame) -> float:
    return float(cv2.absdiff(first, second).mean())


def lid_gap(landmarks: Landmarks) -> float:
    """Distance between the lids in widths of the eye, the mean of both eyes."""
    return float(
        np.mean(
            [
                np.linalg.norm(landmarks[upper, :2] - landmarks[lower, :2])
                / np.linalg.norm(landmarks[left, :2] - landmarks[right, :2])
                for upper, lower, (left, right) in zip(UPPER_LIDS, LOWER_LIDS, CORNERS, strict=True)
            ]
        )
    )


# ---- the loop ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [0, 1, 137, IDLE_FRAMES - 1])
def test_the_motion_repeats_exactly(motion: IdleMotion, picture: Frame, index: int) -> None:
    first = motion.apply(picture, index)
    assert np.array_equal(first, motion.apply(picture, index + IDLE_FRAMES))
    assert np.array_equal(first, motion.apply(picture, index + 1000 * IDLE_FRAMES))


def test_the_loop_has_no_seam(loop: list[Frame]) -> None:
    steps = [difference(loop[index - 1], loop[index]) for index in range(IDLE_FRAMES)]
    assert steps[0] <= max(steps[1:])
    assert min(steps) > 0, "the picture stood still"


def test_equal_avatars_move_alike_and_others_differently(avatar: Avatar, picture: Frame) -> None:
    again, other = IdleMotion(avatar), IdleMotion(replace(avatar, digest="1" * 64))
    motion = IdleMotion(avatar)
    for index in (0, 50, 399):
        assert np.array_equal(motion.apply(picture, index), again.apply(picture, index))
    assert any(
        difference(motion.apply(picture, index), other.apply(picture, index)) > 0.5 for index in (0, 50)
    )


def test_the_given_frame_is_not_changed(motion: IdleMotion, picture: Frame) -> None:
    frame = picture.copy()
    for index in range(0, IDLE_FRAMES, 7):
        moved = motion.apply(frame, index, nod=0.5)
        assert not np.shares_memory(moved, frame)
    assert np.array_equal(frame, picture)


def test_threads_do_not_disturb_each_other(motion: IdleMotion, picture: Frame, loop: list[Frame]) -> None:
    def wrong(index: int) -> bool:
        return not np.array_equal(motion.apply(picture, index), loop[index])

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(wrong, range(IDLE_FRAMES)))


def test_only_a_photo_with_a_face_moves(avatar: Avatar, picture: Frame) -> None:
    faceless = replace(avatar, faces=(None,))
    video = replace(avatar, frames=(picture, picture), faces=avatar.faces * 2)
    for still in (faceless, video):
        assert np.array_equal(IdleMotion(still).apply(picture, 10, nod=1.0), picture)


# ---- the head ---------------------------------------------------------------------------------------


def test_the_border_never_moves(loop: list[Frame], motion: IdleMotion, picture: Frame) -> None:
    for frame in [*loop[::5], motion.apply(picture, 3, nod=1.0)]:
        for edge in (np.s_[:3], np.s_[-3:], np.s_[:, :3], np.s_[:, -3:]):
            assert np.array_equal(frame[edge], picture[edge])


def test_the_body_stays_where_it_is(loop: list[Frame], picture: Frame, face: Landmarks) -> None:
    shoulders = int(face[152, 1] + 65 * pixels_per_mm(face))
    assert shoulders < 420
    assert all(np.array_equal(frame[shoulders:], picture[shoulders:]) for frame in loop[::5])


def test_the_head_does_move(loop: list[Frame]) -> None:
    with LandmarkFinder() as finder:
        noses = np.array([finder.find(frame)[0][1, :2] for frame in loop[::20]])
    travel = np.ptp(noses, axis=0)
    assert (travel > 2).all()
    assert (travel < 20).all()


def test_a_still_head_is_the_picture_itself(picture: Frame, face: Landmarks) -> None:
    assert np.array_equal(Sway(picture, face).apply(picture, STILL), picture)


def test_the_head_turns_the_way_it_is_told(picture: Frame, face: Landmarks) -> None:
    sway = Sway(picture, face)
    with LandmarkFinder() as finder:
        turned, bowed = (
            finder.find(sway.apply(picture, pose))[0] - face
            for pose in (STILL._replace(turn=0.05), STILL._replace(bow=0.05))
        )
    nose, ears = 1, [234, 454]
    assert turned[nose, 0] > 2.5
    assert turned[nose, 0] > np.abs(turned[ears, 0]).max() + 1, "the nose must move before the ears"
    assert bowed[nose, 1] > 2.5


def test_the_picture_is_nowhere_folded(picture: Frame, face: Landmarks) -> None:
    """Neighbouring places keep their order and, within a few percent, their distance."""
    sway = Sway(picture, face)
    for signs in np.array(np.meshgrid(*[[-1, 1]] * 5)).reshape(5, -1).T:
        pose = Pose(*(signs * np.array(STRONGEST)))
        sources = sway.sources(pose) / 2
        assert np.abs(np.diff(sources[..., 0], axis=1) - 1).max() < 0.25
        assert np.abs(np.diff(sources[..., 1], axis=0) - 1).max() < 0.25


def test_moving_keeps_the_picture_sharp(loop: list[Frame], picture: Frame, face: Landmarks) -> None:
    left, top = face[:, :2].min(axis=0).astype(int)
    right, bottom = face[:, :2].max(axis=0).astype(int)

    def sharpness(frame: Frame) -> float:
        return float(cv2.Laplacian(frame[top:bottom, left:right], cv2.CV_64F).std())

    assert all(0.8 < sharpness(frame) / sharpness(picture) < 1.1 for frame in loop[::10])


def test_what_was_drawn_on_the_face_moves_with_it(
    motion: IdleMotion, picture: Frame, face: Landmarks
) -> None:
    """A drawn-on frame gives what moving a whole new picture gives."""
    drawn = picture.copy()
    mouth = tuple(int(value) for value in face[13, :2])
    cv2.circle(drawn, mouth, 12, (20, 20, 90), -1)
    pose = Pose(0.02, 0.01, 0.005, 1, 1)
    assert np.array_equal(Sway(picture, face).apply(drawn, pose), Sway(drawn, face).apply(drawn, pose))


def test_enlarging_keeps_the_pixels(picture: Frame) -> None:
    large = enlarge(picture)
    assert large.shape == (2 * picture.shape[0], 2 * picture.shape[1], 3)
    assert np.array_equal(large[::2, ::2], picture)
    ramp = np.repeat(np.arange(0, 200, 4, dtype=np.uint8)[None, :, None], 20, axis=0).repeat(3, axis=2)
    assert np.array_equal(enlarge(ramp)[10, 8:80, 0], np.arange(16, 160, 2))


@pytest.mark.parametrize(
    ("size", "left", "top", "zoom"),
    [
        ((64, 64), 0, 0, 0.125),
        ((130, 98), 10, 5, 0.19),
        ((1024, 1024), 0, 0, 2),
        ((300, 512), -160, 0, 1),
        ((512, 300), 0, -110, 1),
    ],
)
def test_pictures_of_any_size_move(
    avatar: Avatar, picture: Frame, face: Landmarks, size: tuple[int, int], left: int, top: int, zoom: float
) -> None:
    """Small, large, and with part of the face outside."""
    place = np.array([[zoom, 0, left], [0, zoom, top]], np.float64)
    scene = np.asarray(cv2.warpAffine(picture, place, size, borderMode=cv2.BORDER_REFLECT), np.uint8)
    landmarks = (face * zoom + np.array([left, top, 0])).astype(np.float32)
    motion = IdleMotion(replace(avatar, frames=(scene,), faces=(landmarks,)))
    moved = [motion.apply(scene, index, nod=1.0) for index in range(0, IDLE_FRAMES, 4)]
    assert all(frame.shape == scene.shape for frame in moved)
    assert any(difference(frame, scene) > 0 for frame in moved)
    assert all(np.array_equal(frame[:, 0], scene[:, 0]) for frame in moved)


# ---- the eyes ---------------------------------------------------------------------------------------


def test_a_blink_closes_the_eyes(loop: list[Frame], motion: IdleMotion) -> None:
    closures = np.array([motion.closure(index) for index in range(IDLE_FRAMES)])
    with LandmarkFinder() as finder:
        closed = [lid_gap(finder.find(loop[index])[0]) for index in np.flatnonzero(closures > 0.95)[:4]]
        opened = [lid_gap(finder.find(loop[index])[0]) for index in np.flatnonzero(closures == 0)[::60]]
    assert closed
    assert max(closed) < 0.5 * min(opened)


@pytest.mark.parametrize("seed", ["0", "7", "a", "f"])
def test_blinks_come_as_people_s_do(avatar: Avatar, seed: str) -> None:
    motion = IdleMotion(replace(avatar, digest=seed * 64))
    closures = np.array([motion.closure(index) for index in range(IDLE_FRAMES)])
    begins = np.flatnonzero((closures > 0) & (np.roll(closures, 1) == 0))
    gaps = np.diff([*begins, begins[0] + IDLE_FRAMES]) / FPS
    assert 3 <= len(begins) <= 10
    assert gaps.max() < 7, "also across the end of the loop"
    assert closures.max() > 0.9
    assert 0.03 < (closures > 0).mean() < 0.25


@pytest.mark.parametrize("degrees", [-25, 0, 25])
def test_lids_close_on_tilted_heads(picture: Frame, degrees: float) -> None:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    tilted = np.asarray(
        cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8
    )
    with LandmarkFinder() as finder:
        face = finder.find(tilted)[0]
        closed = tilted.copy()
        for eye in (0, 1):
            Eyelid(tilted, face, eye).layer(1.0).draw(closed)
        assert lid_gap(finder.find(closed)[0]) < 0.5 * lid_gap(face)


def test_a_lid_closes_step_by_step(picture: Frame, face: Landmarks) -> None:
    changes = []
    for closure in np.linspace(0, 1, 9):
        frame = picture.copy()
        Eyelid(picture, face, 0).layer(float(closure)).draw(frame)
        changes.append(difference(frame, picture))
    assert changes[0] == 0
    assert all(before < after for before, after in pairwise(changes))


def test_a_closed_lid_is_skin_and_not_liner(picture: Frame, face: Landmarks) -> None:
    closed = picture.copy()
    for eye in (0, 1):
        Eyelid(picture, face, eye).layer(1.0).draw(closed)
    cheek = float(closed[int(face[118, 1]), int(face[118, 0])].mean())
    for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True):
        x, y = (face[upper, :2] + face[lower, :2]) / 2
        lid = closed[int(y) - 4 : int(y), int(x) - 3 : int(x) + 4]
        assert float(lid.mean()) > 0.7 * cheek
        assert float(lid.std(axis=(0, 1)).max()) < 25


def test_lids_change_nothing_but_the_eyes(picture: Frame, face: Landmarks) -> None:
    closed = picture.copy()
    for eye in (0, 1):
        Eyelid(picture, face, eye).layer(1.0).draw(closed)
    changed = np.argwhere(cv2.absdiff(closed, picture).max(axis=2) > 0)
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    margin = 8 * pixels_per_mm(face)
    assert left > face[33, 0] - margin
    assert right < face[263, 0] + margin
    assert bottom < face[[145, 374], 1].max() + margin
    assert top > face[[52, 282], 1].min() - margin


def test_nobody_winks(avatar: Avatar, face: Landmarks) -> None:
    """With one eye shut in the picture, the other stays open."""
    shut = face.copy()
    shut[[7, 163, 144, 145, 153, 154, 155]] = face[[246, 161, 160, 159, 158, 157, 173]]
    motion = IdleMotion(replace(avatar, faces=(shut,)))
    assert all(motion.closure(index) == 0 for index in range(IDLE_FRAMES))


def with_glasses(picture: Frame, face: Landmarks, colour: tuple[int, int, int], thickness: int) -> Frame:
    worn = picture.copy()
    scale = pixels_per_mm(face)
    centres = [face[list(corners), :2].mean(axis=0) + np.array([0, 3 * scale]) for corners in CORNERS]
    for centre in centres:
        axes = (int(24 * scale), int(18 * scale))
        cv2.ellipse(worn, centre.astype(int).tolist(), axes, 0, 0, 360, colour, thickness, cv2.LINE_AA)
    middle = (centres[0] + centres[1]) / 2
    axes = (int((centres[1][0] - centres[0][0]) / 2 - 23 * scale), int(4 * scale))
    cv2.ellipse(worn, middle.astype(int).tolist(), axes, 0, 180, 360, colour, thickness, cv2.LINE_AA)
    return worn


@pytest.mark.parametrize(("colour", "thickness"), [((60, 60, 60), 1), ((40, 60, 90), 3), ((20, 20, 20), 5)])
def test_eyes_behind_glasses_stay_open(
    avatar: Avatar, picture: Frame, face: Landmarks, colour: tuple[int, int, int], thickness: int
) -> None:
    worn = with_glasses(picture, face, colour, thickness)
    with LandmarkFinder() as finder:
        found = finder.find(worn)[0]
    assert wears_glasses(worn, found)
    motion = IdleMotion(replace(avatar, frames=(worn,), faces=(found,)))
    assert all(motion.closure(index) == 0 for index in range(IDLE_FRAMES))


@pytest.mark.parametrize("gamma", [0.6, 1.0, 1.6])
def test_a_bare_nose_wears_no_glasses(picture: Frame, face: Landmarks, gamma: float) -> None:
    shaded = np.rint(255 * (picture / 255.0) ** gamma).astype(np.uint8)
    assert bridge_contrast(shaded, face) < 0.03


# ---- nods -------------------------------------------------------------------------------------------


def speech(loudness: NDArray[np.float64]) -> Speech:
    """A tone of so much loudness in each frame."""
    envelope = np.repeat(loudness, SAMPLES_PER_FRAME)
    tone = np.sin(np.arange(len(envelope)) * 2 * np.pi * 150 / SAMPLE_RATE)
    return Speech((envelope * tone).astype(np.float32), SAMPLE_RATE, (), ())


def test_nods_begin_and_end_at_rest() -> None:
    random = np.random.default_rng(5)
    for frames in (3, 4, 10, 60, 250):
        bow = nods(speech(random.uniform(0, 0.5, frames)))
        assert bow.shape == (frames,)
        assert bow.dtype == np.float32
        assert bow[0] == 0
        assert bow[-1] == 0
        assert bow.min() >= 0
        assert bow.max() <= 1


def test_nods_are_smooth() -> None:
    loudness = np.random.default_rng(6).uniform(0, 0.5, 250)
    assert np.abs(np.diff(nods(speech(loudness)))).max() < 0.2


def test_the_head_dips_on_the_stressed_word() -> None:
    loudness = np.full(100, 0.1)
    loudness[48:54] = 0.4
    bow = nods(speech(loudness))
    assert 46 <= int(bow.argmax()) <= 56
    assert bow.max() > 0.5
    assert bow[20] < 0.1
    assert bow[80] < 0.1


def test_silence_does_not_nod() -> None:
    for frames in (0, 1, 2, 50):
        assert np.array_equal(nods(speech(np.zeros(frames))), np.zeros(frames, np.float32))


def test_nods_need_not_know_the_sample_rate() -> None:
    random = np.random.default_rng(8)
    original = speech(random.uniform(0, 0.5, 100))
    thinned = Speech(original.samples[::2].copy(), SAMPLE_RATE // 2, (), ())
    assert np.abs(nods(original) - nods(thinned)).max() < 0.02


def test_a_nod_lowers_the_chin(motion: IdleMotion, picture: Frame) -> None:
    with LandmarkFinder() as finder:
        rest, bowed = (finder.find(motion.apply(picture, 30, nod))[0] for nod in (0.0, 1.0))
    assert bowed[152, 1] - rest[152, 1] > 1.0
