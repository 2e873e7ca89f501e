"""Bringing the lower face of one picture into another picture of the same person."""

import cv2
import numpy as np
from numpy.typing import NDArray

from voiceover.types import Frame, Landmarks

# What speech does not move: corners and lids of the eyes, bridge, tip and wings of the nose, temples.
STEADY = (33, 133, 362, 263, 159, 386, 6, 197, 1, 4, 98, 327, 127, 356, 234, 454)
# Around mouth and chin: under the nose, over the cheeks, along the jaw a little inside the face.
LOWER_FACE = (2, 98, 203, 205, 207, 214, 210, 211, 32, 208, 199, 428, 262, 431, 430, 434, 427, 425, 423, 327)
SOFTNESS = 0.035  # of the face's width: standard deviation of the mask's edge
EDGE = (0.05, 0.95)  # of the mask: where both pictures show, and should have one colour


class FaceTransfer:
    """Carries the lower face of a key picture over. Immutable: safe to share between threads."""

    def __init__(self, key: Frame, face: Landmarks) -> None:
        """
        Args:
            key: uint8 `(height, width, 3)`.
            face: of the face in it.
        """
        self._face = face
        height, width = key.shape[:2]
        softness = SOFTNESS * float(np.ptp(face[:, 0]))
        mask = np.zeros((height, width), np.float32)
        hull = cv2.convexHull(np.rint(face[list(LOWER_FACE), :2]).astype(np.int32))
        cv2.fillConvexPoly(mask, hull, 1.0)
        self._mask = cv2.GaussianBlur(mask, (0, 0), softness)
        x, y, w, h = cv2.boundingRect((self._mask > EDGE[0] / 4).astype(np.uint8))
        self._corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)

    def onto(self, frame: Frame, face: Landmarks, drawn: Frame, share: float = 1.0) -> Frame:
        """Return a frame with the lower face of a version of the key picture.

        Args:
            frame: of the same person; not changed.
            face: in it.
            drawn: the key picture with another mouth.
            share: how much of it shows, from 0 to 1.
        """
        view = self._view(face)
        height, width = frame.shape[:2]
        corners = cv2.transform(self._corners[None], view)[0]
        left, top = np.clip(np.floor(corners.min(axis=0)), 0, [width, height]).astype(int).tolist()
        right, bottom = np.clip(np.ceil(corners.max(axis=0)), 0, [width, height]).astype(int).tolist()
        result = frame.copy()
        if right <= left or bottom <= top:
            return result
        view[:, 2] -= [left, top]
        size = right - left, bottom - top
        brought = cv2.warpAffine(drawn, view, size, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        mask = np.asarray(cv2.warpAffine(self._mask, view, size), np.float32)
        under = result[top:bottom, left:right]
        brought += _tint(under, brought, mask)
        blend = under + (brought - under) * (mask * share)[:, :, None]
        under[:] = np.clip(blend + 0.5, 0, 255).astype(np.uint8)
        return result

    def moved(self, face: Landmarks) -> Landmarks:
        """Return a face with the lower part of the key picture's face, as `onto` draws it."""
        view = self._view(face)
        carried = np.concatenate(
            [cv2.transform(self._face[None, :, :2], view)[0], self._face[:, 2:] * np.hypot(*view[:, 0])],
            axis=1,
        )
        x, y = np.rint(self._face[:, :2]).astype(int).T
        height, width = self._mask.shape
        covered = self._mask[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)] > 0.5
        return np.where(covered[:, None], carried, face).astype(np.float32)

    def _view(self, face: Landmarks) -> NDArray[np.float64]:
        """Return the similarity `(2, 3)` that brings the key picture's face over another."""
        steady = list(STEADY)
        view, _ = cv2.estimateAffinePartial2D(self._face[steady, :2], face[steady, :2], method=cv2.LMEDS)
        return np.asarray(view, np.float64)


def _tint(under: Frame, brought: NDArray[np.float32], mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what makes one colour of both where they meet, BGR: light changes while a head moves."""
    edge = (mask > EDGE[0]) & (mask < EDGE[1])
    if not edge.any():
        return np.zeros(3, np.float32)
    return np.asarray(np.median(under[edge].astype(np.float32) - brought[edge], axis=0), np.float32)
