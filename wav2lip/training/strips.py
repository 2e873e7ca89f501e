"""What a course looks like while it goes on: the teacher's pictures above the student's."""

from pathlib import Path

import cv2
import numpy as np
from torch import Tensor

COLUMNS = 12
ENLARGED = 2


def write(path: Path, wanted: Tensor, drawn: Tensor) -> None:
    """Write a picture file, whole or not at all.

    Args:
        wanted: float32 `(n, 3, rows, columns)` in [0, 1], BGR: what the teacher drew.
        drawn: the same as the student draws it.
    """
    rows = [np.hstack([_picture(one) for one in pictures]) for pictures in (wanted, drawn)]
    strip = cv2.resize(np.vstack(rows), None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
    part = path.with_stem(f"{path.stem}.part")
    cv2.imwrite(str(part), strip)
    part.replace(path)


def _picture(tensor: Tensor) -> "np.typing.NDArray[np.uint8]":
    return np.asarray((tensor.permute(1, 2, 0) * 255).byte().cpu().numpy())
