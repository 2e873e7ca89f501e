"""Lips without trained weights, as a lip engine."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from visemes.face import TalkingFace
from visemes.motion import mouth_poses
from voiceover.errors import FaceNotFound
from voiceover.geometry import smoothstep
from voiceover.tracking import calmest
from voiceover.transfer import FaceTransfer
from voiceover.types import Avatar, Frame, Speech

WHOLLY_DRAWN = 0.25  # speaking posture at which nothing of a video's own mouth is left
REMEMBERED_FACES = 64  # rigged pictures kept; one takes about 3 MB at 512×512


class VisemeEngine:
    """Deforms a portrait by the mouth shapes of the phones (`voiceover.lips.LipEngine`).

    Safe to share between threads: rigs are remembered by the avatar's digest and never written to
    once made; drawing has no state.
    """

    name = "visemes"

    def __init__(self) -> None:
        self._faces: OrderedDict[str, _Rigged] = OrderedDict()
        self._lock = threading.Lock()

    def prepare(self, avatar: Avatar) -> None:
        """Rig the avatar's face where its mouth is most closed: some 60 ms, once.

        Raises:
            FaceNotFound: no frame of the avatar has a face.
        """
        self._rigged(avatar)

    def frames(self, avatar: Avatar, speech: Speech, start_frame: int = 0) -> Iterator[Frame]:
        """Yield `speech.frames` pictures; see `voiceover.lips`. A frame without a face stays as it is.

        Raises:
            FaceNotFound: no frame of the avatar has a face.
        """
        rigged = self._rigged(avatar)
        if len(avatar.frames) == 1:
            return map(rigged.face.draw, mouth_poses(speech))
        return _drawn_on_video(avatar, rigged, speech, start_frame)

    def _rigged(self, avatar: Avatar) -> "_Rigged":
        """Return the avatar's rig, made when first needed: a video's frames are looked through only then."""
        with self._lock:
            if avatar.digest in self._faces:
                self._faces.move_to_end(avatar.digest)
                return self._faces[avatar.digest]
        made = _rig(avatar)  # unlocked: others go on speaking meanwhile
        with self._lock:
            rigged = self._faces.setdefault(avatar.digest, made)
            self._faces.move_to_end(avatar.digest)
            if len(self._faces) > REMEMBERED_FACES:
                self._faces.popitem(last=False)
        return rigged


@dataclass(frozen=True, slots=True)
class _Rigged:
    """The frame of an avatar whose mouth is most closed, ready to be drawn and to be carried over."""

    face: TalkingFace
    transfer: FaceTransfer


def _rig(avatar: Avatar) -> _Rigged:
    key = calmest(avatar.faces)
    landmarks = None if key is None else avatar.faces[key]
    if key is None or landmarks is None:
        raise FaceNotFound(f"avatar {avatar.id!r} has no face to speak with", avatar=avatar.id)
    picture = avatar.frames[key]
    return _Rigged(TalkingFace(picture, landmarks), FaceTransfer(picture, landmarks))


def _drawn_on_video(avatar: Avatar, rigged: _Rigged, speech: Speech, start_frame: int) -> Iterator[Frame]:
    """Draw one frame's face in all its poses, and carry the mouth over into every other frame."""
    for number, pose in enumerate(mouth_poses(speech), start_frame):
        index = number % len(avatar.frames)
        there = avatar.faces[index]
        if there is None or pose.at_rest:
            yield avatar.frames[index].copy()
        else:
            share = float(smoothstep(np.asarray(pose.speaking), 0, WHOLLY_DRAWN))
            yield rigged.transfer.onto(avatar.frames[index], there, rigged.face.draw(pose), share)
