"""Pictures of a portrait in poses of the mouth; MediaPipe reads them back."""

import cv2
import numpy as np
import pytest

from tests.visemes.conftest import ReadMouth
from visemes.face import TalkingFace
from visemes.motion import MouthPose
from visemes.table import articulations
from voiceover.avatars import portrait
from voiceover.types import Avatar


def pose(symbol: str, closure: float = 0.0, labiodental: float = 0.0) -> MouthPose:
    """A sound held for long."""
    target = articulations(symbol)[0].target
    return MouthPose(
        *(
            target.jaw,
            target.lower_lip,
            target.upper_lip,
            target.width,
            target.rounding,
            target.tongue,
            target.roll,
        ),
        closure=closure,
        labiodental=labiodental,
        speaking=1.0,
    )


POSES = {
    "speaking": MouthPose(speaking=1.0),
    "a": pose("a"),
    "i": pose("i"),
    "u": pose("u"),
    "m": pose("m", closure=1.0),
    "f": pose("f", labiodental=1.0),
    "ʃ": pose("ʃ"),
}


def test_rest_is_the_photo_exactly(avatar: Avatar, face: TalkingFace) -> None:
    assert np.array_equal(face.draw(MouthPose()), avatar.frames[0])


def test_the_way_to_rest_ends_without_a_step(avatar: Avatar, face: TalkingFace) -> None:
    almost = face.draw(MouthPose(jaw=0.02, speaking=0.01))
    assert np.abs(almost.astype(int) - avatar.frames[0]).max() <= 3


@pytest.mark.parametrize("name", POSES)
def test_nothing_but_the_lower_face_changes(avatar: Avatar, face: TalkingFace, name: str) -> None:
    changed = np.abs(face.draw(POSES[name]).astype(int) - avatar.frames[0]).max(axis=2) > 0
    outside = np.ones(changed.shape, bool)
    outside[face.region.slices] = False
    assert not changed[outside].any()
    assert changed.any() or (name == "speaking" and avatar.id != "smiling")
    assert face.region.height < 0.5 * changed.shape[0]


@pytest.mark.parametrize("name", POSES)
def test_no_step_at_the_border_of_what_moves(avatar: Avatar, face: TalkingFace, name: str) -> None:
    moved = face.draw(POSES[name])[face.region.slices].astype(int)
    change = np.abs(moved - avatar.frames[0][face.region.slices]).max(axis=2)
    assert max(change[0].max(), change[-1].max(), change[:, 0].max(), change[:, -1].max()) <= 4


def test_the_mouth_does_what_it_is_told(avatar: Avatar, face: TalkingFace, read_mouth: ReadMouth) -> None:
    seen = {name: read_mouth(avatar, face.draw(POSES[name])) for name in POSES}
    opening = {name: mm for name, (mm, _) in seen.items()}
    width = {name: mm for name, (_, mm) in seen.items()}
    assert opening["m"] < 0.8
    assert opening["a"] > 8.0
    assert opening["a"] > opening["i"] + 2.0 > opening["m"] + 4.0
    assert width["i"] > width["a"] > width["u"]
    assert width["i"] - width["u"] > 9.0


def test_a_smile_relaxes_when_it_speaks(smiling: Avatar, read_mouth: ReadMouth) -> None:
    face = TalkingFace(smiling.frames[0], smiling.faces[0])
    photo_opening, photo_width = read_mouth(smiling, smiling.frames[0])
    opening, width = read_mouth(smiling, face.draw(MouthPose(speaking=1.0)))
    assert photo_opening > 6.0
    assert opening < 1.5
    assert width < photo_width - 4.0


def test_teeth_do_not_move_with_the_lips(smiling: Avatar) -> None:
    """The upper teeth belong to the skull: where they are seen in two poses they are the same picture."""
    face = TalkingFace(smiling.frames[0], smiling.faces[0])
    origin = face.portrait.frame.to_pixels([[0.0, 1.5]])[0].round().astype(int)
    patch = slice(origin[1] - 1, origin[1] + 2), slice(origin[0] - 8, origin[0] + 9)
    wide, wider = face.draw(POSES["a"])[patch].astype(float), face.draw(pose("æ"))[patch].astype(float)
    assert wide.mean() > 150  # they are seen
    assert np.corrcoef(wide.ravel(), wider.ravel())[0, 1] > 0.97


def test_drawing_is_pure(avatar: Avatar, face: TalkingFace) -> None:
    before = avatar.frames[0].copy()
    first = face.draw(POSES["a"])
    first_copy = first.copy()
    face.draw(POSES["u"])
    assert np.array_equal(first, first_copy)
    assert np.array_equal(face.draw(POSES["a"]), first)
    assert np.array_equal(avatar.frames[0], before)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_any_size_of_picture_moves_alike(smiling: Avatar, read_mouth: ReadMouth, scale: float) -> None:
    picture = cv2.resize(smiling.frames[0], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    resized = portrait("resized", "resized", np.asarray(picture, np.uint8))
    face = TalkingFace(resized.frames[0], resized.faces[0])
    assert read_mouth(resized, face.draw(POSES["m"]))[0] < 1.0
    assert read_mouth(resized, face.draw(POSES["a"]))[0] == pytest.approx(11.0, abs=2.5)


def test_a_chin_at_the_edge_of_the_picture(smiling: Avatar) -> None:
    landmarks = smiling.faces[0]
    assert landmarks is not None
    bottom = int(landmarks[152, 1]) - 4  # cuts the chin off
    left = int(landmarks[:, 0].min()) + 6  # and a cheek
    face = TalkingFace(
        np.ascontiguousarray(smiling.frames[0][:bottom, left:]),
        landmarks - np.array([left, 0, 0], np.float32),
    )
    for target in POSES.values():
        assert face.draw(target).shape == (bottom, smiling.frames[0].shape[1] - left, 3)
