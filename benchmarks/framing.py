"""How faces are framed: S3FD's boxes beside those laid around landmarks, on the same pictures.

    python -m benchmarks.framing [PICTURE …] [--checkpoints checkpoints]

Rows are counted as the network sees them, 0 to 95, after the reference's padding of 10 pixels below. Without
S3FD's weights there are only the boxes around landmarks. Both are drawn into `build/framing.png`.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from service.models import CHECKPOINTS
from voiceover.avatars import DEFAULT_AVATAR, astronaut, portrait
from voiceover.types import Avatar, Landmarks
from wav2lip.detect import CHIN, IRISES, S3FD_FILE, FaceFramer, box_around
from wav2lip.face import Box
from wav2lip.model import FACE_SIDE

SHEET = Path(__file__).parents[1] / "build" / "framing.png"
SHOWN = 384  # pixels of each picture's height
POINTS = {"eyes": IRISES, "nose tip": (4,), "mouth": (61, 291), "chin": (CHIN,)}
AROUND_LANDMARKS, BY_S3FD = (0, 160, 255), (80, 220, 0)  # BGR


@dataclass(frozen=True, slots=True)
class Framing:
    """One face in one box."""

    name: str
    by: str
    box: Box
    face: Landmarks

    def rows(self) -> Iterator[float]:
        """Where the network sees eyes, tip of the nose, mouth and chin: rows of 96."""
        for points in POINTS.values():
            y = self.face[list(points), 1].mean()
            yield float((y - self.box.top) / self.box.size[1] * FACE_SIDE)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description="Compare boxes around faces.")
    parser.add_argument("pictures", nargs="*", type=Path, help="portraits beside the default avatar")
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS, help="folder with S3FD's weights")
    arguments = parser.parse_args()
    avatars = [portrait(DEFAULT_AVATAR, DEFAULT_AVATAR, astronaut()), *map(_avatar, arguments.pictures)]
    pairs = [_framings(avatar, arguments.checkpoints) for avatar in avatars]
    _print(pairs)
    _draw(avatars, pairs)
    if not (arguments.checkpoints / S3FD_FILE).is_file():
        print(f"\nNo S3FD: {arguments.checkpoints / S3FD_FILE} is not there.")


def _avatar(path: Path) -> Avatar:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise SystemExit(f"{path} is not a picture")
    return portrait(path.stem, path.stem, np.asarray(picture, np.uint8))


def _framings(avatar: Avatar, checkpoints: Path) -> list[Framing]:
    """Frame the avatar's face around its landmarks and, where its weights are, by S3FD."""
    picture, face = avatar.frames[0], avatar.faces[0]
    assert face is not None
    boxes = {"landmarks": box_around(face)}
    if (checkpoints / S3FD_FILE).is_file():
        (found,) = FaceFramer(checkpoints).boxes(avatar)
        assert found is not None
        boxes["S3FD"] = found
    return [Framing(avatar.name, by, box.padded_below(picture), face) for by, box in boxes.items()]


def _print(pairs: list[list[Framing]]) -> None:
    print(f"| face | box | {' | '.join(POINTS)} | width / height |\n|---|---|{'---|' * (len(POINTS) + 1)}")
    for framing in (framing for pair in pairs for framing in pair):
        width, height = framing.box.size
        rows = " | ".join(f"{row:.0f}" for row in framing.rows())
        print(f"| {framing.name} | {framing.by} | {rows} | {width / height:.2f} |")


def _draw(avatars: list[Avatar], pairs: list[list[Framing]]) -> None:
    """Write all pictures with their boxes side by side."""
    shown = []
    for avatar, pair in zip(avatars, pairs, strict=True):
        picture = avatar.frames[0].copy()
        for framing in pair:
            colour = BY_S3FD if framing.by == "S3FD" else AROUND_LANDMARKS
            cv2.rectangle(picture, framing.box[:2], framing.box[2:], colour, max(len(picture) // 200, 1))
        shown.append(cv2.resize(picture, None, fx=SHOWN / len(picture), fy=SHOWN / len(picture)))
    SHEET.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(SHEET), np.hstack([picture[: min(map(len, shown))] for picture in shown]))


if __name__ == "__main__":
    main()
