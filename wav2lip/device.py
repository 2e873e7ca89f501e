"""Where the network runs and how: the fastest mode that is exact enough, found by measuring."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

import torch
from torch import Tensor

from wav2lip.graphs import GraphedWav2Lip
from wav2lip.mel import SILENCE
from wav2lip.model import FACE_SIDE, MEL_BANDS, MEL_COLUMNS, Wav2Lip
from wav2lip.packed import PackedWav2Lip
from wav2lip.static import PictureTerms, StaticWav2Lip

log = logging.getLogger(__name__)

BATCHES = {"cuda": (8, 64), "mps": (8, 32), "cpu": (2, 4, 8, 16)}
"""Frames drawn together: larger batches are no faster, and on a GPU smaller ones hardly quicker."""
REPEATS = 3  # at least
PATIENCE = 1.0  # seconds for repeating
LARGEST_DIFFERENCE, MEAN_DIFFERENCE = 0.06, 0.006  # of 1, against full precision: below what can be seen
GRAPHED = (torch.float16, torch.float32)
HOPELESS = 3.0  # a mode that takes so many times as long for one frame is measured no further


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
        """See `StaticWav2Lip.mode`."""
        return self.network.mode


def fastest(network: Wav2Lip) -> Renderer:
    """Return the network in the fastest exact enough mode of this machine's best device. Takes seconds."""
    # For the process: equal requests must give equal pictures, and CUDA's transposed convolutions may not.
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    device = best_device()
    modes = list(exact_enough_modes(network, device))
    batches = BATCHES[device.type]
    times = _seconds(modes, batches[-1])
    seconds, best = min(zip(times, modes, strict=True), key=itemgetter(0))
    renderer = Renderer(best, batches, batches[-1] / seconds)
    log.info("Wav2Lip draws %.0f frames/s (%s)", renderer.rate, renderer.mode)
    return renderer


def best_device() -> torch.device:
    """Return the fastest kind of device there is."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def exact_enough_modes(network: Wav2Lip, device: torch.device) -> Iterator[StaticWav2Lip]:
    """Yield the network as it is in full precision, then as it may be quicker and looks the same."""
    full = StaticWav2Lip(network, device, torch.float32)
    yield full
    for other in _other_modes(network, device):
        if is_exact_enough(other, full) and not _is_hopeless(other, full):
            yield other


def _other_modes(network: Wav2Lip, device: torch.device) -> Iterator[StaticWav2Lip]:
    if device.type != "cpu":
        yield StaticWav2Lip(network, device, torch.float16)
        if device.type == "cuda":
            yield from (GraphedWav2Lip(network, device, dtype, BATCHES["cuda"]) for dtype in GRAPHED)
        return
    from wav2lip.winograd import WinogradWav2Lip

    yield WinogradWav2Lip(network)
    capability = torch.backends.cpu.get_cpu_capability()
    if capability == "AVX512":
        yield PackedWav2Lip(network, torch.bfloat16)
    elif capability != "AVX2":  # to which bfloat16 is foreign: seconds for a frame
        yield StaticWav2Lip(network, device, torch.bfloat16)


def is_exact_enough(other: StaticWav2Lip, full: StaticWav2Lip) -> bool:
    """Whether two ways to draw give pictures that look the same."""
    windows, faces = _example(BATCHES[full.device.type][0])  # as many as a graph has recorded
    difference = (other.draw(windows, other.look(faces)) - full.draw(windows, full.look(faces))).abs()
    return bool(difference.max() < LARGEST_DIFFERENCE and difference.mean() < MEAN_DIFFERENCE)


def _is_hopeless(other: StaticWav2Lip, full: StaticWav2Lip) -> bool:
    one, than = _seconds([other, full], 1)
    return one > HOPELESS * than


def _seconds(networks: list[StaticWav2Lip], batch: int) -> list[float]:
    """Return each network's shortest time for one batch, its way from and to the device included.

    It is the shortest of many where batches are quick, and the networks take turns, so that other work at the
    start is not mistaken for slowness.
    """
    windows, faces = _example(batch)
    pictures = [network.look(faces[:1]) for network in networks]
    rounds: list[list[float]] = []
    begin = time.perf_counter()
    while len(rounds) < 1 + REPEATS or time.perf_counter() - begin < PATIENCE:
        rounds.append([_seconds_of(*pair, windows) for pair in zip(networks, pictures, strict=True)])
    return [min(times) for times in zip(*rounds[1:], strict=True)]  # the first warms up


def _seconds_of(network: StaticWav2Lip, pictures: PictureTerms, windows: Tensor) -> float:
    begin = time.perf_counter()
    network.draw(windows, pictures).cpu()
    return time.perf_counter() - begin


def _example(count: int) -> tuple[Tensor, Tensor]:
    """Return windows and faces that are noise: speed does not depend on what is seen."""
    generator = torch.Generator().manual_seed(0)
    windows = -2 * SILENCE * torch.rand(count, 1, MEL_BANDS, MEL_COLUMNS, generator=generator) + SILENCE
    return windows, torch.rand(count, 6, FACE_SIDE, FACE_SIDE, generator=generator)
