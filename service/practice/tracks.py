"""The numbers by which the shape of a mouth is told to the network in training."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visemes.motion import mouth_poses
from voiceover.types import Speech


class Track(NamedTuple):
    """One of those numbers, see `visemes.motion.MouthPose`."""

    name: str
    typical: float
    spread: float
    """standard deviation in speech, in the same unit"""
    importance: float
    """when it is told from sound: people look at whether the mouth is open"""
    missed: float = 1.0
    """how much worse it is to tell too little of it than too much: lips that do not touch are seen at once"""


TRACKS = (
    Track("opening", 3.3, 2.6, 4.0),
    Track("jaw", 2.6, 1.8, 1.0),
    Track("lower_lip", 0.7, 0.45, 0.5),
    Track("upper_lip", 0.65, 0.4, 0.5),
    Track("width", -0.6, 1.7, 1.5),
    Track("rounding", 0.2, 0.25, 1.5),
    Track("tongue", 0.14, 0.14, 0.3),
    Track("roll", 0.05, 0.08, 0.5),
    Track("closure", 0.12, 0.29, 4.0, missed=3.0),
    Track("labiodental", 0.07, 0.22, 1.0),
)


def shapes(speech: Speech) -> NDArray[np.float32]:
    """Return the mouths that visemes make for a speech, `(frames, 10)`: each track about 0, about 1 apart."""
    typical = np.array([track.typical for track in TRACKS])
    spread = np.array([track.spread for track in TRACKS])
    poses = [[getattr(pose, track.name) for track in TRACKS] for pose in mouth_poses(speech)]
    return np.asarray((np.array(poses) - typical) / spread, np.float32)
