"""Several viewers on one device: Wav2Lip's shared batches against turns, in which each draws its own.

    python -m benchmarks.viewers [CHECKPOINT] [--viewers 1 4 8] [--seconds 4] [--every 0.2]

Each viewer has a picture of his own. Without a checkpoint the network has random weights: its speed does not
depend on them. The network alone is measured; both ways are taken in turn, and medians printed.
"""

import argparse
import logging
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from voiceover.types import FPS
from wav2lip import weights
from wav2lip.batching import Batcher, Network
from wav2lip.device import fastest
from wav2lip.engine import pieces
from wav2lip.model import Wav2Lip
from wav2lip.static import PictureTerms


class Drawing(Protocol):
    """What viewers have in common."""

    def look(self, faces: Tensor) -> PictureTerms: ...

    def draw(self, windows: Tensor, pictures: PictureTerms, first: bool, /) -> Tensor: ...


class Turns:
    """Whoever has the device draws what he wants, and nothing else."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._device = threading.Lock()

    def look(self, faces: Tensor) -> PictureTerms:
        with self._device:
            return self._network.look(faces)

    def draw(self, windows: Tensor, pictures: PictureTerms, _first: bool) -> Tensor:
        with self._device:
            return self._network.draw(windows, pictures).cpu()


class Counted:
    """A network whose batches are counted."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.batches = 0

    def look(self, faces: Tensor) -> PictureTerms:
        return self._network.look(faces)

    def draw(self, windows: Tensor, pictures: PictureTerms) -> Tensor:
        self.batches += 1
        return self._network.draw(windows, pictures)


@dataclass(frozen=True, slots=True)
class Watched:
    """What viewers saw."""

    first: list[float]
    """Seconds until each saw the first picture."""
    rate: float
    """Pictures a second, all viewers together."""
    batches: int
    """Drawn by the device."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure Wav2Lip with several viewers.")
    parser.add_argument("checkpoint", nargs="?", type=Path)
    parser.add_argument("--viewers", type=int, nargs="+", default=(1, 4, 8))
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each one's speech")
    parser.add_argument("--every", type=float, default=0.2, help="seconds between one viewer and the next")
    parser.add_argument("--batches", type=int, nargs="+", help="sizes of the batches; of the device's own")
    parser.add_argument(
        "--width", type=float, default=1.0, help="of the network, to see who is drawn with whom"
    )
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    torch.manual_seed(0)
    network = weights.load(arguments.checkpoint) if arguments.checkpoint else Wav2Lip(arguments.width).eval()
    renderer = fastest(network)
    sizes = arguments.batches or renderer.batches
    print(f"{renderer.mode}, {renderer.rate:.0f} frames/s alone, batches of {sizes}\n")
    print("| viewers | way | first picture, median | the slowest's | pictures/s | batches |")
    print("|---|---|---|---|---|---|")
    for viewers in arguments.viewers:
        _print_rows(renderer.network, sizes, viewers, arguments)


def _print_rows(network: Network, sizes: Sequence[int], viewers: int, arguments: argparse.Namespace) -> None:
    ways: dict[str, Callable[[Network], Drawing]] = {
        "turns": Turns,
        "shared": lambda counted: Batcher(counted, sizes),
    }
    frames = round(arguments.seconds * FPS)
    seen: dict[str, list[Watched]] = {way: [] for way in ways}
    for _ in range(arguments.repeats):
        for way, make in ways.items():
            counted = Counted(network)
            first, rate = _watch(make(counted), sizes[-1], viewers, frames, arguments.every)
            seen[way].append(Watched(first, rate, counted.batches))
    for way, runs in seen.items():
        first_pictures = [
            1000 * statistics.median(measure(run.first) for run in runs)
            for measure in (statistics.median, max)
        ]
        shown = " | ".join(f"{milliseconds:.0f} ms" for milliseconds in first_pictures)
        rate = statistics.median(run.rate for run in runs)
        batches = statistics.median(run.batches for run in runs)
        print(f"| {viewers} | {way} | {shown} | {rate:.1f} | {batches:.0f} |", flush=True)


def _watch(
    drawing: Drawing, largest: int, viewers: int, frames: int, every: float
) -> tuple[list[float], float]:
    """Let viewers come one after another, and each draw all of his pictures.

    Returns:
        Seconds until each saw the first, and pictures a second of all together.
    """

    def view(number: int) -> float:
        picture, windows = torch.rand(1, 6, 96, 96), torch.rand(frames, 1, 80, 16)
        time.sleep(number * every)
        begin = time.perf_counter()
        seen = drawing.look(picture)
        (start, stop), *later = pieces(frames, largest)
        drawing.draw(windows[start:stop], seen, True)
        first = time.perf_counter() - begin
        for start, stop in later:
            drawing.draw(windows[start:stop], seen, False)
        return first

    begin = time.perf_counter()
    with ThreadPoolExecutor(viewers) as pool:
        first = list(pool.map(view, range(viewers)))
    return first, viewers * frames / (time.perf_counter() - begin)


if __name__ == "__main__":
    main()
