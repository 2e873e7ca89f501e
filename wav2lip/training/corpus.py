"""What is learned from: sounds, pictures, and the shapes of the mouths that belong to them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voiceover.errors import FaceNotFound
from voiceover.types import FPS, Frame, Speech
from wav2lip.engine import listen
from wav2lip.face import Box, crop
from wav2lip.mel import framed
from wav2lip.model import FACE_SIDE, MEL_COLUMNS
from wav2lip.static import FIRST_ROW

ROWS = FACE_SIDE - FIRST_ROW  # 41
BEFORE = 4
"""Columns of mel before each frame that are heard, of 16: what a mouth does depends on what it did."""

Shapes = NDArray[np.float32]
"""How mouths are shaped, float32 `(frames, tracks)`: whatever numbers the teacher counts in."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A speech and what the teacher's mouth does in it."""

    speech: Speech
    """Finished; the face stays in its speaking posture at both ends."""
    shapes: Shapes
    """Of each frame of the speech."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """One picture that the teacher drew."""

    shape: Shapes
    """`(tracks,)`"""
    picture: Frame
    """The avatar's frame with this mouth."""
    look: int
    """Which of the avatar's frames it was drawn on."""


@dataclass(frozen=True, slots=True, eq=False)
class Sounds:
    """Windows of sound and the shape of each."""

    mel: Tensor
    """float16 `(columns, 80)`: all speeches one after the other"""
    starts: Tensor
    """int64 `(windows,)`: first column of each window"""
    shapes: Tensor
    """float32 `(windows, tracks)`"""

    def __len__(self) -> int:
        return len(self.starts)

    def windows(self, indices: Tensor) -> Tensor:
        """Return windows of sound, float32 `(n, 1, 80, 16)`."""
        columns = self.starts[indices, None] + torch.arange(MEL_COLUMNS)
        return self.mel[columns].float().transpose(1, 2)[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Lower faces, the shape of each one's mouth, and the faces that they were drawn on."""

    drawn: Tensor
    """uint8 `(pictures, 3, 41, 96)` BGR"""
    shapes: Tensor
    """float32 `(pictures, tracks)`"""
    looks: Tensor
    """int64 `(pictures,)`: the face of each"""
    faces: Tensor
    """float32 `(faces, 6, 96, 96)` in [0, 1], see `wav2lip.face.crop`"""

    def __len__(self) -> int:
        return len(self.drawn)


C = TypeVar("C", Sounds, Pictures)


def sounds_of(lessons: Iterable[Lesson]) -> Sounds:
    """Keep the sounds of lessons as the engine would hear them."""
    mels: list[NDArray[np.float16]] = []
    starts: list[NDArray[np.int64]] = []
    shapes: list[Shapes] = []
    columns = 0
    for lesson in lessons:
        mel, _ = listen(lesson.speech)
        padded, first = framed(mel, len(lesson.shapes), FPS, BEFORE)
        mels.append(padded.T.astype(np.float16))
        starts.append(columns + first)
        shapes.append(lesson.shapes)
        columns += len(mels[-1])
    return Sounds(
        *map(torch.from_numpy, (np.concatenate(mels), np.concatenate(starts), np.concatenate(shapes)))
    )


def pictures_of(drawings: Iterable[Drawing], frames: Iterable[Frame], boxes: list[Box | None]) -> Pictures:
    """Keep what the network is to draw of pictures.

    Args:
        frames: of the avatar.
        boxes: of the face in each frame; pictures of frames without one are left out.

    Raises:
        FaceNotFound: all are.
    """
    kept = [(d.shape, lower_rows(d.picture, box), d.look) for d in drawings if (box := boxes[d.look])]
    if not kept:
        raise FaceNotFound("the avatar has no face that Wav2Lip could draw on")
    used = sorted({look for _, _, look in kept})
    wanted = set(used)
    seen = {i: crop(frame, box) for i, frame in enumerate(frames) if i in wanted and (box := boxes[i])}
    place = {look: number for number, look in enumerate(used)}
    return Pictures(
        torch.from_numpy(np.stack([rows for _, rows, _ in kept])),
        torch.from_numpy(np.stack([shape for shape, _, _ in kept])),
        torch.tensor([place[look] for _, _, look in kept]),
        torch.from_numpy(np.stack([seen[look] for look in used])),
    )


def lower_rows(picture: Frame, box: Box) -> NDArray[np.uint8]:
    """Return what the network is to draw of a picture, uint8 `(3, 41, 96)`, without aliasing."""
    face = cv2.resize(picture[box.slices], (FACE_SIDE, FACE_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(face[FIRST_ROW:].transpose(2, 0, 1), np.uint8).copy()


def kept(path: Path, kind: type[C], make: Callable[[], C]) -> C:
    """Return what was made before and kept in a file, or make it and keep it."""
    if path.is_file():
        return kind(**torch.load(path, weights_only=True))
    corpus = make()
    part = path.with_suffix(".part")
    torch.save({field.name: getattr(corpus, field.name) for field in fields(corpus)}, part)
    part.replace(path)
    return corpus
