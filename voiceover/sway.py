"""Slow motion of the head of a still portrait: it turns, tilts and shifts a little, in depth.

The picture is pulled along a smooth field of displacements: where the head is, that of a rigid head
turning about its ears and neck, seen from far away; fading to nothing towards the shoulders, the
far background and the picture's border.
"""

from dataclasses import astuple, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from voiceover.eyelids import OUTER_CORNERS, pixels_per_mm, smoothstep
from voiceover.types import Frame, Landmarks

GRID = 8  # pixels between the nodes of the field
HALF_WAY = np.array([1, -5, 20, 20, -5, 1], np.float32) / 32  # half-sample interpolation of H.264
TAPS = len(HALF_WAY)
_NO_MAP = np.empty(0, np.float32)
DEPTH_BLUR = 7.0  # mm over which the depth of neighbouring landmarks is averaged
FACE_FADE = 45.0  # mm beyond the face over which its depth falls to that of the ears
HEAD = (
    1.25,
    1.35,
)  # half axes of the part that moves as one, in those of the face: hair and ears belong to it
HEAD_FADE = 1.9  # of these half axes: where motion ends
NECK_FADE = (4.0, 58.0)  # mm below the chin where the motion begins to fade, and where it ends
NECK_LENGTH = 110.0  # mm below the middle of the face: about there the head tilts
BORDER_FADE = (0.01, 0.09)  # of the picture's sides: where motion begins, and where it is whole

_TOP, _CHIN, _LEFT, _RIGHT = 10, 152, 234, 454
_OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)


@dataclass(frozen=True, slots=True)
class Pose:
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
        self._picture = picture
        self._enlarged = enlarge(picture)
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
        moved = frame.copy()
        moved[self._box] = cv2.remap(
            self._enlarge(frame),
            2 * self.sources(pose),
            _NO_MAP,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return moved

    def sources(self, pose: Pose) -> NDArray[np.float32]:
        """Where in the picture each pixel that can move comes from: float32 `(h, w, 2)`, x and y."""
        places = self._nodes - np.tensordot(np.array(astuple(pose), np.float32), self._fields, axes=1)
        rows, columns = self._box
        height, width = rows.stop - rows.start, columns.stop - columns.start
        dense = cv2.resize(places, None, fx=GRID, fy=GRID, interpolation=cv2.INTER_LINEAR)
        return np.asarray(dense[GRID : GRID + height, GRID : GRID + width], np.float32)

    def _enlarge(self, frame: Frame) -> Frame:
        """Enlarge a frame, anew only where it differs from the portrait."""
        height, width, channels = frame.shape
        changes = cv2.absdiff(frame, self._picture).reshape(height, width * channels)
        left, top, across, down = cv2.boundingRect(changes)
        if not across:
            return self._enlarged
        changed = (top, top + down), (left // channels, (left + across) // channels + 1)
        read = tuple(
            _widen(part, 2 * TAPS, side) for part, side in zip(changed, (height, width), strict=True)
        )
        write = tuple(_widen(part, TAPS, side) for part, side in zip(changed, (height, width), strict=True))
        patch = enlarge(frame[read])
        enlarged = self._enlarged.copy()
        enlarged[_doubled(write)] = patch[_doubled(write, read[0].start, read[1].start)]
        return enlarged


def _widen(part: tuple[int, int], by: int, side: int) -> slice:
    return slice(max(0, part[0] - by), min(side, part[1] + by))


def _doubled(part: tuple[slice, ...], top: int = 0, left: int = 0) -> tuple[slice, ...]:
    """The same part of the enlarged picture, or of an enlarged patch that begins at (top, left)."""
    return tuple(
        slice(2 * (along.start - begin), 2 * (along.stop - begin))
        for along, begin in zip(part, (top, left), strict=True)
    )


def enlarge(picture: Frame) -> Frame:
    """Double a picture's sides: even pixels are its own, odd ones lie half way between them.

    Bilinear sampling of this is as sharp as bicubic sampling of the picture, and five times faster.
    """
    height, width, channels = picture.shape
    wide = np.empty((height, 2 * width, channels), np.uint8)
    wide[:, ::2] = picture
    wide[:, 1::2] = cv2.filter2D(
        picture, -1, HALF_WAY[None], anchor=(TAPS // 2 - 1, 0), borderType=cv2.BORDER_REPLICATE
    )
    enlarged = np.empty((2 * height, 2 * width, channels), np.uint8)
    enlarged[::2] = wide
    enlarged[1::2] = cv2.filter2D(
        wide, -1, HALF_WAY[:, None], anchor=(0, TAPS // 2 - 1), borderType=cv2.BORDER_REPLICATE
    )
    return enlarged


def _fields(
    x: NDArray[np.float64], y: NDArray[np.float64], size: tuple[int, int], face: Landmarks
) -> NDArray[np.float32]:
    """The displacement of each node for a unit of each part of a pose: `(5, rows, columns, 2)` in pixels."""
    scale = pixels_per_mm(face)
    left, right = (face[corner, :2] for corner in OUTER_CORNERS)
    along = (right - left) / np.linalg.norm(right - left)
    down = np.array([-along[1], along[0]])
    middle = (face[_LEFT, :2] + face[_RIGHT, :2]) / 2
    neck = middle + down * NECK_LENGTH * scale

    weight = _weight(x, y, size, face, down)
    depth = _depth(x, y, face) * weight
    fields = (
        depth[..., None] * along,
        depth[..., None] * down,
        weight[..., None] * np.dstack([neck[1] - y, x - neck[0]]),
        weight[..., None] * along * scale,
        weight[..., None] * down * scale,
    )
    return np.stack(fields).astype(np.float32)


def _weight(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    size: tuple[int, int],
    face: Landmarks,
    down: NDArray[np.floating],
) -> NDArray[np.float64]:
    """How much of the head's motion each place takes part in: 1 on the head, 0 on body and border."""
    scale = pixels_per_mm(face)
    across = np.array([down[1], -down[0]])
    half_width = np.linalg.norm(face[_RIGHT, :2] - face[_LEFT, :2]) / 2
    half_height = np.linalg.norm(face[_CHIN, :2] - face[_TOP, :2]) / 2
    centre = (face[_LEFT, :2] + face[_RIGHT, :2]) / 4 + face[_TOP, :2] * 0.275 + face[_CHIN, :2] * 0.225
    places = np.dstack([x, y])
    from_centre = np.hypot(
        (places - centre) @ across / (half_width * HEAD[0]),
        (places - centre) @ down / (half_height * HEAD[1]),
    )
    head = 1 - smoothstep(from_centre, 0.95, HEAD_FADE)
    below_chin = (places - face[_CHIN, :2]) @ down / scale
    width, height = size
    from_border = np.minimum(np.minimum(x, width - 1 - x) / width, np.minimum(y, height - 1 - y) / height)
    return np.asarray(
        head * (1 - smoothstep(below_chin, *NECK_FADE)) * smoothstep(from_border, *BORDER_FADE),
        np.float64,
    )


def _depth(x: NDArray[np.float64], y: NDArray[np.float64], face: Landmarks) -> NDArray[np.float64]:
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


def _moving_cells(fields: NDArray[np.float32]) -> tuple[slice, slice]:
    """The rows and columns of nodes that move at all, and those around them."""
    moving = np.abs(fields).max(axis=(0, 3)) > 0
    rows, columns = np.flatnonzero(moving.any(axis=1)), np.flatnonzero(moving.any(axis=0))
    return slice(int(rows[0]) - 1, int(rows[-1]) + 2), slice(int(columns[0]) - 1, int(columns[-1]) + 2)


def _pixels(cells: tuple[slice, slice], size: tuple[int, int]) -> tuple[slice, slice]:
    """The pixels inside the outermost of some nodes."""
    width, height = size
    rows, columns = cells
    return (
        slice(GRID * rows.start, min(height, GRID * (rows.stop - 2))),
        slice(GRID * columns.start, min(width, GRID * (columns.stop - 2))),
    )
