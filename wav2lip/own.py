"""For each avatar a network that can draw it: the one for everybody, or where that is missing its own."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from voiceover.errors import EngineUnavailable
from voiceover.lips import LipEngine
from voiceover.types import Avatar, Frame, Speech
from wav2lip import checkpoints

LOADED = 4
"""Networks kept in memory; one of our own takes some 50 MB there."""


class Drawing(LipEngine, Protocol):
    """An engine with one network."""

    @property
    def rate(self) -> float:
        """Frames drawn in a second."""
        ...

    @property
    def mode(self) -> str:
        """Device and precision."""
        ...


class Wav2Lips:
    """Wav2Lip with several networks (`voiceover.lips.LipEngine`). Safe to share between threads.

    Networks are read when they are first needed, and again when their files change; a refused file is not
    read again until it is another one.
    """

    name = "wav2lip"

    def __init__(self, folder: Path, read: Callable[[Path], Drawing]) -> None:
        """
        Args:
            folder: of checkpoints; it may change at any time.
            read: makes an engine of a checkpoint, or raises `EngineUnavailable`.
        """
        self._folder = folder
        self._read = read
        self._engines: OrderedDict[tuple[Path, int, int], Drawing | EngineUnavailable] = OrderedDict()
        self._lock = threading.Lock()

    def ready(self) -> "Wav2Lips":
        """Return itself, once it is known that at least one network works.

        Raises:
            EngineUnavailable: none does, or the one for everybody is there but does not.
        """
        self._first()
        return self

    @property
    def rate(self) -> float:
        """Frames a second of the network for everybody, or of an avatar's own where that is missing."""
        return self._first().rate

    @property
    def mode(self) -> str:
        """Device and precision of the same network."""
        return self._first().mode

    @property
    def networks(self) -> checkpoints.Networks:
        """Which networks there are now."""
        return checkpoints.networks(self._folder)

    def prepare(self, avatar: Avatar) -> None:
        """See `Wav2LipEngine.prepare`.

        Raises:
            EngineUnavailable: no network is here that could draw this avatar.
            FaceNotFound: no frame of the avatar has a face that can be drawn on.
        """
        self.of(avatar).prepare(avatar)

    def frames(self, avatar: Avatar, speech: Speech, start_frame: int = 0) -> Iterator[Frame]:
        """See `Wav2LipEngine.frames`; raises what `prepare` does."""
        return self.of(avatar).frames(avatar, speech, start_frame)

    def of(self, avatar: Avatar) -> Drawing:
        """Return what draws an avatar.

        Raises:
            EngineUnavailable: no network is here that could.
        """
        return self._engine(checkpoints.find_for(self._folder, avatar.id))

    def _first(self) -> Drawing:
        return self._engine(checkpoints.find_any(self._folder))

    def _engine(self, path: Path) -> Drawing:
        status = path.stat()
        file = path, status.st_size, status.st_mtime_ns
        with self._lock:
            if file not in self._engines:
                try:
                    self._engines[file] = self._read(path)
                except EngineUnavailable as exc:
                    self._engines[file] = exc
                if len(self._engines) > LOADED:
                    self._engines.popitem(last=False)
            self._engines.move_to_end(file)
            engine = self._engines[file]
        if isinstance(engine, EngineUnavailable):
            raise engine
        return engine
