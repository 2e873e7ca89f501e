"""A portrait measured: where its lips, jaw and cheeks are, in millimetres."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visemes import facemesh, lipline
from visemes.mouthframe import MouthFrame, Points, mouth_frame
from voiceover.types import Frame, Landmarks

OPEN_GAP = 1.6  # mm between the lips, above which a photo counts as open-mouthed
NEUTRAL_HALF_WIDTH = 26.0  # mm from the middle of a relaxed mouth to its corner


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A face in a picture, ready to be rigged."""

    picture: Frame
    frame: MouthFrame
    points: Points
    """All 478 mesh points, mm"""
    depth: NDArray[np.float64]
    """`(478,)` mm towards the camera"""
    inner_upper: Points
    """Lower edge of the upper lip, 11 points, from corner to corner"""
    inner_lower: Points
    """Upper edge of the lower lip, likewise; equal to `inner_upper` where the mouth is closed"""
    half_left: float
    """mm from the middle of the mouth to its left corner"""
    half_right: float
    smile: float
    """mm by which the mouth is wider than at rest, on each side"""
    palette: lipline.Palette | None
    """Colours of the lips and of what is between them; None for a closed mouth"""

    @property
    def open(self) -> bool:
        """Whether the mouth is open in the picture."""
        return self.palette is not None

    @property
    def half_width(self) -> float:
        """Half the width of the mouth, mm."""
        return (self.half_left + self.half_right) / 2

    @property
    def gap(self) -> NDArray[np.float64]:
        """mm between the lips along the 11 contour points."""
        return np.asarray(np.maximum(self.inner_lower[:, 1] - self.inner_upper[:, 1], 0))

    def at(self, ids: facemesh.Ids) -> Points:
        """Return the mesh points of these ids, mm."""
        return self.points[list(ids)]

    def across(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far x (mm) is from the middle towards a corner: 0 in the middle, 1 at either corner."""
        return np.where(x < 0, -x / self.half_left, x / self.half_right)

    def side_scale(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the share of the mean half width that x's side has: yaw foreshortens one side."""
        return np.where(x < 0, self.half_left, self.half_right) / self.half_width


def measure(picture: Frame, landmarks: Landmarks) -> Portrait:
    """Measure a face. The landmarks are those of this picture, float32 `(478, 3)` in pixels."""
    frame = mouth_frame(landmarks)
    points = frame.to_mm(landmarks[:, :2])
    upper, lower = points[list(facemesh.INNER_UPPER)], points[list(facemesh.INNER_LOWER)]
    middle = len(upper) // 2
    palette = None
    if lower[middle, 1] - upper[middle, 1] > OPEN_GAP:
        contours = lipline.LipContours(
            points[list(facemesh.OUTER_UPPER)], upper, lower, points[list(facemesh.OUTER_LOWER)]
        )
        upper, lower, palette = lipline.trace_open(picture, frame, contours)
    else:
        upper = lower = lipline.trace_closed(picture, frame, upper, lower)
    left, right = -points[facemesh.LEFT_CORNER, 0], points[facemesh.RIGHT_CORNER, 0]
    return Portrait(
        picture=picture,
        frame=frame,
        points=points,
        depth=-landmarks[:, 2].astype(np.float64) / frame.pixels_per_mm,
        inner_upper=upper,
        inner_lower=lower,
        half_left=max(float(left), 1.0),
        half_right=max(float(right), 1.0),
        smile=max(0.0, float(left + right) / 2 / max(frame.cos_yaw, 0.6) - NEUTRAL_HALF_WIDTH),
        palette=palette,
    )
