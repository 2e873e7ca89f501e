"""A video that somebody sent: its face followed, its mouth calmed if need be.

An avatar made of it runs through its frames forward and back, so that its life has no jump.
"""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal, Self

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from voiceover import video
from voiceover.errors import FaceNotFound, InvalidRequest
from voiceover.facesearch import box
from voiceover.landmarks import LandmarkFinder
from voiceover.portraits import Crop, find_fault, marked, propose_crop
from voiceover.reel import Reel, ThereAndBack, write_reel
from voiceover.tracking import calmest, follow, lip_gap, steadied
from voiceover.transfer import FaceTransfer
from voiceover.types import FPS, FRAMES_PER_FRAGMENT, Avatar, Frame, Landmarks

LONGEST = 60  # seconds kept
SHORTEST = 1.0  # second
KEPT_SIDE = 1280  # pixels of the longer side while a video is looked at
USUAL_OUTPUT = 512  # pixels
LEAST_SEEN = 0.3  # of the frames must show the face
TALKING = 0.012  # of the face's height: how much the lips' distance varies (0.02–0.035 in four who spoke)
ROOM = 1.15  # of what the face takes up on its way through the picture

FACES, CARD = "faces.npy", "avatar.json"

Report = Callable[[float], None]
"""Called with the share of the work that is done, from 0 to 1; what it raises ends the work."""


class FootageCard(BaseModel):
    """What is known of a video: `avatar.json`."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["video"] = "video"
    name: str = Field(min_length=1, max_length=60)
    seconds: float
    """Of what is kept of it."""
    seen: float
    """Share of the frames that show the face."""
    talks: bool
    """Whoever it shows was speaking: the mouth was calmed."""
    crop: Crop
    size: int
    """Pixels of the sides of what is shown."""
    brought: float
    """When, in seconds since 1970: for the order of lists."""


class Footage:
    """A video in a folder of its own. Immutable."""

    def __init__(self, folder: Path, card: FootageCard) -> None:
        self.folder = folder
        self.card = card

    @property
    def id(self) -> str:
        return self.folder.name

    @staticmethod
    def check(source: Path) -> None:
        """Find out quickly whether a file has a picture at all.

        Raises:
            InvalidRequest: it cannot be read as a video.
        """
        with closing(_frames(source)) as frames:
            next(frames)

    @classmethod
    def prepare(cls, source: Path, name: str, folder: Path, report: Report) -> Self:
        """Look through a video and, when somebody in it can speak, write what an avatar needs into a folder.

        Takes about half as long as the video lasts.

        Args:
            source: the file as it was sent.
            folder: exists and is empty.

        Raises:
            InvalidRequest: it cannot be read as a video, or is too short.
            FaceNotFound: nobody in it can speak; see `Photo.judge`.
        """
        frames = _frames(source)
        with LandmarkFinder() as finder:
            found = follow(_counted(frames, lambda share: report(0.6 * share)), finder)
        found = found[: (len(found) - 1) // FRAMES_PER_FRAGMENT * FRAMES_PER_FRAGMENT + 1]
        if len(found) < SHORTEST * FPS:
            raise InvalidRequest("the video is too short", reason="video-too-short", shortest=SHORTEST)
        faces = steadied(found)
        key = _judged(source, faces)
        crop = _crop(faces, *key.shape[:2])
        size = 2 * round(min(USUAL_OUTPUT, crop.width) / 2)
        shown = [None if face is None else _placed(face, crop, size) for face in faces]
        talks = float(np.std([lip_gap(face) for face in shown if face is not None])) > TALKING
        cut = (_cut(frame, crop, size) for frame, _ in zip(_frames(source), faces, strict=False))
        told = _counted(cut, lambda share: report(0.6 + 0.4 * share))
        write_reel(folder, _calmed(told, shown, _cut(key, crop, size)) if talks else told)
        none = np.full((478, 3), np.nan, np.float32)
        np.save(folder / FACES, np.stack([none if face is None else face for face in shown]))
        card = FootageCard(
            name=name,
            seconds=len(shown) / FPS,
            seen=sum(face is not None for face in shown) / len(shown),
            talks=talks,
            crop=crop,
            size=size,
            brought=time.time(),
        )
        (folder / CARD).write_text(card.model_dump_json())
        return cls(folder, card)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Read what `prepare` wrote.

        Raises:
            OSError, ValueError: it is not there, or damaged.
        """
        return cls(folder, FootageCard.model_validate_json((folder / CARD).read_bytes()))

    def renamed(self, name: str) -> Self:
        """Return the video under another name; written to disk whole or not at all."""
        card = self.card.model_copy(update={"name": name})
        scratch = self.folder / f"{CARD}.new"
        scratch.write_text(card.model_dump_json())
        scratch.replace(self.folder / CARD)
        return type(self)(self.folder, card)

    def avatar(self) -> Avatar:
        """Return what is shown, ready to be drawn on; its pictures are read from disk as they are needed."""
        landmarks = np.load(self.folder / FACES, allow_pickle=False)
        faces = [None if np.isnan(face[0, 0]) else face for face in landmarks]
        return Avatar(
            self.id,
            self.card.name,
            ThereAndBack(Reel(self.folder)),
            ThereAndBack(faces),
            digest=self.id,  # made of the file's content; a video is prepared in one way only
        )


def _frames(source: Path) -> Generator[Frame, None, None]:
    return video.read_frames(source, LONGEST, KEPT_SIDE)


def _counted(frames: Iterator[Frame], report: Report) -> Iterator[Frame]:
    for number, frame in enumerate(frames):
        report(min(number / (LONGEST * FPS), 1.0))
        yield frame


def _judged(source: Path, faces: list[Landmarks | None]) -> Frame:
    """Return the frame whose mouth is most closed, if somebody can speak in it."""
    index = calmest(faces)
    seen = sum(face is not None for face in faces)
    if index is None or seen < LEAST_SEEN * len(faces):
        first = next(_frames(source))
        raise FaceNotFound("no face in most of the video", reason="face-not-found", found=marked(first, []))
    frame = next(frame for number, frame in enumerate(_frames(source)) if number == index)
    face = faces[index]
    assert face is not None
    if fault := find_fault(frame, face):
        raise FaceNotFound(
            f"nobody in the video can speak: {fault}", reason=fault, found=marked(frame, [face])
        )
    return frame


def _crop(faces: list[Landmarks | None], height: int, width: int) -> Crop:
    """Frame head and shoulders in a square that the face does not leave."""
    seen = [face for face in faces if face is not None]
    boxes = np.array([box(face) for face in seen])
    way = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
    middle = propose_crop(np.median(seen, axis=0).astype(np.float32), width, height)
    side = int(min(max(middle.width, ROOM * max(way[2] - way[0], way[3] - way[1])), width, height))
    centre = (way[0] + way[2]) / 2, (way[1] + way[3]) / 2 + (0.5 - 0.46) * side
    left = int(np.clip(centre[0] - side / 2, 0, width - side))
    top = int(np.clip(centre[1] - side / 2, 0, height - side))
    return Crop(left, top, side, side)


def _cut(frame: Frame, crop: Crop, size: int) -> Frame:
    part = frame[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]
    method = cv2.INTER_AREA if size < crop.width else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (size, size), interpolation=method), np.uint8)


def _placed(face: Landmarks, crop: Crop, size: int) -> Landmarks:
    return np.asarray((face - [crop.left, crop.top, 0]) * (size / crop.width), np.float32)


def _calmed(frames: Iterator[Frame], faces: list[Landmarks | None], key: Frame) -> Iterator[Frame]:
    """Yield frames whose mouth is closed as in the key frame; `faces` follow."""
    index = calmest(faces)
    assert index is not None
    calm = faces[index]
    assert calm is not None
    transfer = FaceTransfer(key, calm)
    for number, frame in enumerate(frames):
        face = faces[number]
        if face is None:
            yield frame
        else:
            yield transfer.onto(frame, face, key)
            faces[number] = transfer.moved(face)
