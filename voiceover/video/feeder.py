"""What is drawn, on its way into ffmpeg, and what comes out of it meanwhile."""

import os
import selectors
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import IO, TypeVar

from voiceover.errors import EncodeError
from voiceover.types import Frame
from voiceover.video.process import failure, tail

SILENCE = 10.0  # seconds after which ffmpeg hangs, if it takes no frame and gives nothing meanwhile
ATTENTION = 0.25  # seconds after which it is looked whether it does

T = TypeVar("T")


class Feeder(threading.Thread):
    """Writes what is drawn to ffmpeg; whatever goes wrong in drawing it is kept for `check`."""

    def __init__(
        self,
        drawn: Iterable[T],
        pipe: IO[bytes],
        frames: Callable[[Iterator[T]], Iterator[Frame]],
    ) -> None:
        """
        Args:
            frames: gives the frames of what is drawn, and may write what else there is of it elsewhere.
        """
        super().__init__(name="frames-to-ffmpeg", daemon=True)
        self._frames = frames(self._watched(drawn))
        self._pipe = pipe
        self._error: BaseException | None = None
        self._refused = False  # ffmpeg ended before the frames did
        self._owed: float | None = None  # since when ffmpeg may have been given what it does not take

    @property
    def owed_for(self) -> float:
        """Seconds for which it has been ffmpeg's turn; 0 while something is drawn."""
        return 0.0 if (owed := self._owed) is None else time.monotonic() - owed

    def run(self) -> None:
        try:
            for frame in self._frames:
                self._pipe.write(frame.data)
        except BrokenPipeError:
            self._refused = True  # its status tells why
        except BaseException as exc:  # carried over to the thread that reads
            self._error = exc
        with suppress(OSError):
            self._pipe.close()
        self._owed = time.monotonic()

    def _watched(self, drawn: Iterable[T]) -> Iterator[T]:
        for one in drawn:
            self._owed = time.monotonic()
            yield one
            self._owed = None

    def check(self, status: int | None, complaints: IO[bytes]) -> None:
        """Raise what went wrong.

        Args:
            status: ffmpeg's; None where it hangs.
        """
        if self._error:
            raise self._error
        if status is None:
            raise EncodeError(f"ffmpeg hangs: {tail(complaints)}")
        if status != 0 or self._refused:
            raise failure(f"ffmpeg failed with status {status}", complaints)


def next_piece(pipe: IO[bytes], feeder: Feeder, patience: float) -> bytes:
    """Return what ffmpeg has made, as soon as there is something; nothing at the end.

    Raises:
        EncodeError: it hangs. Who reads late is not taken for that, nor who draws slowly.
    """
    begin = time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while not selector.select(ATTENTION):
            if min(feeder.owed_for, time.monotonic() - begin) > patience:
                raise EncodeError(f"ffmpeg hangs: nothing came of it for {patience:g} s")
    return os.read(pipe.fileno(), 65_536)
