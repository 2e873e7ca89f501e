"""Bytes that are made once and read by many, from the start, also while they are being made."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator

HELD = 64  # recordings; an idle loop takes one or two megabytes


class Recording:
    """Grows in a thread of its own. Safe to share between threads."""

    def __init__(self, make: Callable[[], Iterator[bytes]]) -> None:
        """
        Args:
            make: called once, in the recording's thread; what it raises is raised to every reader.
        """
        self._pieces: list[bytes] = []
        self._grown = threading.Condition()
        self._done = False
        self._error: Exception | None = None
        threading.Thread(target=self._run, args=(make,), name="recording", daemon=True).start()

    @property
    def failed(self) -> bool:
        return self._error is not None

    def read(self) -> Generator[bytes, None, None]:
        """Yield everything from the beginning; waits for what is not made yet."""
        position = 0
        while True:
            with self._grown:
                while position == len(self._pieces) and not self._done:
                    self._grown.wait()
                pieces = self._pieces[position:]
            if not pieces:
                break
            yield from pieces
            position += len(pieces)
        if self._error:
            raise self._error

    def _run(self, make: Callable[[], Iterator[bytes]]) -> None:
        error: Exception | None = None
        try:
            for piece in make():
                with self._grown:
                    self._pieces.append(piece)
                    self._grown.notify_all()
        except Exception as exc:  # kept for the readers, who have a better place to raise it
            error = exc
        with self._grown:
            self._error, self._done = error, True
            self._grown.notify_all()


class RecordingShelf:
    """The recordings wanted last, by name; a failed one is made anew. Safe to share between threads."""

    def __init__(self, size: int = HELD) -> None:
        self._recordings: OrderedDict[str, Recording] = OrderedDict()
        self._size = size
        self._lock = threading.Lock()

    def get(self, name: str, make: Callable[[], Iterator[bytes]]) -> Recording:
        with self._lock:
            recording = self._recordings.get(name)
            if recording is None or recording.failed:
                recording = self._recordings[name] = Recording(make)
            self._recordings.move_to_end(name)
            if len(self._recordings) > self._size:
                self._recordings.popitem(last=False)
            return recording
