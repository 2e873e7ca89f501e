"""What restoring a drawn mouth costs, and what it does to one whose truth is known.

    python -m benchmarks.restoration [--checkpoints checkpoints] [--repeats 5]

The default avatar's mouth is opened by 12 pixels, drawn as 96 soft pixels, pasted, and restored by each
network whose weights are here. `build/restoration.png` has truth, drawn and restored side by side.
"""

import argparse
import statistics
import time
from pathlib import Path

import cv2
import numpy as np

from service.models import CHECKPOINTS
from tests.wav2lip import mouths
from tests.wav2lip.mouths import Subject, lips, sharpness
from voiceover.errors import EngineUnavailable
from voiceover.types import Frame
from wav2lip.blend import LowerFace
from wav2lip.checkpoints import RESTORERS, find_restorer
from wav2lip.restore import Restorer, restore_drawn

SHEET = Path(__file__).parents[1] / "build" / "restoration.png"
OPENING = 12  # pixels


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description="Measure the restoration of drawn mouths.")
    parser.add_argument("--checkpoints", type=Path, default=CHECKPOINTS)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    who = mouths.subject()
    truth, drawn = mouths.speaking(who, OPENING), who.picture.copy()
    LowerFace(who.picture, who.face, who.box).paste(drawn, mouths.drawn(truth, who.box))
    pictures = [truth, drawn]
    print("| | one face | and put back | sharpness, of the truth's |\n|---|---|---|---|")
    print(f"| drawn | | | {sharpness(drawn, lips(who)) / sharpness(truth, lips(who)):.2f} |")
    for name in RESTORERS:
        try:
            restorer = Restorer(find_restorer(arguments.checkpoints, name))
        except EngineUnavailable as exc:
            print(f"| {name} | {exc} | | |")
            continue
        frames = [drawn.copy() for _ in range(arguments.repeats)]
        whole = statistics.median(_seconds(frame, who, restorer) for frame in frames)
        ratio = sharpness(frames[0], lips(who)) / sharpness(truth, lips(who))
        print(
            f"| {name} | {1000 * restorer.seconds:.0f} ms | {1000 * whole:.0f} ms | {ratio:.2f} |", flush=True
        )
        pictures.append(frames[0])
    SHEET.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(SHEET), np.hstack([picture[who.box.slices] for picture in pictures]))


def _seconds(frame: Frame, who: Subject, restorer: Restorer) -> float:
    begin = time.perf_counter()
    restore_drawn(frame, who.picture, who.face, restorer)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
