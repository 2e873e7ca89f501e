"""Pictures on disk, read when they are looked at: videos do not fit into memory."""

import mmap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Generic, TypeVar, overload

import cv2
import numpy as np

from voiceover.errors import StorageError
from voiceover.types import Frame

QUALITY = [
    cv2.IMWRITE_JPEG_QUALITY,
    95,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
]
PICTURES, PLACES = "frames.mjpeg", "places.npy"

T = TypeVar("T")


def write_reel(folder: Path, frames: Iterable[Frame]) -> None:
    """Write pictures as JPEGs, one after another, and where each begins."""
    places = [0]
    with (folder / PICTURES).open("wb") as file:
        for frame in frames:
            _, jpeg = cv2.imencode(".jpg", frame, QUALITY)
            file.write(jpeg.tobytes())
            places.append(file.tell())
    np.save(folder / PLACES, np.array(places, np.int64))


class Reel(Sequence[Frame]):
    """The pictures that `write_reel` wrote. Safe to share between threads; reading one takes milliseconds."""

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            OSError, ValueError: they are not there, or damaged.
        """
        self._places = np.load(folder / PLACES, allow_pickle=False).tolist()
        with (folder / PICTURES).open("rb") as file:
            self._data: mmap.mmap | bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if len(self._data) != self._places[-1]:
            raise ValueError(f"{folder.name} is not whole")

    def __getstate__(self) -> tuple[list[int], bytes]:
        """Return all there is: where it goes there may be no such folder."""
        return self._places, bytes(self._data)

    def __setstate__(self, state: tuple[list[int], bytes]) -> None:
        self._places, self._data = state

    def __len__(self) -> int:
        return len(self._places) - 1

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Frame]: ...
    def __getitem__(self, index: int | slice) -> Frame | Sequence[Frame]:
        if isinstance(index, slice):
            return [self[place] for place in range(len(self))[index]]
        place = range(len(self))[index]
        jpeg = np.frombuffer(self._data[self._places[place] : self._places[place + 1]], np.uint8)
        picture = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
        if picture is None:
            raise StorageError("a picture of the video is damaged", reason="avatar-damaged")
        return np.asarray(picture, np.uint8)


class ThereAndBack(Sequence[T], Generic[T]):
    """A sequence that runs to its end and back, so that it can be repeated without a jump."""

    def __init__(self, there: Sequence[T]) -> None:
        self._there = there

    def __len__(self) -> int:
        return max(2 * len(self._there) - 2, 1)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return [self[place] for place in range(len(self))[index]]
        place = range(len(self))[index]
        return self._there[min(place, len(self) - place)]
