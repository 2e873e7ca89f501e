"""The measures of a face in its picture: its scale, its axes, and the curve by which things fade."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from voiceover.types import Landmarks

Real = TypeVar("Real", bound=np.floating)

Plane = NDArray[np.float64]
"""A value for every pixel or node: float64 `(rows, columns)`."""

OUTER_CORNERS = (33, 263)  # landmarks of the eyes, left and right in the picture
EYE_SPAN = 89.0  # mm between them on an adult


def pixels_per_mm(face: Landmarks) -> float:
    """The scale of a face in its picture; turned faces count in depth."""
    left, right = OUTER_CORNERS
    return float(np.linalg.norm(np.subtract(face[left], face[right], dtype=np.float64))) / EYE_SPAN


def upright_axes(left: NDArray[np.floating], right: NDArray[np.floating]) -> NDArray[np.float64]:
    """The axes of a frame that is level along two points of a picture.

    Returns:
        float64 `(2, 2)`: unit vectors along the points, and down from them.
    """
    along = np.subtract(right, left, dtype=np.float64)
    along /= np.linalg.norm(along)
    return np.stack([along, [-along[1], along[0]]])


def face_axes(face: Landmarks) -> NDArray[np.float64]:
    """The axes of a head, tilted as it is: unit vectors to its side and down, in the picture."""
    left, right = OUTER_CORNERS
    return upright_axes(face[left, :2], face[right, :2])


def smoothstep(value: NDArray[Real], low: float, high: float) -> NDArray[Real]:
    """Rise smoothly from 0 at `low` to 1 at `high`; the values keep their precision."""
    part = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(part * part * (3 - 2 * part))
