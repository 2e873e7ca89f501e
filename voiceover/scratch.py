"""Folders for what is not finished: gone with their owner, or at the next start where that was killed."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from voiceover.lock import locked

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
        with locked(folder, shared=True):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(place: Path) -> None:
    """Delete the scratch folders in a place whose owners have died. Those of the living are locked.

    A network file system that locks no folder keeps them all.
    """
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError), locked(folder):  # it is another's, or just gone
            shutil.rmtree(folder, ignore_errors=True)
