"""Finding every face of a picture, small ones too.

The landmarker looks at a whole picture at 128 pixels and misses faces that are small in it. Here it
also looks through square windows that overlap by half.
"""

from collections.abc import Iterator
from itertools import islice

import numpy as np

from voiceover.landmarks import LandmarkFinder
from voiceover.types import Frame, Landmarks

WINDOWS = (1.0, 0.5)  # sides, of the picture's shorter side
SMALL_WINDOWS = (0.3,)  # looked through only where nobody was found yet: they are many
LEAST_WINDOW = 16  # pixels of a side: in a smaller one nobody is found
MOST_WINDOWS = 100
SAME_FACE = 0.3  # intersection over union


def find_faces(picture: Frame, finder: LandmarkFinder) -> list[Landmarks]:
    """Return the landmarks of every face, the largest first, in pixels of the picture."""
    faces = finder.find(picture) + _through(WINDOWS, picture, finder)
    faces = faces or _through(SMALL_WINDOWS, picture, finder)
    faces.sort(key=_area, reverse=True)
    distinct: list[Landmarks] = []
    for face in faces:
        if all(_overlap(face, other) < SAME_FACE for other in distinct):
            distinct.append(face)
    return distinct


def box(face: Landmarks) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom around a face's landmarks, in pixels."""
    (left, top), (right, bottom) = face[:, :2].min(axis=0), face[:, :2].max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _through(shares: tuple[float, ...], picture: Frame, finder: LandmarkFinder) -> list[Landmarks]:
    faces: list[Landmarks] = []
    for left, top, side in islice(_windows(shares, *picture.shape[:2]), MOST_WINDOWS):
        window = np.ascontiguousarray(picture[top : top + side, left : left + side])
        faces += [face + np.array([left, top, 0], np.float32) for face in finder.find(window)]
    return faces


def _windows(shares: tuple[float, ...], height: int, width: int) -> Iterator[tuple[int, int, int]]:
    """Yield left, top and side of square windows."""
    for share in shares:
        side = int(min(height, width) * share)
        if side < LEAST_WINDOW:
            continue
        for top in _places(height, side):
            for left in _places(width, side):
                if side < max(height, width):
                    yield left, top, side


def _places(length: int, side: int) -> list[int]:
    count = max(1, -(-2 * (length - side) // max(side, 1)) + 1)
    return [int(place) for place in np.linspace(0, length - side, count)]


def _area(face: Landmarks) -> float:
    left, top, right, bottom = box(face)
    return (right - left) * (bottom - top)


def _overlap(one: Landmarks, other: Landmarks) -> float:
    """Return intersection over union of the faces' boxes."""
    a, b = box(one), box(other)
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    return both / (_area(one) + _area(other) - both)
