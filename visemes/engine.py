"""Lips without trained weights, as a lip engine."""

import threading
from collections import OrderedDict
from collections.abc import Iterator

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
        self._faces: OrderedDict[tuple[str, int], TalkingFace] = OrderedDict()
        self._lock = threading.Lock()

    def prepare(self, avatar: Avatar) -> None:
        """Rig the avatar's face where its mouth is most closed: some 60 ms, once.

        Raises:
            FaceNotFound: no frame of the avatar has a face.
        """
        key = calmest(avatar.faces)
        if key is None:
            raise FaceNotFound(f"avatar {avatar.id!r} has no face to speak with", avatar=avatar.id)
        self._face(avatar, key)

    def frames(self, avatar: Avatar, speech: Speech, start_frame: int = 0) -> Iterator[Frame]:
        """Yield `speech.frames` pictures; see `voiceover.lips`. A frame without a face stays as it is.

        Raises:
            FaceNotFound: no frame of the avatar has a face.
        """
        self.prepare(avatar)
        if len(avatar.frames) == 1:
            return self._drawn(avatar, speech)
        return self._drawn_on_video(avatar, speech, start_frame)

    def _drawn(self, avatar: Avatar, speech: Speech) -> Iterator[Frame]:
        face = self._face(avatar, 0)
        assert face is not None, "prepared"
        for pose in mouth_poses(speech):
            yield face.draw(pose)

    def _drawn_on_video(self, avatar: Avatar, speech: Speech, start_frame: int) -> Iterator[Frame]:
        """Draw one frame's face in all its poses, and carry the mouth over into every other frame."""
        key = calmest(avatar.faces)
        assert key is not None, "prepared"
        face, landmarks = self._face(avatar, key), avatar.faces[key]
        assert face is not None
        assert landmarks is not None
        transfer = FaceTransfer(avatar.frames[key], landmarks)
        for number, pose in enumerate(mouth_poses(speech), start_frame):
            index = number % len(avatar.frames)
            there = avatar.faces[index]
            if there is None or pose.at_rest:
                yield avatar.frames[index].copy()
            else:
                share = float(smoothstep(np.asarray(pose.speaking), 0, WHOLLY_DRAWN))
                yield transfer.onto(avatar.frames[index], there, face.draw(pose), share)

    def _face(self, avatar: Avatar, index: int) -> TalkingFace | None:
        """Return the rig of one frame, made when first needed; None when the frame has no face."""
        landmarks = avatar.faces[index]
        if landmarks is None:
            return None
        key = (avatar.digest, index)
        with self._lock:
            if key in self._faces:
                self._faces.move_to_end(key)
                return self._faces[key]
        rigged = TalkingFace(avatar.frames[index], landmarks)  # unlocked: others go on speaking meanwhile
        with self._lock:
            face = self._faces.setdefault(key, rigged)
            self._faces.move_to_end(key)
            if len(self._faces) > REMEMBERED_FACES:
                self._faces.popitem(last=False)
        return face
