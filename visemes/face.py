"""A portrait that can take any pose of the mouth."""

import cv2
import numpy as np
from numpy.typing import NDArray

from visemes.layers import region_mm, take_apart
from visemes.motion import MouthPose
from visemes.mouth import Box, MouthPainter
from visemes.portrait import measure
from visemes.rig import LipRig, Shifts, smoothstep
from visemes.warp import FaceWarp, Map, Region
from voiceover.types import Frame, Landmarks

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
            region = self._draw_region(pose)
            picture[self.region.slices] = np.clip(region + 0.5, 0, 255).astype(np.uint8)
        return picture

    def _draw_region(self, pose: MouthPose) -> Floats:
        shifts = self._rig.shifts(pose)
        upper_map, lower_map = self._warp.maps(shifts)
        upper, lower = _pulled(self._layers.upper, upper_map), _pulled(self._layers.lower, lower_map)
        canvas = lower[..., :3].astype(np.float32)
        box = self._painter.box(shifts)
        if box is not None:
            part = canvas[box.slices]
            inside = self._painter.paint(pose, shifts, box)
            part[:] = inside + (part - inside) * _coverage(lower[box.slices])
        canvas += (upper[..., :3] - canvas) * _coverage(upper)
        if box is not None and self.portrait.open:
            self._add_contact_shadow(canvas, pose, shifts, box)
        if pose.speaking < UNTOUCHED:
            t = np.float32(1 - pose.speaking / UNTOUCHED)
            canvas += (self._photo[self.region.slices] - canvas) * (t * t * (3 - 2 * t))
        return canvas

    def _add_contact_shadow(self, canvas: Floats, pose: MouthPose, shifts: Shifts, box: Box) -> None:
        """An open photo holds no shadow between touching lips: draw one where they meet."""
        x, y = self._x[box.slices], self._y[box.slices]
        upper, lower = np.interp(x, *shifts.inner_upper.T), np.interp(x, *shifts.inner_lower.T)
        height = np.maximum(lower - upper, 0)
        below = y - (upper + lower) / 2
        spread = np.where(below < 0, 0.55, 1.0)  # mm: the upper lip shades the lower one
        between_corners = smoothstep(x, shifts.inner_upper[0, 0] - 1, shifts.inner_upper[0, 0] + 3)
        between_corners *= 1 - smoothstep(x, shifts.inner_upper[-1, 0] - 3, shifts.inner_upper[-1, 0] + 1)
        shadow = 0.48 * pose.speaking * np.exp(-((below / spread) ** 2) - height / 1.2) * between_corners
        canvas[box.slices] *= 1 - (shadow[..., None] * [1.12, 1.1, 0.9]).astype(np.float32)


def _pulled(layer: NDArray[np.uint8], where: Map) -> NDArray[np.uint8]:
    return np.asarray(
        cv2.remap(layer, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def _coverage(layer: NDArray[np.uint8]) -> Floats:
    return layer[..., 3:].astype(np.float32) / np.float32(255)
