"""A photo that somebody sent, kept as it came, with the faces found in it and the way it is to be shown."""

import time
from pathlib import Path
from typing import Literal, Self

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from voiceover.avatars import picture_digest
from voiceover.errors import FaceNotFound, InvalidRequest
from voiceover.facesearch import box, find_faces
from voiceover.landmarks import LandmarkFinder
from voiceover.pictures import read_picture
from voiceover.portraits import Crop, Fault, find_fault, holds, marked, propose_crop
from voiceover.types import Avatar, Frame, Landmarks

SMALLEST_OUTPUT, USUAL_OUTPUT, LARGEST_OUTPUT = 256, 512, 1080  # pixels of the longer side
NARROWEST = 0.5  # shorter side of a crop over its longer one

ORIGINAL, FACES, CARD = "original", "faces.npy", "avatar.json"


class FoundFace(BaseModel):
    """A face in a photo."""

    model_config = ConfigDict(frozen=True)

    box: tuple[int, int, int, int]
    """Left, top, right, bottom, in pixels of the photo."""
    fault: Fault | None
    """Why nobody can speak with it."""


class PhotoCard(BaseModel):
    """What is known of a photo and what was decided about it: `avatar.json`."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["photo"] = "photo"
    name: str = Field(min_length=1, max_length=60)
    width: int
    height: int
    faces: tuple[FoundFace, ...]
    face: int
    """Which of the faces speaks."""
    crop: Crop
    size: int
    """Pixels of the longer side of what is shown."""
    brought: float
    """When, in seconds since 1970: for the order of lists."""


class Photo:
    """A photo in a folder of its own. Immutable: `changed` gives another view of the same folder."""

    def __init__(self, folder: Path, card: PhotoCard) -> None:
        self.folder = folder
        self.card = card

    @classmethod
    def judge(cls, data: bytes, name: str, folder: Path) -> Self:
        """Look at a photo and, when somebody in it can speak, write it into a folder.

        Args:
            data: a JPEG, PNG or WebP file.
            folder: exists and is empty; left empty when the photo is refused.

        Raises:
            InvalidRequest: it cannot be read as a picture.
            FaceNotFound: nobody in it can speak; the details have the `reason`, and in `found` a small JPEG
                of what was found.
        """
        picture = read_picture(data)
        with LandmarkFinder() as finder:
            faces = find_faces(picture, finder)
        found = tuple(FoundFace(box=_whole(box(face)), fault=find_fault(picture, face)) for face in faces)
        able = [index for index, face in enumerate(found) if face.fault is None]
        if not able:
            reason = found[0].fault if found else "face-not-found"
            raise FaceNotFound(
                f"nobody in the picture can speak: {reason}", reason=reason, found=marked(picture, faces)
            )
        height, width = picture.shape[:2]
        crop = propose_crop(faces[able[0]], width, height)
        card = PhotoCard(
            name=name,
            width=width,
            height=height,
            faces=found,
            face=able[0],
            crop=crop,
            size=_output(crop),
            brought=time.time(),
        )
        (folder / ORIGINAL).write_bytes(data)
        np.save(folder / FACES, np.stack(faces))
        (folder / CARD).write_text(card.model_dump_json())
        return cls(folder, card)

    @property
    def id(self) -> str:
        return self.folder.name

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Read what `judge` wrote.

        Raises:
            OSError, ValueError: it is not there, or damaged.
        """
        return cls(folder, PhotoCard.model_validate_json((folder / CARD).read_bytes()))

    def changed(
        self,
        name: str | None = None,
        face: int | None = None,
        crop: Crop | None = None,
        size: int | None = None,
    ) -> Self:
        """Return the photo with another name or shown otherwise; written to disk whole or not at all.

        Another face brings its own crop unless one is given.

        Raises:
            InvalidRequest: the face cannot speak, or the crop does not hold it.
        """
        card = self.card
        if face is not None and face != card.face:
            if face >= len(card.faces) or (fault := card.faces[face].fault):
                raise InvalidRequest(
                    f"face {face} cannot speak", reason="no-such-face" if face >= len(card.faces) else fault
                )
            crop = crop or propose_crop(self._landmarks()[face], card.width, card.height)
            size = size or _output(crop)
            card = card.model_copy(update={"face": face})
        if crop is not None:
            self._check(crop, self._landmarks()[card.face])
        given = {"name": name, "crop": crop, "size": size}
        card = card.model_copy(update={key: value for key, value in given.items() if value is not None})
        scratch = self.folder / f"{CARD}.new"
        scratch.write_text(card.model_dump_json())
        scratch.replace(self.folder / CARD)
        return type(self)(self.folder, card)

    def original(self) -> Frame:
        """Return the photo as it came, upright, BGR."""
        return read_picture((self.folder / ORIGINAL).read_bytes())

    def avatar(self) -> Avatar:
        """Return what is shown, ready to be drawn on."""
        picture, face = self._shown()
        return Avatar(self.id, self.card.name, (picture,), (face,), picture_digest(picture, face))

    def _shown(self) -> tuple[Frame, Landmarks]:
        left, top, width, height = self.card.crop
        scale = self.card.size / max(width, height)
        shown = _even(width * scale), _even(height * scale)
        cut = self.original()[top : top + height, left : left + width]
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LANCZOS4
        picture = np.asarray(cv2.resize(cut, shown, interpolation=method), np.uint8)
        stretch = np.array([shown[0] / width, shown[1] / height, shown[0] / width], np.float32)
        face = (self._landmarks()[self.card.face] - np.array([left, top, 0], np.float32)) * stretch
        return picture, face

    def _landmarks(self) -> Landmarks:
        return np.asarray(np.load(self.folder / FACES, allow_pickle=False), np.float32)

    def _check(self, crop: Crop, face: Landmarks) -> None:
        left, top, width, height = crop
        inside = left + width <= self.card.width and top + height <= self.card.height
        if not inside or min(width, height) < NARROWEST * max(width, height):
            raise InvalidRequest(f"{crop} is not a usable part of the photo", reason="crop-outside")
        visible = np.clip(face, 0, [self.card.width, self.card.height, np.inf], dtype=np.float32)
        if not holds(crop, visible):
            raise InvalidRequest(f"{crop} cuts the face off", reason="crop-without-face")


def _output(crop: Crop) -> int:
    """Return a fitting size of what is shown: no larger than needed, no smaller than looks well."""
    return _even(float(np.clip(max(crop.width, crop.height), SMALLEST_OUTPUT, USUAL_OUTPUT)))


def _even(length: float) -> int:
    return 2 * round(length / 2)


def _whole(corners: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(corner) for corner in corners)
    return left, top, right, bottom
