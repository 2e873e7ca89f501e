"""One device for many requests: what several of them want drawn at the same time is drawn together.

Whoever finds the device free draws one batch for all who wait, so nothing ever waits for company, and no
thread is needed. A request waits for one piece at a time, in its own thread: when it ends there is nothing to
take back.

A network's figures differ in their last bits with the size of the batch, though not with the place in it or
the company. So a piece is drawn in the smallest of a few fixed sizes that holds it, filled up with zeros
where nobody else wants that size: a request's pictures depend on the request alone.
"""

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from voiceover.errors import EngineUnavailable
from wav2lip.static import PictureTerms

log = logging.getLogger(__name__)


class NoMemory(EngineUnavailable):
    """A device has too little memory even for one frame."""


class Network(Protocol):
    """What draws, see `wav2lip.static.StaticWav2Lip`. It is called by one thread at a time."""

    def look(self, faces: Tensor) -> PictureTerms:
        """Do what depends on the pictures alone."""
        ...

    def draw(self, windows: Tensor, pictures: PictureTerms) -> Tensor:
        """Draw what is heard."""
        ...


@dataclass(eq=False, slots=True)
class _Piece:
    """Some consecutive frames of one request."""

    windows: Tensor
    pictures: PictureTerms
    first: bool
    drawn: Future[Tensor] = field(default_factory=Future)

    def __len__(self) -> int:
        return len(self.windows)


class Batcher:
    """Draws for all requests on one device. Safe to share between threads."""

    def __init__(self, network: Network, sizes: Sequence[int]) -> None:
        """
        Args:
            sizes: of the batches in which the device draws, ascending, each twice or more the one before.
        """
        self._network = network
        self._sizes = tuple(sizes)
        self._turn = threading.Condition()
        self._busy = False
        self._looking = 0  # requests that wait to have pictures looked at
        self._waiting: list[_Piece] = []

    @property
    def largest(self) -> int:
        """Frames drawn together at most; it becomes less when the device runs out of memory."""
        return self._sizes[-1]

    def look(self, faces: Tensor) -> PictureTerms:
        """Do what depends on the pictures alone, before all that waits to be drawn.

        Args:
            faces: `(n, 6, 96, 96)` float32 in [0, 1], see `wav2lip.face.crop`.

        Raises:
            NoMemory: the device has too little memory even for one picture.
        """
        with self._turn:
            self._looking += 1
            try:
                self._turn.wait_for(lambda: not self._busy)
            finally:
                self._looking -= 1
            self._busy = True
        with self._passing_on():
            return self._seen(faces)

    def draw(self, windows: Tensor, pictures: PictureTerms, first: bool = False) -> Tensor:
        """Draw the next frames of a request, when it is their turn.

        Args:
            windows: `(n, 1, 80, 16)` float32 in [-4, 4], see `wav2lip.mel.frame_windows`.
            pictures: of n pictures, or of one for all.
            first: the request has shown nothing yet: it goes ahead of those that have.

        Returns:
            `(n, 3, 41, 96)` float32 in (0, 1), BGR: on a CUDA device, else in this processor's memory.

        Raises:
            NoMemory: the device has too little memory even for one frame.
        """
        piece = _Piece(windows, pictures, first)
        with self._turn:
            self._waiting.append(piece)
        try:
            while batch := self._turn_of(piece):
                with self._passing_on(batch):
                    self._deliver(batch)
        finally:
            with self._turn:
                if piece in self._waiting:  # the thread was interrupted
                    self._waiting.remove(piece)
        return piece.drawn.result()

    def _turn_of(self, piece: _Piece) -> list[_Piece]:
        """Wait until the piece is drawn (return nothing) or this thread's turn to draw (return what)."""
        with self._turn:
            self._turn.wait_for(lambda: piece.drawn.done() or not (self._busy or self._looking))
            if piece.drawn.done():
                return []
            self._busy = True
            return self._next_batch()

    @contextmanager
    def _passing_on(self, batch: Iterable[_Piece] = ()) -> Iterator[None]:
        """Let somebody else have the device afterwards."""
        try:
            yield
        finally:
            with self._turn:
                self._waiting[:0] = [piece for piece in batch if not piece.drawn.done()]  # interrupted
                self._busy = False
                self._turn.notify_all()

    def _next_batch(self) -> list[_Piece]:
        """Take what is to be drawn together: first pieces before others, then in the order of asking."""
        waiting = sorted(self._waiting, key=lambda piece: not piece.first)
        size = room = self._size_for(len(waiting[0]))
        batch: list[_Piece] = []
        for piece in waiting:
            if not batch or (len(piece) <= room and self._size_for(len(piece)) == size):
                batch.append(piece)
                room -= len(piece)
        self._waiting = [piece for piece in self._waiting if piece not in batch]
        return batch

    def _deliver(self, batch: list[_Piece]) -> None:
        """Draw a batch and give each request its own; one that cannot be drawn fails no other."""
        try:
            drawn = _finished(self._drawn(batch))
        except Exception as exc:
            if len(batch) == 1:
                batch[0].drawn.set_exception(exc)
            else:
                for piece in batch:
                    self._deliver([piece])
            return
        start = 0
        for piece in batch:
            piece.drawn.set_result(drawn[start : start + len(piece)])
            start += len(piece)

    def _drawn(self, batch: list[_Piece]) -> Tensor:
        wanted = sum(map(len, batch))
        while True:
            size = self._size_for(wanted)
            try:
                return self._drawn_by(size, batch)[:wanted]
            except RuntimeError as exc:
                _raise_unless_less_would_do(size, exc)
            self._sizes = tuple(sorted({min(other, size // 2) for other in self._sizes}))

    def _drawn_by(self, size: int, batch: list[_Piece]) -> Tensor:
        rounds = -(-sum(map(len, batch)) // size)
        windows, pictures = _joined(batch, rounds * size)
        starts = range(0, rounds * size, size)
        drawn = [self._network.draw(windows[at : at + size], _rows(pictures, at, size)) for at in starts]
        return torch.cat(drawn) if rounds > 1 else drawn[0]

    def _seen(self, faces: Tensor) -> PictureTerms:
        try:
            return self._network.look(faces)
        except RuntimeError as exc:
            _raise_unless_less_would_do(len(faces), exc)
        halves = [self._seen(half).terms for half in faces.tensor_split(2)]
        return PictureTerms(tuple(torch.cat(terms) for terms in zip(*halves, strict=True)))

    def _size_for(self, frames: int) -> int:
        return next((size for size in self._sizes if size >= frames), self.largest)


def _joined(batch: list[_Piece], rows: int) -> tuple[Tensor, PictureTerms]:
    """Return all pieces' windows and pictures, followed by zeros up to the number of rows."""
    parts = [piece.windows for piece in batch]
    windows = torch.cat([*parts, parts[0].new_zeros((rows - sum(map(len, parts)), *parts[0].shape[1:]))])
    pictures = batch[0].pictures
    if len(pictures) in (1, rows) and all(piece.pictures is pictures for piece in batch):
        return windows, pictures
    joined = [
        torch.empty(
            (rows, *term.shape[1:]), dtype=term.dtype, device=term.device, memory_format=torch.channels_last
        ).zero_()
        for term in pictures.terms
    ]
    start = 0
    for piece in batch:
        for whole, term in zip(joined, piece.pictures.terms, strict=True):
            whole[start : start + len(piece)] = term
        start += len(piece)
    return windows, PictureTerms(tuple(joined))


def _rows(pictures: PictureTerms, start: int, count: int) -> PictureTerms:
    if len(pictures) == 1:
        return pictures
    return PictureTerms(tuple(term[start : start + count] for term in pictures.terms))


def _finished(drawn: Tensor) -> Tensor:
    """Return what was drawn once it is, where the requests' threads may use it: MPS bears one at a time."""
    if drawn.device.type != "cuda":
        return drawn.cpu()
    torch.cuda.current_stream().synchronize()
    return drawn


def _raise_unless_less_would_do(frames: int, exc: RuntimeError) -> None:
    """Raise what a device said, unless it was that its memory does not suffice for so many frames."""
    # MPS has no error of its own for that.
    if not (isinstance(exc, torch.OutOfMemoryError) or "out of memory" in str(exc)):
        raise exc
    if frames == 1:
        message = "the device has too little memory left for one frame"
        raise NoMemory(message, engine="wav2lip") from exc
    log.warning("no memory for %d frames at a time: Wav2Lip goes on with half as many", frames)
