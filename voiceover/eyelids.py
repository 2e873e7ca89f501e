"""Closing the eyes of a still portrait.

The upper lid is a layer of its own, cut from the picture: its lashes move down as they are, the
skin between brow and lashes stretches after them, most just above the lashes, where a real lid
unrolls from its fold. What the stretch makes of that strip (a smear of liner and fold) is mostly
replaced by the colour of the lid's skin.

Geometry is in millimetres in the frame of one eye: x along its corners, y down, origin between them.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from voiceover.geometry import Plane, pixels_per_mm, smoothstep, upright_axes
from voiceover.types import Frame, Landmarks

Map = NDArray[np.float32]

# Landmarks of each eye from corner to corner along x.
_UPPER = ((33, 246, 161, 160, 159, 158, 157, 173, 133), (362, 398, 384, 385, 386, 387, 388, 466, 263))
_LOWER = ((33, 7, 163, 144, 145, 153, 154, 155, 133), (362, 382, 381, 380, 374, 373, 390, 249, 263))
_BROW = ((46, 53, 52, 65, 55), (285, 295, 282, 283, 276))
_CHEEKS = (50, 101, 118, 280, 330, 347)
_LUMA = np.array([0.114, 0.587, 0.299])  # of BGR

LASHES = 1.9  # mm of lid that move without stretching
BELOW_CONTOUR = 0.45  # mm below the lid's contour that still belong to its lashes
OVERLAP = 0.7  # mm by which a closed lid covers the lower one
CORNER = 4.0  # mm beyond the corners over which the motion fades
MARGIN = (6.0, 4.0)  # mm around the eye that are redrawn: sideways, below
NARROWEST = 2.5  # mm: an eye less open than this does not blink
FEWEST_PIXELS = 12  # of skin under the brow from which its colour is taken
EDGE = 0.35  # mm: half the softness of the lid's edge
STEEPEST = 0.85  # how far the stretch may go; at 1 it would turn the picture over
SMEAR = 1.5  # mm: the fold and liner in the stretched skin are blurred by this
SKIN = 0.74  # share of the skin's own colour where the lid is stretched most
GRAIN = 0.06  # share of the unblurred picture there


@dataclass(frozen=True, slots=True)
class LidLayer:
    """An eyelid at one closure: what to draw, where, and how opaque."""

    box: tuple[slice, slice]
    """Rows and columns of the picture."""
    colour: Frame
    """uint8 `(h, w, 3)` BGR."""
    alpha: Map
    """float32 `(h, w)` in [0, 1]."""
    rest: Map
    """1 - alpha."""

    def draw(self, frame: Frame) -> None:
        """Draw onto a picture, in place."""
        frame[self.box] = cv2.blendLinear(frame[self.box], self.colour, self.rest, self.alpha)


class Eyelid:
    """The upper lid of one eye of a portrait. Immutable."""

    def __init__(self, picture: Frame, face: Landmarks, eye: int) -> None:
        """
        Args:
            picture: uint8 `(height, width, 3)` BGR.
            eye: 0 for the one on the left of the picture, 1 for the other.
        """
        corners = face[[_UPPER[eye][0], _UPPER[eye][-1]], :2].astype(np.float64)
        self._picture = picture
        self._scale = pixels_per_mm(face)
        self._axes = upright_axes(*corners)
        self._origin = corners.mean(axis=0)
        upper, lower, brow = (
            self._to_mm(face[list(part[eye]), :2].astype(np.float64)) for part in (_UPPER, _LOWER, _BROW)
        )
        self.opening = float((lower[:, 1] - upper[:, 1]).max())
        """Greatest distance between the lids, in mm."""

        self._box = self._bounds(upper, lower, brow)
        rows, columns = self._box
        self._columns, self._rows = np.meshgrid(
            np.arange(columns.start, columns.stop, dtype=np.float32),
            np.arange(rows.start, rows.stop, dtype=np.float32),
        )
        x, self._y = np.moveaxis(
            self._to_mm(np.dstack([self._columns, self._rows]).astype(np.float64)), -1, 0
        )
        left, right = upper[0, 0], upper[-1, 0]
        self._lid = _curve(upper, x)
        self._brow = np.minimum(np.interp(x, brow[:, 0], brow[:, 1]), self._lid - 5)
        fade = smoothstep(x, left - CORNER, left + 1) * smoothstep(-x, -right - CORNER, -right + 1)
        self._way = np.maximum(_curve(lower, x) + OVERLAP - self._lid, 0) * fade
        self._middle = np.clip(1 - ((x - (left + right) / 2) / (0.55 * (right - left))) ** 2, 0, 1)
        self._smeared = cv2.GaussianBlur(picture, (0, 0), SMEAR * self._scale)
        self._skin = self._skin_colour(x, right - left, face)

    @property
    def can_close(self) -> bool:
        """Whether the eye is in the picture and open enough for a blink to be seen."""
        return self.opening >= NARROWEST and self._y.size > 0

    def layer(self, closure: float) -> LidLayer:
        """Draw the lid, from 0 (as in the picture) to 1 (closed)."""
        fall = self._way * closure
        edge = self._lid + BELOW_CONTOUR + fall
        lashes = np.minimum(LASHES, 0.45 * (edge - fall - self._brow))
        height = edge - lashes - self._brow
        part = np.clip((self._y - self._brow) / height, 0, 1)  # 0 at the brow, 1 where the lashes begin
        power = np.clip(STEEPEST * height / np.maximum(fall, 1e-3), 1, 2)
        shift = fall * part**power
        stretched = fall / height * power * part ** (power - 1)

        down = self._axes[1] * self._scale  # one mm down, in pixels
        source = (
            (self._columns - shift * down[0]).astype(np.float32),
            (self._rows - shift * down[1]).astype(np.float32),
        )
        warped, smeared = (
            cv2.remap(picture, *source, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(np.float64)
            for picture in (self._picture, self._smeared)
        )
        above_lashes = 1 - smoothstep(self._y - (edge - lashes), -0.3, 0.6)
        unrolled = (smoothstep(stretched, 0.1, 0.6) * above_lashes)[..., None]
        bulge = 1 + 0.10 * self._middle * np.sin(np.pi * part) - 0.06 * part
        skin = SKIN * self._skin * bulge[..., None] + (1 - SKIN - GRAIN) * smeared + GRAIN * warped
        warped += (skin - warped) * unrolled
        alpha = (1 - smoothstep(self._y - edge, -EDGE, EDGE)) * smoothstep(fall, 0, 0.3)
        colour = np.clip(warped + 0.5, 0, 255).astype(np.uint8)
        return LidLayer(self._box, colour, alpha.astype(np.float32), (1 - alpha).astype(np.float32))

    def _to_mm(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take points of the picture, `(..., 2)` in pixels, into the frame of the eye."""
        return np.asarray((points - self._origin) @ self._axes.T / self._scale, np.float64)

    def _bounds(
        self, upper: NDArray[np.float64], lower: NDArray[np.float64], brow: NDArray[np.float64]
    ) -> tuple[slice, slice]:
        side, below = MARGIN
        left, right = upper[0, 0] - side, upper[-1, 0] + side
        top, bottom = brow[:, 1].min() - 1, lower[:, 1].max() + below
        corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]])
        pixels = corners * self._scale @ self._axes + self._origin
        height, width = self._picture.shape[:2]
        low = np.clip(np.floor(pixels.min(axis=0)), 0, [width, height]).astype(int)
        high = np.clip(np.ceil(pixels.max(axis=0)), 0, [width, height]).astype(int)
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))

    def _skin_colour(self, x: Plane, width: float, face: Landmarks) -> NDArray[np.float64]:
        """The colour of the lid: between that of the brighter skin under the brow and the cheeks'.

        The skin under the brow lies in the shadow of its fold, often under make-up.
        """
        height, across = self._picture.shape[:2]
        columns, rows = face[list(_CHEEKS), :2].astype(int).T
        columns, rows = np.clip(columns, 0, across - 1), np.clip(rows, 0, height - 1)
        cheeks = np.median(self._smeared[rows, columns].astype(np.float64), axis=0) + 1
        between = (self._y > self._brow + 1.5) & (self._y < self._lid - 1.5) & (np.abs(x) < 0.4 * width)
        skin = self._picture[self._box][between].astype(np.float64) + 1
        if len(skin) < FEWEST_PIXELS:
            return np.asarray(cheeks, np.float64)
        luma = skin @ _LUMA
        under_brow = skin[luma >= np.percentile(luma, 65)].mean(axis=0)
        brightness = 0.6 * under_brow @ _LUMA + 0.4 * min(cheeks @ _LUMA, 1.4 * under_brow @ _LUMA)
        hue = under_brow / (under_brow @ _LUMA) + cheeks / (cheeks @ _LUMA)
        return np.asarray(brightness * hue / 2, np.float64)


def _curve(points: NDArray[np.float64], x: Plane) -> Plane:
    """The height of a smooth lid contour at x; level beyond its ends."""
    polynomial = np.polynomial.Polynomial.fit(points[:, 0], points[:, 1], 4)
    return np.asarray(polynomial(np.clip(x, points[0, 0], points[-1, 0])), np.float64)
