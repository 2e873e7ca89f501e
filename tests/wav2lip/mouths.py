"""Mouths that are known: a portrait made to speak in full resolution, and what a network would draw of it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from voiceover.avatars import astronaut, portrait
from voiceover.types import Avatar, Frame, Landmarks
from wav2lip.detect import box_around
from wav2lip.face import Box
from wav2lip.static import FIRST_ROW

UPPER_LIP, LOWER_LIP = 13, 14  # where the lips meet
CORNERS = (61, 291)
CHIN = 152

DARK, TEETH = (40, 28, 60), (205, 215, 222)  # BGR


@dataclass(frozen=True)
class Subject:
    """A portrait, its face and the box around it."""

    avatar: Avatar

    @property
    def picture(self) -> Frame:
        return self.avatar.frames[0]

    @property
    def face(self) -> Landmarks:
        face = self.avatar.faces[0]
        assert face is not None
        return face

    @property
    def box(self) -> Box:
        return box_around(self.face).padded_below(self.picture)


def subject() -> Subject:
    return Subject(portrait("astronaut", "Eileen Collins", astronaut()))


def speaking(who: Subject, opening: float) -> Frame:
    """Return the portrait with its mouth open by so many pixels: the truth to compare with."""
    lips = (who.face[UPPER_LIP, :2] + who.face[LOWER_LIP, :2]) / 2
    half = np.abs(who.face[CORNERS[1], 0] - who.face[CORNERS[0], 0]) / 2
    chin = who.face[CHIN, 1]
    height, width = who.picture.shape[:2]
    y, x = np.indices((height, width)).astype(np.float32)
    across = np.clip(1 - ((x - lips[0]) / (1.15 * half)) ** 2, 0, 1) ** 1.5
    below = np.clip((chin + 1.5 * opening - y) / (chin + 1.5 * opening - lips[1]), 0, 1)
    drop = np.where(y > lips[1], opening * across * np.minimum(1, 1.6 * below), 0).astype(np.float32)
    inside = (y > lips[1]) & (y - lips[1] < drop)
    moved = cv2.remap(
        who.picture, x, y - np.where(inside, 0, drop), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    moved[inside] = DARK
    moved[inside & (y - lips[1] < 0.4 * drop)] = TEETH
    return np.asarray(moved, np.uint8)


def drawn(
    picture: Frame, box: Box, gain: float = 1.0, cast: tuple[float, float, float] = (0, 0, 0)
) -> NDArray[np.float32]:
    """Return what a network would draw of a picture: 96 pixels, a little soft, perhaps in other colours."""
    face = cv2.resize(picture[box.slices], (96, 96), interpolation=cv2.INTER_AREA).astype(np.float32)
    soft = cv2.GaussianBlur(face, (0, 0), 0.6)
    coloured = np.clip(soft * gain + np.array(cast, np.float32), 0, 255) / 255
    return np.ascontiguousarray(coloured[FIRST_ROW:].transpose(2, 0, 1), np.float32)


def whole(lower: NDArray[np.float32], picture: Frame, box: Box) -> NDArray[np.float32]:
    """Return a drawn lower face with the picture's own upper face on it, `(3, 96, 96)`."""
    face = drawn_rows(picture, box)
    return np.concatenate((face[:, :FIRST_ROW], lower), axis=1, dtype=np.float32)


def drawn_rows(picture: Frame, box: Box) -> NDArray[np.float32]:
    face = cv2.resize(picture[box.slices], (96, 96), interpolation=cv2.INTER_AREA)
    return np.asarray(face.transpose(2, 0, 1) / 255, np.float32)


def avatar_of(picture: Frame, face: Landmarks) -> Avatar:
    return Avatar("someone", "Someone", (picture,), (face,), "digest")


def lips(who: Subject) -> tuple[slice, slice]:
    """The mouth and what is near it."""
    points = who.face[[61, 291, 0, 17], :2]
    (left, top), (right, bottom) = points.min(axis=0).astype(int), points.max(axis=0).astype(int)
    return slice(top - 6, bottom + 20), slice(left - 6, right + 6)


def sharpness(picture: Frame, where: tuple[slice, slice]) -> float:
    """Energy of the second derivative."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return float((cv2.Laplacian(grey, cv2.CV_32F)[where] ** 2).mean())
