"""Three faces that can be made offline: an open smile, the same closed by the rig, and that tilted."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from visemes import facemesh
from visemes.face import TalkingFace
from visemes.motion import MouthPose
from visemes.mouthframe import mouth_frame
from voiceover.avatars import astronaut, portrait
from voiceover.landmarks import LandmarkFinder
from voiceover.types import Avatar, Frame

TILT = 14.0  # degrees

ReadMouth = Callable[[Avatar, Frame], tuple[float, float]]


@pytest.fixture(scope="session")
def finder() -> Iterator[LandmarkFinder]:
    with LandmarkFinder() as finder:
        yield finder


@pytest.fixture(scope="session")
def smiling() -> Avatar:
    return portrait("smiling", "smiling", astronaut())


@pytest.fixture(scope="session")
def closed(smiling: Avatar) -> Avatar:
    shut = TalkingFace(smiling.frames[0], smiling.faces[0]).draw(MouthPose(closure=1.0, speaking=1.0))
    return portrait("closed", "closed", shut)


@pytest.fixture(scope="session")
def tilted(closed: Avatar) -> Avatar:
    picture = closed.frames[0]
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), TILT, 1.0)
    turned = cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    return portrait("tilted", "tilted", np.asarray(turned, np.uint8))


@pytest.fixture(scope="session", params=["smiling", "closed", "tilted"])
def avatar(request: pytest.FixtureRequest) -> Avatar:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def face(avatar: Avatar) -> TalkingFace:
    return TalkingFace(avatar.frames[0], avatar.faces[0])


@pytest.fixture(scope="session")
def read_mouth(finder: LandmarkFinder) -> ReadMouth:
    """Opening and width, in mm, that MediaPipe sees in a picture drawn on an avatar."""

    def read(avatar: Avatar, picture: Frame) -> tuple[float, float]:
        points = mouth_frame(avatar.faces[0]).to_mm(finder.find(picture)[0][:, :2])
        opening = points[facemesh.LOWER_LIP, 1] - points[facemesh.UPPER_LIP, 1]
        return float(opening), float(points[facemesh.RIGHT_CORNER, 0] - points[facemesh.LEFT_CORNER, 0])

    return read
