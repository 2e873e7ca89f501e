"""Following one face through a video."""

from collections.abc import Iterable

import numpy as np

from voiceover.facesearch import find_faces
from voiceover.landmarks import LandmarkFinder
from voiceover.portraits import propose_crop, yaw
from voiceover.types import Frame, Landmarks

SEARCH_EVERY = 25  # frames: so often a lost face is looked for everywhere, which takes long
STEADYING = 1.0  # frames: standard deviation of the filter over landmarks, which tremble
INNER_LIPS = (13, 14)
TURN_WEIGHT = 0.002  # lip gap, of the face's height, that a degree of turning is worth


def follow(frames: Iterable[Frame], finder: LandmarkFinder) -> list[Landmarks | None]:
    """Return the landmarks of a video's largest face in each frame; None where it is out of sight."""
    faces: list[Landmarks | None] = []
    last: Landmarks | None = None
    for number, frame in enumerate(frames):
        face = None if last is None else _near(last, frame, finder)
        if face is None:
            found = find_faces(frame, finder) if number % SEARCH_EVERY == 0 else finder.find(frame)
            face = found[0] if found else None
        last = face if face is not None else last
        faces.append(face)
    return faces


def steadied(faces: list[Landmarks | None]) -> list[Landmarks | None]:
    """Take the tremble out of landmarks: each is averaged with its neighbours in time."""
    from scipy.ndimage import gaussian_filter1d

    seen = np.array([face is not None for face in faces], np.float32)
    flat = np.stack([np.zeros((478, 3), np.float32) if face is None else face for face in faces])
    sums = gaussian_filter1d(flat, STEADYING, axis=0, mode="nearest")
    weights = gaussian_filter1d(seen, STEADYING, mode="nearest")
    steady = sums / np.maximum(weights, 1e-6)[:, None, None]
    return [None if face is None else steady[number] for number, face in enumerate(faces)]


def lip_gap(face: Landmarks) -> float:
    """Return how far the lips are apart, of the face's height."""
    gap = np.linalg.norm(face[INNER_LIPS[0], :2] - face[INNER_LIPS[1], :2])
    return float(gap / np.ptp(face[:, 1]))


def calmest(faces: Iterable[Landmarks | None]) -> int | None:
    """Return the index of the frame whose mouth is most closed, and whose head is least turned."""
    scores = {
        index: lip_gap(face) + TURN_WEIGHT * abs(yaw(face))
        for index, face in enumerate(faces)
        if face is not None
    }
    return min(scores, key=scores.__getitem__, default=None)


def _near(last: Landmarks, frame: Frame, finder: LandmarkFinder) -> Landmarks | None:
    """Look for a face where it was: smaller ones are found so, and other people are not."""
    height, width = frame.shape[:2]
    left, top, side, _ = propose_crop(last, width, height)
    found = finder.find(np.ascontiguousarray(frame[top : top + side, left : left + side]))
    return found[0] + np.array([left, top, 0], np.float32) if found else None
