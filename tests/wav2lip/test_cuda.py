"""What only a CUDA device can show: `pytest -m gpu`."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.wav2lip import formula
from wav2lip.batching import Batcher
from wav2lip.device import BATCHES, fastest, is_exact_enough
from wav2lip.graphs import GraphedWav2Lip
from wav2lip.static import StaticWav2Lip

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
CUDA = torch.device("cuda")
SIZES = BATCHES["cuda"]


@pytest.fixture(scope="module")
def graphed() -> GraphedWav2Lip:
    return GraphedWav2Lip(formula.network(), CUDA, torch.float16, SIZES)


def sound(seed: int, frames: int) -> Tensor:
    return 8 * torch.rand(frames, 1, 80, 16, generator=torch.Generator().manual_seed(seed)) - 4


def faces(seed: int, count: int = 1) -> Tensor:
    return torch.rand(count, 6, 96, 96, generator=torch.Generator().manual_seed(seed))


def test_short_numbers_are_exact_enough(graphed: GraphedWav2Lip) -> None:
    assert is_exact_enough(graphed, StaticWav2Lip(formula.network(), CUDA, torch.float32))


@pytest.mark.parametrize("size", SIZES)
def test_a_replayed_batch_is_the_batch(graphed: GraphedWav2Lip, size: int) -> None:
    """Whatever was drawn before: portraits and films in turn."""
    plain = StaticWav2Lip(formula.network(), CUDA, torch.float16)
    for seed, pictures in enumerate((1, size, 1, 1)):
        seen = plain.look(faces(seed, pictures))
        difference = graphed.draw(sound(seed, size), seen) - plain.draw(sound(seed, size), seen)
        assert difference.abs().max() < 2e-3


def test_company_does_not_show() -> None:
    renderer = fastest(formula.network())
    batcher = Batcher(renderer.network, renderer.batches)
    cuts = np.cumsum([0, 2, 4, 8, 16, 32])

    def speak(seed: int) -> list[Tensor]:
        photo, windows = batcher.look(faces(seed)), sound(seed, 62)
        pieces = pairwise(cuts)
        return [batcher.draw(windows[start:stop], photo, start == 0).cpu() for start, stop in pieces]

    alone = [speak(seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(speak, range(8)))
    for one, other in zip(alone, together, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
