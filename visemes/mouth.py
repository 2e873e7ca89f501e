"""The inside of the mouth: cavity, tongue and two rows of teeth, painted where the lips part."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from visemes import facemesh, teeth
from visemes.layers import PhotoLayers, region_mm
from visemes.motion import MouthPose
from visemes.portrait import Portrait
from visemes.rig import Shifts, meeting_height
from visemes.warp import Region
from voiceover.geometry import smoothstep

Floats = NDArray[np.float32]
Colour = NDArray[np.float32]
"""BGR, float32 `(3,)` in [0, 255]"""

UPPER_EDGE = 2.8  # mm from the line where the lips meet down to the edge of the upper incisors
CURTAIN_OPEN, CURTAIN_CLOSED = 6.0, 2.6  # mm by which fully rounded lips shorten the teeth that are seen
SUPERSAMPLING = 3


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle inside the region, in pixels of the region."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Indices of the box in a picture of the region."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What is seen between the lips in one picture; arrays are `(height, width)` of the box, mm."""

    box: Box
    x: Floats
    y: Floats
    upper: Floats
    """y of the upper lip's edge at each pixel's x"""
    height: Floats
    """from the upper lip's edge to the lower one's"""
    bottom: float
    """y of the lower lip's edge in the middle"""
    aperture: float


class MouthPainter:
    """Paints the inside of one portrait's mouth. Immutable: safe to share between threads."""

    def __init__(self, portrait: Portrait, region: Region, layers: PhotoLayers) -> None:
        self._portrait = portrait
        self._region = region
        self._x, self._y = region_mm(portrait.frame, region)
        self._softness = float(np.clip(0.75 * _photo_blur(portrait, region) - 0.35, 0.35, 2.0))
        self._palette = _colours(portrait)
        fine_x, fine_y = region_mm(portrait.frame, region, SUPERSAMPLING)
        fine_x = np.asarray(
            fine_x / portrait.side_scale(fine_x), np.float32
        )  # a turned head foreshortens one side
        self._lower_coverage, self._lower_colour = self._drawn(teeth.LOWER, fine_x, -fine_y)
        self._own_teeth = layers.teeth is not None
        if layers.teeth is not None:
            edge = np.interp(self._x, *portrait.inner_lower.T) - 0.25
            self._upper_coverage = (1 - smoothstep(self._y - edge, -0.5, 0.4)).astype(np.float32)
            self._upper_colour = layers.teeth.astype(np.float32)
        else:
            edge_y = UPPER_EDGE + meeting_height(portrait)
            self._upper_coverage, self._upper_colour = self._drawn(teeth.UPPER, fine_x, fine_y - edge_y)

    def box(self, shifts: Shifts, first_row: int, last_row: int) -> Box | None:
        """Return the rectangle around the parted lips, with a margin, between two rows; None if empty."""
        outline = self._portrait.frame.to_pixels(np.concatenate([shifts.inner_upper, shifts.inner_lower]))
        outline -= [self._region.left, self._region.top]
        left, top = np.floor(outline.min(axis=0)).astype(int) - 3
        right, bottom = np.ceil(outline.max(axis=0)).astype(int) + 4
        left, right = max(left, 0), min(right, self._region.width)
        top, bottom = max(top, first_row), min(bottom, last_row)
        return Box(int(left), int(top), int(right), int(bottom)) if right > left and bottom > top else None

    def paint(self, pose: MouthPose, shifts: Shifts, box: Box) -> Floats:
        """Return the inside of the mouth, BGR float32 `(height, width, 3)` of the box."""
        view = self._view(shifts, box)
        canvas = self._cavity(view)
        self._add_tongue(canvas, view, pose)
        self._add_lower_teeth(canvas, view, pose)
        if self._own_teeth:  # the photo's own teeth are as sharp as the photo: they go on top, unblurred
            canvas = self._softened(canvas)
            self._add_upper_teeth(canvas, view, pose)
            return canvas
        self._add_upper_teeth(canvas, view, pose)
        return self._softened(canvas)

    def _softened(self, canvas: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(canvas, (0, 0), self._softness), np.float32)

    def _view(self, shifts: Shifts, box: Box) -> _View:
        x, y = self._x[box.slices], self._y[box.slices]
        upper = np.interp(x, *shifts.inner_upper.T).astype(np.float32)
        lower = np.interp(x, *shifts.inner_lower.T).astype(np.float32)
        bottom = float(shifts.inner_lower[len(shifts.inner_lower) // 2, 1])
        return _View(box, x, y, upper, np.maximum(lower - upper, 0.01), bottom, shifts.aperture)

    def _cavity(self, view: _View) -> Floats:
        depth = np.clip((view.y - view.upper) / view.height, 0, 1)
        sideways = view.x / np.where(view.x < 0, self._portrait.half_left, self._portrait.half_right)
        light = (0.55 + 0.80 * depth) * (1 - 0.35 * np.clip(sideways, -1, 1) ** 2)
        canvas = np.asarray(self._palette.cavity * light[..., None], np.float32)
        # Light that falls through the lips themselves fills a narrow gap: it is brown, never black.
        _blend(canvas, self._palette.gap, np.exp(-view.height / 1.6))
        return canvas

    def _add_tongue(self, canvas: Floats, view: _View, pose: MouthPose) -> None:
        """A hump on the floor of the mouth; it moves with the jaw and rises for t, n, l, th."""
        sink = 1.4 + 0.55 * max(pose.jaw - 2, 0)
        top = view.bottom - sink - 0.55 * pose.tongue * view.aperture + 2.8 * (view.x / 15) ** 2
        coverage = smoothstep(view.y - top, -1.4, 1.4) * (1 - smoothstep(np.abs(view.x), 9, 16))
        back_light = 0.55 + 0.45 * np.exp(-(((view.y - top - 2.8) / 2.6) ** 2))
        groove = 1 - 0.06 * np.exp(-((view.x / 1.2) ** 2))
        light = (
            back_light * groove * (1 - 0.45 * (view.x / 15) ** 2) * np.clip(0.42 + 0.10 * view.height, 0, 1)
        )
        _blend(canvas, self._palette.tongue * light[..., None], coverage)

    def _add_lower_teeth(self, canvas: Floats, view: _View, pose: MouthPose) -> None:
        """They move with the jaw, just behind the lower lip, and are seen once it has dropped."""
        seen = float(np.clip((pose.jaw - 1) / 4, 0, 1)) * (1 - 0.9 * _ramp(pose.rounding, 0.45, 0.8))
        if seen == 0:
            return
        edge = view.bottom - 0.7 - 0.55 * max(pose.lower_lip, 0) * (1 - pose.closure)
        coverage = _moved(self._lower_coverage, self._shift_pixels(edge), view.box)
        colour = _moved(self._lower_colour, self._shift_pixels(edge), view.box)
        _blend(canvas, colour * _warm_shade(np.float32(0.58)), 0.8 * seen * coverage)

    def _add_upper_teeth(self, canvas: Floats, view: _View, pose: MouthPose) -> None:
        """Fixed to the skull, in the shadow of the upper lip; pushed-out lips draw a curtain over them."""
        rounded = pose.speaking * _ramp(pose.rounding, 0.25, 0.90)
        lift = self._shift_pixels(-rounded * (CURTAIN_OPEN if self._own_teeth else CURTAIN_CLOSED))
        coverage = _moved(self._upper_coverage, lift, view.box) * np.float32(1 - 0.6 * rounded**2)
        colour = self._upper_colour[view.box.slices]
        darkest = (0.30 if self._own_teeth else 0.55) * (1 - rounded) + 0.80 * rounded
        shadow = 1 - darkest * np.exp(-np.maximum(view.y - view.upper, 0) / (1.2 + 1.8 * rounded))
        light = 1.0 if self._own_teeth else float(np.clip(0.74 + 0.05 * view.aperture, 0.74, 0.96))
        lightness = 1 - pose.speaking * (1 - shadow * light)
        _blend(canvas, colour * _warm_shade(lightness.astype(np.float32)), coverage)

    def _drawn(self, row: teeth.ToothRow, fine_x: Floats, fine_y: Floats) -> tuple[Floats, Floats]:
        """Draw a row at the region's resolution: coverage `(h, w)` and BGR `(h, w, 3)`."""
        size = (self._region.width, self._region.height)
        coverage, lightness = (
            cv2.resize(fine, size, interpolation=cv2.INTER_AREA) for fine in row.draw(fine_x, fine_y)
        )
        return np.asarray(coverage), self._palette.teeth * _warm_shade(np.asarray(lightness))

    def _shift_pixels(self, down: float) -> NDArray[np.float64]:
        """Return a shift of `down` mm along the face, in pixels (x, y)."""
        return np.asarray(self._portrait.frame.axes[1] * down * self._portrait.frame.pixels_per_mm)


@dataclass(frozen=True, slots=True, eq=False)
class _Colours:
    cavity: Colour
    gap: Colour
    """of the shadow between nearly touching lips"""
    tongue: Colour
    teeth: Colour


def _colours(portrait: Portrait) -> _Colours:
    """Take the light of the scene and the hue of the lips from the photo."""
    grey = cv2.cvtColor(portrait.picture, cv2.COLOR_BGR2GRAY)
    skin, lip = (
        _median_colour(portrait, facemesh.SKIN_SAMPLES, 1.5),
        _median_colour(portrait, facemesh.LIP_SAMPLES, 0.8),
    )
    light = float(skin @ [0.114, 0.587, 0.299])
    face_rows = portrait.frame.to_pixels(portrait.at((facemesh.FOREHEAD, facemesh.CHIN)))[:, 1]
    top, bottom = np.clip(face_rows, 0, len(grey)).astype(int)
    highlights = float(np.percentile(grey[top : max(bottom, top + 1)], 97))
    white = np.array([196, 216, 226]) / 216 * np.clip(0.35 * light + 0.64 * highlights, 60, 222)
    hue = lip / lip.mean()
    return _Colours(
        cavity=(np.sqrt(hue) * [0.72, 0.70, 1.30] * (0.15 * light + 8)).astype(np.float32),
        gap=(0.38 * lip * [0.80, 0.80, 1.0]).astype(np.float32),
        tongue=(0.35 * lip + 0.65 * light * np.sqrt(hue) * [0.42, 0.40, 0.66]).astype(np.float32),
        teeth=(0.78 * white + 0.22 * white.mean() * skin / skin.mean()).astype(np.float32),
    )


def _photo_blur(portrait: Portrait, region: Region) -> float:
    """Return how blurred the region's sharpest edges are: a Gaussian's standard deviation in pixels.

    From what a second blur does to them (Zhuo & Sim, "Defocus map estimation from a single image", 2011).
    """
    grey = cv2.cvtColor(portrait.picture[region.slices], cv2.COLOR_BGR2GRAY).astype(np.float32)
    steepness = []
    for picture in (grey, cv2.GaussianBlur(grey, (0, 0), 1.0)):
        x, y = cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1)
        steepness.append(float(np.percentile(cv2.magnitude(x, y), 99)))
    ratio = steepness[0] / max(steepness[1], 1e-3)
    return float(1 / np.sqrt(max(ratio**2 - 1, 0.05)))


def _median_colour(portrait: Portrait, ids: facemesh.Ids, radius: float) -> NDArray[np.float64]:
    """Return the median BGR around mesh points; radius in mm."""
    reach = max(1, int(radius * portrait.frame.pixels_per_mm))
    height, width = portrait.picture.shape[:2]
    patches = []
    for x, y in portrait.frame.to_pixels(portrait.at(ids)).round().astype(int):
        x, y = int(np.clip(x, 0, width - 1)), int(np.clip(y, 0, height - 1))
        patch = portrait.picture[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
        patches.append(patch.reshape(-1, 3))
    return np.asarray(np.median(np.concatenate(patches), axis=0), np.float64) + 1e-3


def _warm_shade(lightness: NDArray[np.float32] | np.float32) -> Floats:
    """Return BGR factors for a lightness: shade inside a mouth is warm, or teeth look grey."""
    dark = np.log(np.maximum(lightness, 0.02))
    return np.asarray(np.exp(np.stack([1.28 * dark, 1.14 * dark, dark], axis=-1)), np.float32)


def _blend(canvas: Floats, colour: NDArray[np.floating], coverage: NDArray[np.floating]) -> None:
    canvas += (colour - canvas) * coverage[..., None].astype(np.float32)


def _moved(picture: Floats, shift: NDArray[np.float64], box: Box) -> Floats:
    """Return the box's part of a picture of the region that was shifted by (x, y) pixels."""
    placing = np.array([[1, 0, box.left - shift[0]], [0, 1, box.top - shift[1]]], np.float64)
    size = (box.right - box.left, box.bottom - box.top)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, placing, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _ramp(value: float, low: float, high: float) -> float:
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)
