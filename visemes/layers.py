"""The photo taken apart along the lips: an upper layer, a lower layer, and what was between them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from visemes import facemesh
from visemes.lipline import Palette
from visemes.mouthframe import MouthFrame, Points
from visemes.portrait import Portrait
from visemes.rig import UNDERLAP
from visemes.warp import Region
from voiceover.types import Frame

SUPERSAMPLING = 4
FRINGE = 0.8  # mm of lip beside an open mouth that is always taken for blurred teeth
FRINGE_REACH = 2.4  # mm within which pixels that do not look like lip are
TEETH_MARGIN = 4.0  # mm by which teeth are continued under the lips


@dataclass(frozen=True, slots=True, eq=False)
class PhotoLayers:
    """Pictures of the region, uint8 `(height, width, 4)`: BGR and coverage."""

    upper: NDArray[np.uint8]
    """Everything above the lips' meeting line"""
    lower: NDArray[np.uint8]
    """Everything below it; drawn first"""
    teeth: Frame | None
    """BGR: the teeth that the photo shows between the lips, continued under them; None if it shows none"""


def take_apart(portrait: Portrait, region: Region) -> PhotoLayers:
    """Cut a portrait's region along its lips."""
    photo = portrait.picture[region.slices]
    upper = _coverage(portrait, region, _cut(portrait, portrait.inner_upper), below=False)
    lower = _coverage(portrait, region, _cut(portrait, portrait.inner_lower) - [0, UNDERLAP], below=True)
    if portrait.palette is None:
        return PhotoLayers(np.dstack([photo, upper]), np.dstack([photo, lower]), None)
    inside = np.asarray(cv2.subtract(255 - upper, lower), np.uint8)
    scale = portrait.frame.pixels_per_mm
    lips = _without_teeth(photo, inside, portrait.palette, scale)
    teeth = _teeth(photo, inside, scale) if portrait.palette.shows_teeth else None
    return PhotoLayers(np.dstack([lips, upper]), np.dstack([lips, lower]), teeth)


def _cut(portrait: Portrait, edge: Points) -> Points:
    """Return a smooth line along a lip's inner edge from one outer corner to the other, `(60, 2)` mm."""
    from scipy.interpolate import PchipInterpolator

    corners = portrait.at((facemesh.LEFT_CORNER, facemesh.RIGHT_CORNER))
    knots = np.concatenate([corners[:1], edge, corners[1:]])
    knots = knots[np.concatenate([[True], np.diff(np.maximum.accumulate(knots[:, 0])) > 1e-6])]
    x = np.linspace(knots[0, 0], knots[-1, 0], 60)
    return np.stack([x, PchipInterpolator(*knots.T)(x)], axis=1)


def _coverage(portrait: Portrait, region: Region, cut: Points, *, below: bool) -> NDArray[np.uint8]:
    """Return 255 on one side of a cut that runs on level to both sides, soft over about a pixel."""
    line = portrait.frame.to_pixels(cut) - [region.left, region.top]
    far = 4.0 * max(region.width, region.height)
    right, down = portrait.frame.axes
    start, end = line[0] - right * far, line[-1] + right * far
    away = down * (far if below else -far)
    outline = np.concatenate([[start], line, [end], [end + away], [start + away]])
    fine = np.zeros((region.height * SUPERSAMPLING, region.width * SUPERSAMPLING), np.uint8)
    shift = 4  # bits of subpixel position
    vertices = ((outline + 0.5) * SUPERSAMPLING - 0.5) * (1 << shift)
    cv2.fillPoly(fine, [np.round(vertices).astype(np.int32)], (255,), cv2.LINE_AA, shift)
    coverage = cv2.resize(fine, (region.width, region.height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(coverage, (0, 0), 0.5), np.uint8)


def _without_teeth(photo: Frame, inside: NDArray[np.uint8], palette: Palette, scale: float) -> Frame:
    """Regrow the lips' inner edges from the lips themselves, so that no fringe of teeth moves with them."""
    core = (inside > 100).astype(np.uint8)
    lab = cv2.cvtColor(photo, cv2.COLOR_BGR2LAB).astype(np.float32)
    unlike_lip = (
        (palette.inside_likelihood(lab) > 0)
        | (np.abs(lab[..., 0] - palette.lip[0]) > 2.2 * palette.lip_spread[0])
        | (lab[..., 1] < palette.lip[1] - 1.3 * palette.lip_spread[1])
    ).astype(np.uint8)
    near = cv2.dilate(core, _disc(FRINGE_REACH * scale))
    fringe = cv2.bitwise_or(cv2.dilate(core, _disc(FRINGE * scale)), cv2.bitwise_and(near, unlike_lip))
    fringe = cv2.morphologyEx(fringe, cv2.MORPH_CLOSE, _disc(1.5 * scale))
    fringe = cv2.dilate(fringe, _disc(0.5 * scale))
    regrown = cv2.inpaint(photo, fringe * 255, 4, cv2.INPAINT_TELEA)
    # Inpainting draws streaks across the gap; lips have none.
    smooth = cv2.GaussianBlur(regrown, (0, 0), 1.0 * scale)
    grown = cv2.GaussianBlur(cv2.dilate(fringe, _disc(0.5 * scale)).astype(np.float32), (0, 0), 0.7 * scale)[
        ..., None
    ]
    return np.asarray(regrown + (smooth.astype(np.float32) - regrown) * grown, np.uint8)


def _teeth(photo: Frame, inside: NDArray[np.uint8], scale: float) -> Frame:
    """Continue what is between the lips under them: they uncover more of it when they move."""
    core = (inside > 200).astype(np.uint8)
    margin = cv2.dilate(core, _disc(TEETH_MARGIN * scale))
    grown = cv2.inpaint(photo, cv2.subtract(margin, core) * 255, 3, cv2.INPAINT_TELEA)
    own = cv2.GaussianBlur(core.astype(np.float32), (0, 0), 0.8)[..., None]
    return np.asarray(grown * (1 - own) + photo * own, np.uint8)


def _disc(radius: float) -> NDArray[np.uint8]:
    side = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def region_mm(frame: MouthFrame, region: Region, supersampling: int = 1) -> tuple[NDArray[np.float32], ...]:
    """Return x and y in mm of each pixel of a region, float32 `(height·s, width·s)` each."""
    rows, columns = region.height * supersampling, region.width * supersampling
    y, x = np.mgrid[0:rows, 0:columns]
    pixels = (
        (np.stack([x.ravel(), y.ravel()], axis=1) + 0.5) / supersampling - 0.5 + [region.left, region.top]
    )
    mm = frame.to_mm(pixels).astype(np.float32)
    return mm[:, 0].reshape(rows, columns), mm[:, 1].reshape(rows, columns)
