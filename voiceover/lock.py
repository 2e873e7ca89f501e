"""Locked folders: they end with the process that locked them, whatever ends that."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(folder: Path, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Have a folder to oneself.

    Raises:
        OSError: another process, or another thread, has locked it, or it cannot be locked like this.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)  # NFS: exclusively only what may be written
        yield
    finally:
        os.close(handle)


@contextmanager
def shared(folder: Path) -> Iterator[None]:
    """Keep others from having a folder to themselves; raises what `locked` does."""
    with locked(folder, fcntl.LOCK_SH):
        yield
