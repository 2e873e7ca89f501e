"""The mouth frame: millimetres on the face, whatever the picture's size and the head's tilt.

Origin in the middle of the lip line, x along the line of the eyes to the right of the picture,
y down. 1 mm is what makes the outer eye corners 89 mm apart, as in an average adult.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visemes import facemesh
from voiceover.geometry import EYE_SPAN, OUTER_CORNERS, face_axes, pixels_per_mm
from voiceover.types import Landmarks

Points: TypeAlias = NDArray[np.float64]
"""Positions or shifts, float64 `(n, 2)`: x, y in mm of the mouth frame unless said otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class MouthFrame:
    """Pixels of the picture ↔ millimetres of the mouth."""

    origin: Points
    """pixels, `(2,)`"""
    axes: Points
    """`(2, 2)`: the unit vectors of x and y, as rows, in the picture"""
    pixels_per_mm: float
    cos_yaw: float
    """1 for a face seen from the front"""

    def to_mm(self, pixels: ArrayLike) -> Points:
        """Return `(n, 2)` pixels as mm."""
        return np.asarray((np.asarray(pixels, np.float64) - self.origin) @ self.axes.T / self.pixels_per_mm)

    def to_pixels(self, mm: ArrayLike) -> Points:
        """Return `(n, 2)` mm as pixels."""
        return np.asarray(np.asarray(mm, np.float64) * self.pixels_per_mm @ self.axes + self.origin)


def mouth_frame(landmarks: Landmarks) -> MouthFrame:
    """Measure the mouth frame of a face, float32 `(478, 3)` pixels."""
    scale = pixels_per_mm(landmarks)
    left, right = landmarks[list(OUTER_CORNERS), :2].astype(np.float64)
    cos_yaw = float(np.linalg.norm(right - left)) / (scale * EYE_SPAN)
    origin = landmarks[[facemesh.UPPER_LIP, facemesh.LOWER_LIP], :2].mean(axis=0).astype(np.float64)
    return MouthFrame(origin, face_axes(landmarks), scale, cos_yaw)
