"""Clips kept on disk: a chunk that is asked for again is not made again."""

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from service.pipeline import Clip
from voiceover.scratch import scratch
from voiceover.types import Word

log = logging.getLogger(__name__)

PIECE = 2**16  # bytes given at once: a slow reader is to be seen to read
DIGEST = 32  # bytes of the sha256 with which a file begins


class ClipCache:
    """Clips by key, a file each; those that nobody asked for longest make room.

    Safe to share between threads, and between processes that share the folder: a file is there whole or
    not at all.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """
        Args:
            folder: holds nothing else; made when first needed.
            most_bytes: what the files may take together; with 0 nothing is kept.
        """
        self._folder = folder
        self._most_bytes = most_bytes
        self._writing = threading.Lock()

    def get(self, key: str) -> Clip | None:
        """Return a clip that was kept. One that has been damaged since is dropped.

        Args:
            key: hexadecimal digits, see `Pipeline.key`.
        """
        begin = time.perf_counter()
        path = self._folder / key
        try:
            packed = path.read_bytes()
        except OSError:
            return None
        with suppress(OSError):  # it may be read where nothing may be written
            os.utime(path)
        try:
            return _unpacked(packed, begin)
        except ValueError as exc:
            log.warning("the clip %s is dropped: %s", key, exc)
            with suppress(OSError):
                path.unlink()
            return None

    def keep(self, key: str, clip: Clip, still: Callable[[], bool] = lambda: True) -> Clip:
        """Return the clip; it is kept when it has been read to its end, and only then.

        Where it cannot be written (a full disk, a read-only one), the log says so and the reader gets it all
        the same.

        Args:
            still: whether the clip is what its key says: an engine may have changed its ways meanwhile.
        """
        return replace(clip, data=self._kept(key, clip, still)) if self._most_bytes else clip

    def _kept(self, key: str, clip: Clip, still: Callable[[], bool]) -> Generator[bytes, None, None]:
        pieces = []
        with closing(clip.data):
            for piece in clip.data:
                yield piece
                pieces.append(piece)
        if not still():
            return
        packed = _packed(clip, b"".join(pieces))
        try:
            self._write(key, packed)
        except OSError as exc:
            log.warning("a clip is not kept: %s", exc)

    def _write(self, key: str, packed: bytes) -> None:
        if len(packed) > self._most_bytes:
            return
        with self._writing:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room(len(packed))
            with scratch(self._folder) as folder:
                (folder / key).write_bytes(packed)
                (folder / key).replace(self._folder / key)

    def _make_room(self, needed: int) -> None:
        states = [(path.stat(), path) for path in self._folder.iterdir() if path.is_file()]
        excess = sum(state.st_size for state, _ in states) + needed - self._most_bytes
        for state, path in sorted(states, key=lambda entry: entry[0].st_mtime_ns):
            if excess <= 0:
                break
            path.unlink(missing_ok=True)
            excess -= state.st_size


def _packed(clip: Clip, data: bytes) -> bytes:
    """A digest of all that follows, a line that describes the clip, the clip."""
    card = {
        "frames": clip.frames,
        "words": [(word.text, word.start, word.stop) for word in clip.words],
        "voice": clip.voice,
        "engine": clip.engine,
        "lips": clip.lips,
        "weights": clip.weights,
    }
    content = json.dumps(card).encode() + b"\n" + data
    return hashlib.sha256(content).digest() + content


def _unpacked(packed: bytes, begin: float) -> Clip:
    """
    Raises:
        ValueError: these are not the bytes that were packed.
    """
    digest, content = packed[:DIGEST], packed[DIGEST:]
    if hashlib.sha256(content).digest() != digest:
        raise ValueError("its content is not what was written")
    line, _, data = content.partition(b"\n")
    card = json.loads(line)
    return Clip(
        frames=card["frames"],
        words=tuple(Word(*word) for word in card["words"]),
        voice=card["voice"],
        engine=card["engine"],
        lips=card["lips"],
        weights=card["weights"],
        timings={"cache": time.perf_counter() - begin},
        data=(data[start : start + PIECE] for start in range(0, len(data), PIECE)),
    )
