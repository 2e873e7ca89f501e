"""Locked folders: they end with the process that locked them, whatever ends that."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(folder: Path, shared: bool = False) -> Iterator[None]:
    """Have a folder to oneself.

    Args:
        shared: only keep others from having it to themselves.

    Raises:
        OSError: another process, or another thread, has locked it, or it cannot be locked like this.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(handle, how | fcntl.LOCK_NB)  # NFS: exclusively only what may be written
        yield
    finally:
        os.close(handle)
