"""What draws on one device, and what it remembers there."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voiceover.types import Avatar, Frame
from wav2lip.batching import Batcher, NoMemory
from wav2lip.blend import LowerFace
from wav2lip.blend_device import DeviceLowerFace
from wav2lip.device import Renderer
from wav2lip.face import Box, crop
from wav2lip.model import Stroke
from wav2lip.static import PictureTerms

REMEMBERED_FACES = 128  # lower faces kept; one takes about 2 MB
REMEMBERED_TERMS = 64  # still pictures kept; one takes 3 to 6 MB

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class FrameFace:
    """One frame of an avatar and where its face is."""

    avatar: Avatar
    index: int
    box: Box

    @property
    def key(self) -> tuple[str, int]:
        return self.avatar.digest, self.index

    @property
    def picture(self) -> Frame:
        return self.avatar.frames[self.index]

    def lower_face(self, device: torch.device, stroke: Stroke) -> LowerFace:
        landmarks = self.avatar.faces[self.index]
        assert landmarks is not None
        if device.type == "cuda":
            return DeviceLowerFace(self.picture, landmarks, self.box, self.index, stroke, device=device)
        return LowerFace(self.picture, landmarks, self.box, self.index, stroke)


class Easel:
    """Draws mouths on one device. Safe to share between threads."""

    def __init__(self, renderer: Renderer, stroke: Stroke) -> None:
        self.renderer = renderer
        self._stroke = stroke
        self.batcher = Batcher(renderer.network, renderer.batches)
        self._faces = Memory[LowerFace](REMEMBERED_FACES)
        self._terms = Memory[PictureTerms](REMEMBERED_TERMS)

    def draw(self, windows: NDArray[np.float32], faces: list[FrameFace], first: bool) -> Tensor:
        """Draw a mouth for each face, `(faces, 3, 41, 96)`.

        Raises:
            NoMemory: the device has too little memory even for one.
        """
        if not faces:
            return torch.empty(0)
        return self.batcher.draw(torch.from_numpy(windows), self.look(faces), first)

    def look(self, faces: list[FrameFace]) -> PictureTerms:
        """Return what the network sees in pictures; in one only, when all are the same: it is kept.

        Raises:
            NoMemory: as `draw`.
        """
        if len({face.index for face in faces}) > 1:
            return self._look_at(faces)
        return self._terms.get(faces[0].key, lambda: self._look_at(faces[:1]))

    def lower_face(self, face: FrameFace) -> LowerFace:
        """Return what pastes mouths onto a face.

        Raises:
            NoMemory: as `draw`.
        """
        try:
            device = self.renderer.network.device
            return self._faces.get(face.key, lambda: face.lower_face(device, self._stroke))
        except torch.OutOfMemoryError as exc:
            raise NoMemory("the device has too little memory left for a face", engine="wav2lip") from exc

    def _look_at(self, faces: list[FrameFace]) -> PictureTerms:
        crops = np.stack([crop(face.picture, face.box) for face in faces])
        return self.batcher.look(torch.from_numpy(crops))


class Memory(Generic[V]):
    """The latest values made, by key. Safe to share between threads; one value is made at a time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        with self._lock:
            if key not in self._values:
                self._values[key] = make()
                if len(self._values) > self._size:
                    self._values.popitem(last=False)
            self._values.move_to_end(key)
            return self._values[key]
