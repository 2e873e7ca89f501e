"""The square of picture that Wav2Lip looks at and draws: its box, cut out and put back."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from voiceover.types import Frame
from wav2lip.model import FACE_SIDE

BELOW_CHIN = 10  # pixels the reference adds under the face it found
SMOOTHING = 5  # frames

FaceInput = NDArray[np.float32]
"""What the network sees of a face, float32 `(6, 96, 96)` in [0, 1]: BGR, lower half black, then BGR."""


class Box(NamedTuple):
    """A rectangle in pixels; right and bottom are the first column and row outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.right - self.left, self.bottom - self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index a picture with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def padded_below(self, frame: Frame) -> "Box":
        """Return the box as the reference widens it, kept within the picture."""
        height, width = frame.shape[:2]
        bottom = min(self.bottom + BELOW_CHIN, height)
        return Box(max(self.left, 0), max(self.top, 0), min(self.right, width), bottom)


def smooth_boxes(boxes: list[Box]) -> list[Box]:
    """Steady the boxes of consecutive frames: each becomes the mean of itself and the four that follow.

    As in the reference, means are truncated to whole pixels, and the windows of the last frames reach back
    over boxes that are already means.
    """
    corners = np.array(boxes, np.int64).reshape(-1, 4)
    for index in range(len(corners)):
        start = index if index + SMOOTHING <= len(corners) else len(corners) - SMOOTHING
        corners[index] = corners[start : index + SMOOTHING].mean(axis=0)
    return [Box(*map(int, corner)) for corner in corners]


def crop(frame: Frame, box: Box) -> FaceInput:
    """Cut the face out and make it what the network sees."""
    face = cv2.resize(frame[box.slices], (FACE_SIDE, FACE_SIDE)).transpose(2, 0, 1)
    hidden = face.copy()
    hidden[:, FACE_SIDE // 2 :] = 0
    return (np.concatenate((hidden, face)) / 255).astype(np.float32)


def paste(frame: Frame, drawn: NDArray[np.float32], box: Box) -> Frame:
    """Return the picture with its whole box replaced, as the reference does it.

    Args:
        drawn: float32 `(3, 96, 96)` in [0, 1], BGR.
    """
    face = (drawn.transpose(1, 2, 0) * 255).astype(np.uint8)
    pasted = frame.copy()
    pasted[box.slices] = cv2.resize(face, box.size)
    return pasted
