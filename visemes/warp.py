"""From shifts of control points to maps that pull the photo's pixels into place."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from visemes import facemesh
from visemes.mouthframe import Points
from visemes.portrait import Portrait
from visemes.rig import LipRig, Shifts
from visemes.thinplate import thin_plate_matrix
from voiceover.geometry import smoothstep

NODE_SPACING = 2.7  # mm between the nodes on which the splines are evaluated; at least 4 pixels
FADE = 9.0  # mm at the region's border over which all motion dies out
INVERSION_STEPS = 5  # of the fixed-point iteration; the error after five is well below a pixel

Map = NDArray[np.float32]
"""float32 `(height, width, 2)`: for each pixel of the region, the x and y in the region to fetch it from."""


@dataclass(frozen=True, slots=True)
class Region:
    """The rectangle of the picture in which anything moves, in pixels; `right` and `bottom` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels."""
        return self.bottom - self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Indices of the region in a picture."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


class FaceWarp:
    """The two layers' warps of one portrait. Immutable: safe to share between threads."""

    def __init__(self, rig: LipRig) -> None:
        portrait = rig.portrait
        self._spacing = max(4, int(NODE_SPACING * portrait.frame.pixels_per_mm))
        self.region = _region(portrait, self._spacing)
        columns = self.region.width // self._spacing + 1
        rows = self.region.height // self._spacing + 1
        self._node_y, self._node_x = np.mgrid[0:rows, 0:columns].astype(np.float32)
        nodes = np.stack([self._node_x.ravel(), self._node_y.ravel()], axis=1) * self._spacing
        mm = portrait.frame.to_mm(nodes + np.array([self.region.left, self.region.top]))
        stillness = self._fade(portrait).reshape(-1, 1)
        self._upper = thin_plate_matrix(rig.upper_points, mm) * stillness
        self._lower = thin_plate_matrix(rig.lower_points, mm) * stillness
        self._agreement = _agreement(portrait, mm)
        self._to_nodes = (portrait.frame.pixels_per_mm * portrait.frame.axes / self._spacing).astype(
            np.float32
        )

    def maps(self, shifts: Shifts) -> tuple[Map, Map]:
        """Return the maps of the upper and the lower layer."""
        upper = self._upper @ (shifts.upper.astype(np.float32) @ self._to_nodes)
        lower = self._lower @ (shifts.lower.astype(np.float32) @ self._to_nodes)
        half_apart = 0.5 * self._agreement * (lower - upper)
        return self._inverted(upper + half_apart), self._inverted(lower - half_apart)

    def _inverted(self, field: NDArray[np.float32]) -> Map:
        """Turn a forward field on the nodes, in node spacings, into a map of every pixel."""
        forward = field.reshape(*self._node_x.shape, 2)
        back: cv2.typing.MatLike = -forward
        for _ in range(INVERSION_STEPS):
            back = -cv2.remap(
                forward,
                self._node_x + back[..., 0],
                self._node_y + back[..., 1],
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
        source = np.dstack([self._node_x + back[..., 0], self._node_y + back[..., 1]])
        source *= np.float32(self._spacing)
        shrink = np.array([[1 / self._spacing, 0, 0], [0, 1 / self._spacing, 0]], np.float32)
        size = (self.region.width, self.region.height)
        return np.asarray(
            cv2.warpAffine(
                source,
                shrink,
                size,
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
        )

    def _fade(self, portrait: Portrait) -> NDArray[np.float32]:
        """Return 0 on the region's border, 1 inside; sides that are the picture's own border do not fade."""
        height, width = portrait.picture.shape[:2]
        far = np.float32(1e6)
        sides = [
            self._node_x if self.region.left > 0 else far,
            self._node_y if self.region.top > 0 else far,
            self._node_x.max() - self._node_x if self.region.right + self._spacing < width else far,
            self._node_y.max() - self._node_y if self.region.bottom + self._spacing < height else far,
        ]
        nearest = np.minimum.reduce([np.broadcast_to(side, self._node_x.shape) for side in sides])
        mm = nearest * self._spacing / portrait.frame.pixels_per_mm
        return smoothstep(mm.astype(np.float64), 0, FADE).astype(np.float32)


def _region(portrait: Portrait, spacing: int) -> Region:
    """Return the lower face, from the nose to the neck, in whole node spacings."""
    jaw = portrait.at(facemesh.JAW_LINE)[:, 0]
    left, right = jaw[1:4].min() - 4, jaw[-4:-1].max() + 4
    top, bottom = portrait.points[facemesh.NOSE_BASE, 1] - 16, portrait.points[facemesh.CHIN, 1] + 24
    corners = portrait.frame.to_pixels([[left, top], [right, top], [left, bottom], [right, bottom]])
    height, width = portrait.picture.shape[:2]
    x0, y0 = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(corners.max(axis=0)), [width, height]).astype(int)
    return Region(
        int(x0), int(y0), int(x0 + (x1 - x0) // spacing * spacing), int(y0 + (y1 - y0) // spacing * spacing)
    )


def _agreement(portrait: Portrait, nodes: Points) -> NDArray[np.float32]:
    """Return how far both layers must move alike at each node, `(n, 1)`: fully beyond the mouth's corners."""
    left, right = portrait.at((facemesh.LEFT_CORNER, facemesh.RIGHT_CORNER))
    x, y = nodes.T
    line_x = [left[0] - 21, left[0], right[0], right[0] + 21]
    line = np.interp(x, line_x, [left[1] - 2, left[1], right[1], right[1] - 2])
    outside = np.maximum(left[0] - x, x - right[0])
    away = np.abs(y - line)
    reach_start, reach_stop = 3.5 + 0.25 * np.maximum(outside, 0), 9 + 0.6 * np.maximum(outside, 0)
    beside = 1 - smoothstep((away - reach_start) / (reach_stop - reach_start), 0, 1)
    return np.asarray(smoothstep(outside, 0, 3.5) * beside, np.float32).reshape(-1, 1)
