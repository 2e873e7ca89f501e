"""Faces are framed by S3FD where its weights are, else alike by landmarks."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import torch

from tests.wav2lip import mouths
from tests.wav2lip.mouths import Subject
from voiceover.avatars import astronaut
from voiceover.errors import EngineUnavailable
from voiceover.landmarks import LandmarkFinder
from voiceover.types import Frame
from wav2lip.detect import CHIN, EYES_AT, IRISES, S3FD_FILE, FaceFramer, box_around


@pytest.fixture(scope="module")
def who() -> Subject:
    return mouths.subject()


def test_landmarks_are_framed_like_training_faces(who: Subject) -> None:
    """The eyes above, the mouth below the middle, where the network's input begins to be hidden."""
    box = box_around(who.face)
    width, height = box.size

    def row(*landmarks: int) -> float:
        return float((who.face[list(landmarks), 1].mean() - box.top) / height)

    assert row(*IRISES) == pytest.approx(EYES_AT, abs=0.01)
    assert row(CHIN) == pytest.approx(1, abs=0.01)
    assert 0.5 < row(2) < 0.7  # the base of the nose
    assert 0.7 < row(13, 14) < 0.85  # the mouth
    assert 0.65 < width / height < 0.9
    assert box.left <= who.face[:, 0].min() + 1 and box.right >= who.face[:, 0].max() - 1


def skimage_portrait() -> Frame:
    """The astronaut as scikit-image has her: half the size, other surroundings."""
    return np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])


def turned(picture: Frame, degrees: float) -> Frame:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height)), np.uint8)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(astronaut, id="default avatar"),
        pytest.param(skimage_portrait, id="skimage"),
        pytest.param(lambda: cv2.flip(astronaut(), 1), id="mirrored"),
        pytest.param(lambda: cv2.resize(astronaut(), None, fx=1.6, fy=2), id="narrow"),
        pytest.param(lambda: turned(astronaut(), 10), id="turned left"),
        pytest.param(lambda: turned(astronaut(), -10), id="turned right"),
        pytest.param(lambda: mouths.speaking(mouths.subject(), 16), id="mouth open"),
    ],
)
def test_faces_lie_in_the_box_as_in_those_s3fd_was_trained_on(make: Callable[[], Frame]) -> None:
    """In WIDER FACE eyes are at 0.39 of a box's height, the tip of the nose at 0.59, the corners of the mouth
    at 0.72, and it is 0.73 times as wide as high: medians of thirty annotations of faces from the front."""
    with LandmarkFinder() as finder:
        (face, *_) = finder.find(make())
    box = box_around(face)
    width, height = box.size

    def row(*landmarks: int) -> float:
        return float((face[list(landmarks), 1].mean() - box.top) / height)

    assert row(*IRISES) == pytest.approx(0.39, abs=0.02)
    assert row(4) == pytest.approx(0.59, abs=0.05)
    assert row(61, 291) == pytest.approx(0.72, abs=0.05)
    assert row(CHIN) == pytest.approx(1, abs=0.02)
    assert 0.6 < width / height < 0.85
    # In the square that the network sees, its hidden half begins between the eyes and the mouth.
    assert row(*IRISES) < 0.5 < row(13, 14)


def test_box_scales_and_moves_with_the_face(who: Subject) -> None:
    box = box_around(who.face)
    moved = box_around((who.face * 2 + np.array([30, -20, 0])).astype(np.float32))
    expected = np.array(box) * 2 + np.array([30, -20, 30, -20])
    np.testing.assert_allclose(moved, expected, atol=1)


def test_padding_stays_in_the_picture(who: Subject) -> None:
    box = box_around(who.face)
    assert box.padded_below(who.picture) == (box.left, box.top, box.right, box.bottom + 10)
    edge = box._replace(left=-5, top=-9, right=600, bottom=508)
    assert edge.padded_below(who.picture) == (0, 0, 512, 512)


def test_without_weights_landmarks_frame_every_face(who: Subject, tmp_path: Path) -> None:
    film = replace(who.avatar, frames=who.avatar.frames * 3, faces=(who.face, None, who.face))
    assert FaceFramer(tmp_path).boxes(film) == [box_around(who.face), None, box_around(who.face)]


def save_detector_of_squares(path: Path, side: int) -> None:
    """Write S3FD weights that see a square face at every anchor of 256 pixels, and nothing else."""
    from face_alignment.detection.sfd.net_s3fd import s3fd

    network = s3fd()
    state = {key: torch.zeros_like(tensor) for key, tensor in network.state_dict().items()}
    for key, tensor in state.items():
        if key.endswith("_conf.bias"):
            tensor[0] = 9.0  # background
    layer = {256: "conv6_2", 512: "conv7_2"}[side]
    state[f"{layer}_mbox_conf.bias"] = torch.tensor([0.0, 9.0])
    torch.save(state, path)


def test_s3fd_frames_the_avatar_s_own_face_among_others(who: Subject, tmp_path: Path) -> None:
    """Of the boxes that are found everywhere the one over the avatar's face is taken."""
    save_detector_of_squares(tmp_path / S3FD_FILE, 256)
    (box,) = FaceFramer(tmp_path).boxes(who.avatar)
    assert box is not None
    width, height = box.size
    assert (width, height) == (256, 256)
    face = box_around(who.face)
    middles = [((b.left + b.right) / 2, (b.top + b.bottom) / 2) for b in (box, face)]
    assert np.abs(np.subtract(*middles)).max() < 64  # nearer than the next anchor but one


def test_s3fd_looks_at_large_pictures_smaller_and_answers_in_their_pixels(
    who: Subject, tmp_path: Path
) -> None:
    save_detector_of_squares(tmp_path / S3FD_FILE, 256)
    large = cv2.resize(who.picture, None, fx=4, fy=4)
    avatar = mouths.avatar_of(np.asarray(large, np.uint8), who.face * np.float32(4))
    (box,) = FaceFramer(tmp_path).boxes(avatar)
    assert box is not None
    assert box.size[0] == pytest.approx(256 * 2048 / 720, abs=2)


def test_s3fd_looks_once_at_an_avatar(who: Subject, tmp_path: Path) -> None:
    """What it found stays on disk: after that its weights are not even read."""
    save_detector_of_squares(tmp_path / S3FD_FILE, 256)
    film = replace(who.avatar, frames=who.avatar.frames * 2, faces=(who.face, None), digest="film")
    found = FaceFramer(tmp_path, tmp_path / "boxes").boxes(film)
    (tmp_path / S3FD_FILE).write_bytes(b"<html>")
    assert FaceFramer(tmp_path, tmp_path / "boxes").boxes(film) == found
    assert found[1] is None
    with pytest.raises(EngineUnavailable):
        FaceFramer(tmp_path, tmp_path / "boxes").boxes(replace(film, digest="another"))


def test_of_two_faces_the_chosen_one_is_framed(who: Subject, tmp_path: Path) -> None:
    """S3FD finds both; the box is that of the face whose landmarks the avatar has."""
    save_detector_of_squares(tmp_path / S3FD_FILE, 256)
    both = np.hstack([who.picture, who.picture])
    aside = who.face + np.array([who.picture.shape[1], 0, 0], np.float32)
    for face in (who.face, aside):
        (box,) = FaceFramer(tmp_path).boxes(mouths.avatar_of(np.ascontiguousarray(both), face))
        assert box is not None
        assert box.left < face[CHIN, 0] < box.right


def test_damaged_s3fd_weights_are_told(who: Subject, tmp_path: Path) -> None:
    (tmp_path / S3FD_FILE).write_bytes(b"<html>")
    with pytest.raises(EngineUnavailable, match=S3FD_FILE):
        FaceFramer(tmp_path).boxes(who.avatar)
