"""Making avatars of pictures. A face is looked for once per picture and remembered on disk."""

import hashlib
from importlib.resources import as_file, files
from pathlib import Path

import cv2
import numpy as np

from voiceover.errors import FaceNotFound
from voiceover.findings import recall, remember
from voiceover.types import Avatar, Frame, Landmarks

DEFAULT_AVATAR = "astronaut"
DEFAULT_NAME = "Eileen Collins"
SIDE = 512  # pixels


def portrait(avatar_id: str, name: str, picture: Frame, cache: Path | None = None) -> Avatar:
    """Make an avatar of one picture (uint8 BGR, even sides): the largest face in it will speak.

    Raises:
        FaceNotFound: no face was found.
    """
    digest = picture_digest(picture)
    return Avatar(avatar_id, name, (picture,), (_landmarks(picture, digest, cache),), digest)


def picture_digest(picture: Frame, face: Landmarks | None = None) -> str:
    """Return a hash of a picture's content, and of the face that speaks where there are several."""
    chosen = b"" if face is None else face.tobytes()
    return hashlib.sha256(repr(picture.shape).encode() + picture.tobytes() + chosen).hexdigest()


def astronaut() -> Frame:
    """Return the default portrait, 512×512: astronaut Eileen Collins (NASA, public domain; scikit-image)."""
    # Read as a file: importing scikit-image for it would cost a third of a second at every start.
    with as_file(files("skimage") / "data" / "astronaut.png") as path:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert picture is not None, "scikit-image always brings its astronaut"
    head = picture[20:290, 90:360]
    large = cv2.resize(head, (SIDE, SIDE), interpolation=cv2.INTER_LANCZOS4)
    # The picture is enlarged 1.9 times: an unsharp mask gives back the edges that this softens.
    return cv2.addWeighted(large, 1.5, cv2.GaussianBlur(large, (0, 0), 2.0), -0.5, 0).astype(np.uint8)


def _landmarks(picture: Frame, digest: str, cache: Path | None) -> Landmarks:
    path = cache / f"{digest}.npy" if cache else None
    if path and (known := recall(path)) is not None:
        return np.asarray(known, np.float32)
    from voiceover.landmarks import LandmarkFinder

    with LandmarkFinder() as finder:
        faces = finder.find(picture)
    if not faces:
        raise FaceNotFound("no face was found in the picture")
    if path:
        remember(path, faces[0])
    return faces[0]
