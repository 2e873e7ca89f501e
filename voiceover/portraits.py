"""Judging a picture before somebody in it is made to speak, and framing them."""

from enum import StrEnum
from typing import NamedTuple

import cv2
import numpy as np

from voiceover.facesearch import box
from voiceover.types import Frame, Landmarks

SMALLEST_FACE = 80  # pixels from brow to chin: below it lips are a smear
MOST_TURNED = 30.0  # degrees: beyond it half of the mouth is out of sight
LEAST_LIP_CONTRAST = 6.0  # CIE76; lips of nine faces had 9.7 to 28.7, covered ones at most 4.2

CHEEKS = (234, 454)  # left and right end of the face
OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
LIP_STUDY = 256  # pixels across a face when its lips are looked at

HEAD_AND_SHOULDERS = 2.4  # side of the crop, in heights of the face
FACE_AT = 0.46  # centre of the face, of the crop's height

MARK_FINE, MARK_FAULTY = (96, 174, 39), (60, 76, 231)  # BGR


class Fault(StrEnum):
    """Why nobody can speak with a face."""

    TOO_SMALL = "face-too-small"
    TURNED = "face-turned"
    COVERED = "mouth-covered"


class Crop(NamedTuple):
    """The part of a picture that is shown, in its pixels."""

    left: int
    top: int
    width: int
    height: int


def find_fault(picture: Frame, face: Landmarks) -> Fault | None:
    """Say what speaks against a face, or None."""
    _, top, _, bottom = box(face)
    if bottom - top < SMALLEST_FACE:
        return Fault.TOO_SMALL
    if abs(yaw(face)) > MOST_TURNED:
        return Fault.TURNED
    return Fault.COVERED if lip_contrast(picture, face) < LEAST_LIP_CONTRAST else None


def yaw(face: Landmarks) -> float:
    """Return by how many degrees a head is turned aside; positive to the picture's left."""
    x, _, z = face[CHEEKS[1]] - face[CHEEKS[0]]
    return float(np.degrees(np.arctan2(z, x)))


def lip_contrast(picture: Frame, face: Landmarks) -> float:
    """Return the distance (CIE76) of the colour where lips should be from that around them.

    The landmarker places lips on masks and hands as well; there both are of one colour.
    """
    left, top, right, _ = box(face)
    scale = LIP_STUDY / (right - left)
    points = (face[:, :2] - [left, top]) * scale
    lips = points[list(OUTER_LIPS)]
    low, high = lips.min(axis=0) - 20, lips.max(axis=0) + 20
    shift = np.array([left, top]) + low / scale
    view = np.array([[scale, 0, -shift[0] * scale], [0, scale, -shift[1] * scale]])
    width, height = np.ceil(high - low).astype(int).tolist()
    study = cv2.warpAffine(picture, view, (width, height), borderMode=cv2.BORDER_REPLICATE)
    colours = cv2.cvtColor(study.astype(np.float32) / 255, cv2.COLOR_BGR2Lab)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.rint(lips - low).astype(np.int32)], 1)
    around = cv2.dilate(mask, np.ones((25, 25))) - cv2.dilate(mask, np.ones((9, 9)))
    inside = cv2.erode(mask, np.ones((3, 3)))
    return float(np.linalg.norm(colours[inside > 0].mean(axis=0) - colours[around > 0].mean(axis=0)))


def propose_crop(face: Landmarks, width: int, height: int) -> Crop:
    """Frame head and shoulders in a square, inside a picture of that size."""
    left, top, right, bottom = box(face)
    side = min(round(HEAD_AND_SHOULDERS * (bottom - top)), width, height)
    x = (left + right) / 2 - side / 2
    y = (top + bottom) / 2 - FACE_AT * side
    return Crop(int(np.clip(round(x), 0, width - side)), int(np.clip(round(y), 0, height - side)), side, side)


def holds(crop: Crop, face: Landmarks) -> bool:
    """Whether a whole face is inside a crop."""
    left, top, right, bottom = box(face)
    return (
        crop.left <= left
        and crop.top <= top
        and right <= crop.left + crop.width
        and bottom <= crop.top + crop.height
    )


def marked(picture: Frame, faces: list[Landmarks], longest: int = 480) -> bytes:
    """Return a small JPEG that shows what was found: green frames around who can speak, red ones else."""
    height, width = picture.shape[:2]
    scale = min(1.0, longest / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    for face in faces:
        left, top, right, bottom = (round(edge * scale) for edge in box(face))
        colour = MARK_FAULTY if find_fault(picture, face) else MARK_FINE
        cv2.rectangle(small, (left, top), (right, bottom), colour, 2, cv2.LINE_AA)
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])[1])
