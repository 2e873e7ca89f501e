"""Does the portrait wear glasses? A blink would bend their rims."""

import cv2
import numpy as np

from voiceover.geometry import OUTER_CORNERS, face_axes, pixels_per_mm
from voiceover.types import Frame, Landmarks

STEPS = 2  # samples a mm
BRIDGE = (-4.0, 4.0, -16.0, 14.0)  # mm: left, right, top, bottom, from the middle between the eyes
BAR = 2.0  # mm above and below with which a line is compared
CONTRAST = 0.07  # of log brightness: faces without glasses gave at most 0.04, thin wire 0.13


def wears_glasses(picture: Frame, face: Landmarks) -> bool:
    """Look for a bar across the bridge of the nose: a line darker or brighter than the skin on both sides.

    Skin has no such line there: frown lines run down, not across. A mistake costs only the blink.
    """
    return bridge_contrast(picture, face) > CONTRAST


def bridge_contrast(picture: Frame, face: Landmarks) -> float:
    """Return how much a line across the bridge stands out, in units of log brightness.

    At least three quarters of the line's length stand out by this much.
    """
    brightness = cv2.cvtColor(_bridge(picture, face), cv2.COLOR_BGR2GRAY).astype(np.float32)
    contrast = cv2.GaussianBlur(np.log(brightness + 20), (0, 0), 0.4 * STEPS)
    gap = int(BAR * STEPS)
    line = contrast[gap:-gap] - (contrast[: -2 * gap] + contrast[2 * gap :]) / 2
    brighter, darker = np.percentile(line, 25, axis=1), -np.percentile(line, 75, axis=1)
    return float(np.maximum(brighter, darker).max())


def _bridge(picture: Frame, face: Landmarks) -> Frame:
    """Cut out the bridge of the nose, upright, at a fixed number of pixels a mm."""
    x0, x1, y0, y1 = BRIDGE
    x, y = np.meshgrid(np.arange(x0, x1, 1 / STEPS), np.arange(y0, y1, 1 / STEPS))
    middle = face[list(OUTER_CORNERS), :2].mean(axis=0)
    places = middle + pixels_per_mm(face) * np.dstack([x, y]) @ face_axes(face)
    places = places.astype(np.float32)
    return cv2.remap(
        picture, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )  # type: ignore[return-value]
