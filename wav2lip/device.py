"""Where the network runs and how: the fastest mode that is exact enough, found by measuring."""

import logging
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from wav2lip.graphs import GraphedWav2Lip
from wav2lip.mel import SILENCE
from wav2lip.model import FACE_SIDE, MEL_BANDS, MEL_COLUMNS, Wav2Lip
from wav2lip.static import StaticWav2Lip

log = logging.getLogger(__name__)

BATCHES = {"cuda": (8, 64), "mps": (8, 32), "cpu": (2, 4, 8, 16)}
"""Frames drawn together: larger batches are no faster, and on a GPU smaller ones hardly quicker."""
REPEATS = 2  # at least
PATIENCE = 0.5  # seconds for repeating
LARGEST_DIFFERENCE, MEAN_DIFFERENCE = 0.06, 0.006  # of 1, against full precision: below what can be seen
HOPELESS = 2.0  # a mode that takes so many times as long for one frame is measured no further


@dataclass(frozen=True, slots=True)
class Renderer:
    """A network on a device, and how fast it draws there."""

    network: StaticWav2Lip
    batches: tuple[int, ...]
    """Sizes in which frames are drawn together, ascending."""
    rate: float
    """Frames a second, measured."""

    @property
    def mode(self) -> str:
        """Device and precision, such as "cpu float32"."""
        return f"{self.network.device.type} {str(self.network.dtype).removeprefix('torch.')}"


def fastest(network: Wav2Lip) -> Renderer:
    """Return the network in the fastest exact enough mode of this machine's best device. Takes seconds."""
    device = best_device()
    full = StaticWav2Lip(network, device, torch.float32)
    best = full
    for dtype in short_types(device):
        short = StaticWav2Lip(network, device, dtype)
        if _is_faster(short, best) and is_exact_enough(short, full):
            best = short
    if device.type == "cuda":
        graphed = GraphedWav2Lip(network, device, best.dtype, BATCHES[device.type])
        best = graphed if _is_faster(graphed, best) else best
    batches = BATCHES[device.type]
    renderer = Renderer(best, batches, batches[-1] / _seconds(best, batches[-1]))
    log.info("Wav2Lip draws %.0f frames/s (%s)", renderer.rate, renderer.mode)
    return renderer


def best_device() -> torch.device:
    """Return the fastest kind of device there is."""
    if torch.cuda.is_available():
        return torch.device("cuda")  # without cudnn.benchmark: equal requests must give equal pictures
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def short_types(device: torch.device) -> tuple[torch.dtype, ...]:
    """Return the short numbers that a device may be quicker with."""
    return (torch.bfloat16,) if device.type == "cpu" else (torch.float16,)


def is_exact_enough(short: StaticWav2Lip, full: StaticWav2Lip) -> bool:
    """Whether two ways to draw give pictures that look the same."""
    windows, faces = _example(2)
    difference = (short.draw(windows, short.look(faces)) - full.draw(windows, full.look(faces))).abs()
    return bool(difference.max() < LARGEST_DIFFERENCE and difference.mean() < MEAN_DIFFERENCE)


def _is_faster(short: StaticWav2Lip, than: StaticWav2Lip) -> bool:
    """Compare one frame first, so that nothing slow is measured for long."""
    if _seconds(short, 1) > HOPELESS * _seconds(than, 1):
        return False
    batch = BATCHES[short.device.type][-1]
    return _seconds(short, batch) < _seconds(than, batch)


def _seconds(network: StaticWav2Lip, batch: int) -> float:
    """Return the shortest time for one batch, its way from and to this processor's memory included.

    It is the shortest of many where batches are quick, so that other work at the
    start is not mistaken for slowness.
    """
    windows, faces = _example(batch)
    pictures = network.look(faces[:1])
    network.draw(windows, pictures).cpu()
    times: list[float] = []
    while len(times) < REPEATS or sum(times) < PATIENCE:
        begin = time.perf_counter()
        network.draw(windows, pictures).cpu()
        times.append(time.perf_counter() - begin)
    return min(times)


def _example(count: int) -> tuple[Tensor, Tensor]:
    """Return windows and faces that are noise: speed does not depend on what is seen."""
    generator = torch.Generator().manual_seed(0)
    windows = -2 * SILENCE * torch.rand(count, 1, MEL_BANDS, MEL_COLUMNS, generator=generator) + SILENCE
    return windows, torch.rand(count, 6, FACE_SIDE, FACE_SIDE, generator=generator)
