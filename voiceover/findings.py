"""What was found out about pictures and need not be found out again: arrays, each in a file."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voiceover.scratch import scratch

log = logging.getLogger(__name__)


def recall(path: Path) -> NDArray[Any] | None:
    """Return what was remembered there, or None if nothing was, or if it is damaged."""
    if not path.exists():
        return None
    try:
        found: NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        log.warning("%s is damaged and is found out anew", path.name[:12])
        return None
    return found


def remember(path: Path, found: NDArray[Any]) -> None:
    """Write whole or not at all; a disk that cannot be written to costs only time at the next start."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch(path.parent) as folder:
            np.save(folder / path.name, found)
            (folder / path.name).replace(path)
    except OSError as exc:
        log.warning("nothing can be remembered in %s: %s", path.parent, exc)
