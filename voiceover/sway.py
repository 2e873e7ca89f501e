"""Slow motion of the head of a still portrait: it turns, tilts and shifts a little, in depth.

The picture is pulled along a smooth field of displacements: where the head is, that of a rigid head
turning about its ears and neck, seen from far away; fading to nothing towards the shoulders, the
far background and the picture's border.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from voiceover.geometry import Plane, face_axes, pixels_per_mm, smoothstep
from voiceover.sampling import Box, Sampler
from voiceover.types import Frame, Landmarks

GRID = 8  # pixels between the nodes of the field
DEPTH_BLUR = 7.0  # mm over which the depth of neighbouring landmarks is averaged
FACE_FADE = 45.0  # mm beyond the face over which its depth falls to that of the ears
# Half axes of the part that moves as one, in those of the face: hair and ears belong to it.
HEAD = (1.25, 1.35)
HEAD_FADE = 1.85  # of these half axes: where motion ends
NECK_FADE = (4.0, 58.0)  # mm below the chin where the motion begins to fade, and where it ends
NECK_LENGTH = 110.0  # mm below the middle of the face: about there the head tilts
BORDER_FADE = (0.01, 0.09)  # of the picture's sides: where motion begins, and where it is whole

_TOP, _CHIN, _LEFT, _RIGHT = 10, 152, 234, 454
_OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)


class Pose(NamedTuple):
    """Where the head is, against the picture: radians and mm, small."""

    turn: float
    """About the neck, positive towards the right of the picture."""
    bow: float
    """Positive downwards."""
    tilt: float
    """In the picture's plane, positive clockwise."""
    right: float
    down: float


class Sway:
    """Moves the head of one portrait. Immutable; `apply` is safe in several threads."""

    def __init__(self, picture: Frame, face: Landmarks) -> None:
        self._sampler = Sampler(picture)
        height, width = picture.shape[:2]
        # Nodes lie in the middle of cells; one row of them surrounds the picture.
        columns, rows = (GRID * (np.arange(side // GRID + 3) - 0.5) - 0.5 for side in (width, height))
        x, y = np.meshgrid(columns, rows)
        fields = _fields(x, y, (width, height), face)
        cells = _moving_cells(fields)
        self._box = _pixels(cells, (width, height))
        self._nodes = np.dstack([x, y])[cells].astype(np.float32)
        self._fields = fields[:, cells[0], cells[1]]

    def apply(self, frame: Frame, pose: Pose) -> Frame:
        """Return the picture with the head in another pose.

        Args:
            frame: the portrait, drawn on or not; not changed. The smaller the part that was drawn
                on, the faster this is.
        """
        reach = float(np.abs(self._shifts(pose)).max())
        return self._sampler.apply(frame, self._box, self.sources(pose), reach)

    def sources(self, pose: Pose) -> NDArray[np.float32]:
        """Where each pixel that can move comes from: float32 `(h, w, 2)`, in half pixels, x and y."""
        rows, columns = self._box
        height, width = rows.stop - rows.start, columns.stop - columns.start
        places = 2 * (self._nodes - self._shifts(pose))
        dense = cv2.resize(places, None, fx=GRID, fy=GRID, interpolation=cv2.INTER_LINEAR)
        return np.asarray(dense[GRID : GRID + height, GRID : GRID + width], np.float32)

    def _shifts(self, pose: Pose) -> NDArray[np.float32]:
        return np.asarray(np.tensordot(np.array(pose, np.float32), self._fields, axes=1), np.float32)


def _fields(x: Plane, y: Plane, size: tuple[int, int], face: Landmarks) -> NDArray[np.float32]:
    """The displacement of each node for a unit of each part of a pose: `(5, rows, columns, 2)` in pixels."""
    scale = pixels_per_mm(face)
    along, down = face_axes(face)
    neck = face[[_LEFT, _RIGHT], :2].mean(axis=0) + down * NECK_LENGTH * scale
    weight = _weight(x, y, size, face)[..., None]
    depth = _depth(x, y, face)[..., None]
    fields = (
        weight * depth * along,
        weight * depth * down,
        weight * np.dstack([neck[1] - y, x - neck[0]]),
        weight * along * scale,
        weight * down * scale,
    )
    return np.stack(fields).astype(np.float32)


def _weight(x: Plane, y: Plane, size: tuple[int, int], face: Landmarks) -> Plane:
    """How much of the head's motion each place takes part in: 1 on the head, 0 on body and border."""
    scale = pixels_per_mm(face)
    along, down = face_axes(face)
    left, right, top, chin = (face[point, :2].astype(np.float64) for point in (_LEFT, _RIGHT, _TOP, _CHIN))
    half_width, half_height = np.linalg.norm(right - left) / 2, np.linalg.norm(chin - top) / 2
    centre = (left + right + 1.1 * top + 0.9 * chin) / 4  # a little high: there is hair above the face
    places = np.dstack([x, y])
    from_centre = np.hypot(
        (places - centre) @ along / (half_width * HEAD[0]), (places - centre) @ down / (half_height * HEAD[1])
    )
    head = 1 - smoothstep(from_centre, 0.95, HEAD_FADE)
    below_chin = (places - chin) @ down / scale
    width, height = size
    from_border = np.minimum(np.minimum(x, width - 1 - x) / width, np.minimum(y, height - 1 - y) / height)
    return np.asarray(
        head * (1 - smoothstep(below_chin, *NECK_FADE)) * smoothstep(from_border, *BORDER_FADE),
        np.float64,
    )


def _depth(x: Plane, y: Plane, face: Landmarks) -> Plane:
    """How far each place stands out in front of the ears, in pixels; 0 away from the face."""
    scale = pixels_per_mm(face)
    towards_viewer = np.maximum((face[_LEFT, 2] + face[_RIGHT, 2]) / 2 - face[:, 2], 0)
    total = np.full(x.shape, 1e-9)
    depth = np.zeros(x.shape)
    for (landmark_x, landmark_y), value in zip(face[:, :2], towards_viewer, strict=True):
        distance = ((x - landmark_x) ** 2 + (y - landmark_y) ** 2) / (2 * (DEPTH_BLUR * scale) ** 2)
        nearness = np.exp(-np.minimum(distance, 500)) + 1e-6 / (1 + distance)
        total += nearness
        depth += nearness * value
    oval = face[list(_OVAL), :2].astype(np.float32)
    outside = np.array(
        [
            -cv2.pointPolygonTest(oval, (float(px), float(py)), True)
            for px, py in zip(x.flat, y.flat, strict=True)
        ]
    ).reshape(x.shape)
    return np.asarray(depth / total * (1 - smoothstep(outside / scale, 0, FACE_FADE)), np.float64)


def _moving_cells(fields: NDArray[np.float32]) -> Box:
    """The rows and columns of nodes that move at all, and those around them."""
    moving = np.abs(fields).max(axis=(0, 3)) > 0
    rows, columns = np.flatnonzero(moving.any(axis=1)), np.flatnonzero(moving.any(axis=0))
    return slice(int(rows[0]) - 1, int(rows[-1]) + 2), slice(int(columns[0]) - 1, int(columns[-1]) + 2)


def _pixels(cells: Box, size: tuple[int, int]) -> Box:
    """The pixels inside the outermost of some nodes."""
    width, height = size
    rows, columns = cells
    return (
        slice(GRID * rows.start, min(height, GRID * (rows.stop - 2))),
        slice(GRID * columns.start, min(width, GRID * (columns.stop - 2))),
    )
