"""A portrait that can take any pose of the mouth."""

import cv2
import numpy as np
from numpy.typing import NDArray

from visemes.layers import region_mm, take_apart
from visemes.motion import MouthPose
from visemes.mouth import Box, MouthPainter
from visemes.portrait import measure
from visemes.rig import LipRig, Shifts
from visemes.warp import FaceWarp, Map, Region
from voiceover.geometry import smoothstep
from voiceover.types import Frame, Landmarks

SEAM_MARGIN = 4  # pixels around the lips in which shadows are drawn
UNTOUCHED = 0.25  # speaking posture below which the drawing cross-fades to the photo

Floats = NDArray[np.float32]


class TalkingFace:
    """One picture with one face, rigged. Immutable: safe to share between threads."""

    def __init__(self, picture: Frame, landmarks: Landmarks) -> None:
        """
        Args:
            picture: uint8 `(height, width, 3)` BGR.
            landmarks: of the face in it, float32 `(478, 3)`, pixels.
        """
        self.portrait = portrait = measure(picture, landmarks)
        self._photo = picture
        self._rig = LipRig(portrait)
        self._warp = FaceWarp(self._rig)
        self._layers = take_apart(portrait, self.region)
        self._painter = MouthPainter(portrait, self.region, self._layers)
        self._x, self._y = region_mm(portrait.frame, self.region)

    @property
    def region(self) -> Region:
        """Outside this rectangle every picture equals the photo."""
        return self._warp.region

    def draw(self, pose: MouthPose) -> Frame:
        """Return a new picture with the mouth in the given pose; the photo itself for the pose at rest."""
        picture = self._photo.copy()
        if not pose.at_rest:
            self._draw_into(picture[self.region.slices], pose)
        return picture

    def _draw_into(self, region: Frame, pose: MouthPose) -> None:
        """Draw over the photo's region: lower layer, inside of the mouth, upper layer."""
        shifts = self._rig.shifts(pose)
        upper_map, lower_map = self._warp.maps(shifts)
        upper, lower = _pulled(self._layers.upper, upper_map), _pulled(self._layers.lower, lower_map)
        top, bottom = _seam(upper, lower)
        canvas = lower[top:bottom, :, :3].astype(np.float32)
        box = self._painter.box(shifts, top, bottom)
        if box is not None:
            part = canvas[box.top - top : box.bottom - top, box.left : box.right]
            inside = self._painter.paint(pose, shifts, box)
            part[:] = inside + (part - inside) * _coverage(lower[box.slices])
        canvas += (upper[top:bottom, :, :3] - canvas) * _coverage(upper[top:bottom])
        if box is not None and self.portrait.open:
            part *= self._contact_shadow(pose, shifts, box)
        photo = region.copy() if pose.speaking < UNTOUCHED else None
        region[:top], region[bottom:] = upper[:top, :, :3], lower[bottom:, :, :3]
        region[top:bottom] = np.clip(canvas + 0.5, 0, 255).astype(np.uint8)
        if photo is not None:
            drawn = float(smoothstep(np.asarray(pose.speaking), 0, UNTOUCHED))
            cv2.addWeighted(region, drawn, photo, 1 - drawn, 0, dst=region)

    def _contact_shadow(self, pose: MouthPose, shifts: Shifts, box: Box) -> Floats:
        """Return the light that is left between touching lips, BGR: an open photo holds no shadow there."""
        x, y = self._x[box.slices], self._y[box.slices]
        upper, lower = np.interp(x, *shifts.inner_upper.T), np.interp(x, *shifts.inner_lower.T)
        height = np.maximum(lower - upper, 0)
        below = y - (upper + lower) / 2
        spread = np.where(below < 0, 0.55, 1.0)  # mm: the upper lip shades the lower one
        between_corners = smoothstep(x, shifts.inner_upper[0, 0] - 1, shifts.inner_upper[0, 0] + 3)
        between_corners *= 1 - smoothstep(x, shifts.inner_upper[-1, 0] - 3, shifts.inner_upper[-1, 0] + 1)
        shadow = 0.48 * pose.speaking * np.exp(-((below / spread) ** 2) - height / 1.2) * between_corners
        return np.asarray(1 - shadow[..., None] * [1.12, 1.1, 0.9], np.float32)


def _pulled(layer: NDArray[np.uint8], where: Map) -> NDArray[np.uint8]:
    return np.asarray(
        cv2.remap(layer, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def _seam(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> tuple[int, int]:
    """Return the rows, first and after the last, outside which one layer covers all, with a margin."""
    only_upper = upper[..., 3].min(axis=1) == 255
    only_lower = (upper[..., 3].max(axis=1) == 0) & (lower[..., 3].min(axis=1) == 255)
    top, bottom = int(np.argmin(only_upper)), len(only_lower) - int(np.argmin(only_lower[::-1]))
    return max(top - SEAM_MARGIN, 0), min(bottom + SEAM_MARGIN, len(upper))


def _coverage(layer: NDArray[np.uint8]) -> Floats:
    return layer[..., 3:].astype(np.float32) / np.float32(255)
