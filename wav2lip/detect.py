"""Where a face is, framed as Wav2Lip expects it: S3FD's box where its weights are, else one like it.

S3FD was trained on boxes "of forehead, chin and cheek" (WIDER FACE): they reach from the middle of the
forehead to the chin, with the eyes of a frontal face at 0.39 of their height. `box_around` lays such a box
around MediaPipe's landmarks.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from voiceover.errors import EngineUnavailable
from voiceover.findings import recall, remember
from voiceover.types import Avatar, Frame, Landmarks
from wav2lip.face import Box, smooth_boxes

IRISES = (468, 473)
LIPS = (13, 14)
CHIN = 152
SMALLEST_FACE = 32  # pixels
MOUTH_ROWS = (0.6, 0.95)  # of the box's height
MOUTH_MARGIN = 0.1  # of the box's width
EYES_AT = 0.39  # of the box's height, from the top
DETECTION_BATCH = 8  # pictures S3FD looks at together
LONGEST_SIDE = 720  # pixels; larger pictures are looked at smaller
S3FD_FILE = "s3fd-619a316812.pth"


def box_around(face: Landmarks) -> Box:
    """Return the box in which S3FD would frame a face, from MediaPipe's landmarks."""
    left, right = face[:, 0].min(), face[:, 0].max()
    eyes, chin = face[IRISES, 1].mean(), face[CHIN, 1]
    top = (eyes - EYES_AT * chin) / (1 - EYES_AT)
    return Box(round(float(left)), round(float(top)), round(float(right)), round(float(chin)))


def can_speak_in(box: Box, face: Landmarks) -> bool:
    """Whether a face is large enough, and its mouth where the network draws one and inside the picture."""
    width, height = box.size
    x, y = face[LIPS, :2].mean(axis=0)
    row = (y - box.top) / max(height, 1)
    inside = box.left + MOUTH_MARGIN * width < x < box.right - MOUTH_MARGIN * width
    return min(width, height) >= SMALLEST_FACE and inside and MOUTH_ROWS[0] < row < MOUTH_ROWS[1]


class FaceFramer:
    """Frames the faces of avatars. Not safe to share between threads."""

    def __init__(self, checkpoints: Path, cache: Path | None = None) -> None:
        """
        Args:
            checkpoints: folder where S3FD's weights may be.
            cache: folder for the boxes that S3FD found, so that it looks once at an avatar; made when needed.
        """
        self._weights = checkpoints / S3FD_FILE
        self._cache = cache

    def steadied(self, avatar: Avatar) -> list[Box | None]:
        """Return the boxes as the network sees them: padded, and steadied over time.

        None where a frame has no face that can be drawn on.

        Raises:
            EngineUnavailable: S3FD's weights are there but cannot be used.
        """
        found = self.boxes(avatar)
        padded = [box.padded_below(avatar.frames[0]) for box in found if box is not None]
        steadied = iter(smooth_boxes(padded))
        boxes = [None if box is None else next(steadied) for box in found]
        return [
            box if box is not None and face is not None and can_speak_in(box, face) else None
            for box, face in zip(boxes, avatar.faces, strict=True)
        ]

    def boxes(self, avatar: Avatar) -> list[Box | None]:
        """Return the box of each of the avatar's frames, None where it has no face.

        Raises:
            EngineUnavailable: S3FD's weights are there but cannot be used.
        """
        boxes = [None if face is None else box_around(face) for face in avatar.faces]
        if not self._weights.is_file():
            return boxes
        path = self._cache / f"{avatar.digest}.npy" if self._cache else None
        found = recall(path) if path else None
        if found is None or found.shape != (len(boxes), len(Box._fields)):
            found = self._found(avatar, boxes)
            if path:
                remember(path, found)
        return [box and Box(*map(int, row)) for box, row in zip(boxes, found, strict=True)]

    def _found(self, avatar: Avatar, boxes: list[Box | None]) -> NDArray[np.int64]:
        """Return S3FD's box of each frame, `(n, 4)`; rows of frames without a face mean nothing."""
        detector = _S3fd(self._weights)
        found = np.zeros((len(boxes), len(Box._fields)), np.int64)
        faces = [(index, box) for index, box in enumerate(boxes) if box is not None]
        for start in range(0, len(faces), DETECTION_BATCH):
            batch = faces[start : start + DETECTION_BATCH]
            seen = detector.find([avatar.frames[index] for index, _ in batch])
            for (index, box), candidates in zip(batch, seen, strict=True):
                found[index] = _same_face(box, candidates)
        return found


class _S3fd:
    """Zhang et al., "S3FD: Single Shot Scale-invariant Face Detector" (2017), as face-alignment has it."""

    def __init__(self, weights: Path) -> None:
        import pickle

        from face_alignment.detection.sfd import FaceDetector

        try:
            self._detector = FaceDetector(device="cpu", path_to_detector=str(weights))
        except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as exc:
            why = (str(exc) or type(exc).__name__).splitlines()[0][:120]
            raise EngineUnavailable(
                f"{weights.name} cannot be used: it is damaged or another network's ({why})",
                engine="wav2lip",
                reason="checkpoint-unreadable",
            ) from exc

    def find(self, frames: Sequence[Frame]) -> list[NDArray[np.float64]]:
        """Return the boxes found in each frame, `(n, 5)`: left, top, right, bottom, score."""
        import torch

        height, width = frames[0].shape[:2]
        scale = min(LONGEST_SIDE / max(height, width), 1.0)
        size = round(width * scale), round(height * scale)
        pictures = [cv2.cvtColor(cv2.resize(frame, size), cv2.COLOR_BGR2RGB) for frame in frames]
        batch = torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2).copy())
        found = [
            np.array(boxes, np.float64).reshape(-1, 5) for boxes in self._detector.detect_from_batch(batch)
        ]
        return [boxes / [scale, scale, scale, scale, 1] for boxes in found]


def _same_face(box: Box, found: NDArray[np.float64]) -> Box:
    """Return the box found around the same face, or the given one when that face was not found."""
    overlaps = [_overlap(box, Box(*corners[:4])) for corners in found]
    if not overlaps or max(overlaps) < 0.3:
        return box
    return Box(*(int(corner) for corner in found[int(np.argmax(overlaps))][:4]))


def _overlap(one: Box, other: Box) -> float:
    """Return intersection over union."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    both = max(width, 0) * max(height, 0)
    areas = sum((box.right - box.left) * (box.bottom - box.top) for box in (one, other))
    return float(both / (areas - both))
