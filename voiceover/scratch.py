"""Folders for what is not finished: gone with their owner, or at the next start where that was killed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".voiceover-new-"


@contextmanager
def scratch(place: Path | None = None) -> Iterator[Path]:
    """Make a folder of one's own; afterwards it is deleted with all that is still in it.

    Args:
        place: where; it must exist. By default where the machine keeps temporary files.

    Raises:
        OSError: the disk does not take it.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    try:
        with _locked(folder, fcntl.LOCK_SH):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(place: Path) -> None:
    """Delete the scratch folders in a place whose owners have died. Those of the living are locked.

    A network file system that locks no folder keeps them all.
    """
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError), _locked(folder, fcntl.LOCK_EX):  # it is another's, or just gone
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    """
    Raises:
        OSError: another process, or another thread, has locked it, or it cannot be locked like this.
    """
    handle = os.open(folder, os.O_RDONLY)  # closed with the process, whatever ends that, and the lock with it
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)  # NFS: exclusively only what may be written
        yield
    finally:
        os.close(handle)
