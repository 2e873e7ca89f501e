"""The rearranged network draws what the network draws."""

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.wav2lip import formula
from wav2lip.device import is_exact_enough
from wav2lip.graphs import GraphedWav2Lip
from wav2lip.model import Wav2Lip
from wav2lip.static import FIRST_ROW, StaticWav2Lip

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network() -> Wav2Lip:
    return formula.network()


@pytest.fixture(scope="module")
def windows() -> Tensor:
    return torch.from_numpy(formula.mels())


@pytest.fixture(scope="module")
def faces() -> Tensor:
    return torch.from_numpy(formula.faces())


def drawn(network: Wav2Lip, windows: Tensor, faces: Tensor) -> Tensor:
    """What the network itself draws, in the rows that are shown."""
    with torch.inference_mode():
        return network(windows, faces)[:, :, FIRST_ROW:]


def test_one_picture_speaks_many_sounds(network: Wav2Lip, windows: Tensor, faces: Tensor) -> None:
    static = StaticWav2Lip(network, CPU, torch.float32)
    terms = static.look(faces[:1])
    assert len(terms) == 1
    torch.testing.assert_close(
        static.draw(windows, terms), drawn(network, windows, faces[[0, 0]]), atol=2e-5, rtol=0
    )


def test_each_picture_speaks_its_own_sound(network: Wav2Lip, windows: Tensor, faces: Tensor) -> None:
    static = StaticWav2Lip(network, CPU, torch.float32)
    torch.testing.assert_close(
        static.draw(windows, static.look(faces)), drawn(network, windows, faces), atol=2e-5, rtol=0
    )


def test_every_row_that_is_shown_is_exact(network: Wav2Lip, windows: Tensor, faces: Tensor) -> None:
    """The rows left out reach no further than is known: the first row shown is as exact as the last."""
    static = StaticWav2Lip(network, CPU, torch.float32)
    difference = (static.draw(windows, static.look(faces)) - drawn(network, windows, faces)).abs()
    assert difference.shape[2] == 96 - FIRST_ROW
    np.testing.assert_array_less(difference.amax(dim=(0, 1, 3)).numpy(), 2e-5)


def test_half_the_precision_is_close_enough_to_look_the_same(
    network: Wav2Lip, windows: Tensor, faces: Tensor
) -> None:
    static = StaticWav2Lip(network, CPU, torch.bfloat16)
    difference = (static.draw(windows, static.look(faces)) - drawn(network, windows, faces)).abs()
    assert difference.max() < 0.03
    assert difference.mean() < 0.004


def test_a_narrower_network_is_rearranged_alike(windows: Tensor, faces: Tensor) -> None:
    narrow = Wav2Lip(1 / 4)
    narrow.load_state_dict(formula.weights(narrow))
    narrow.eval()
    static = StaticWav2Lip(narrow, CPU, torch.float32)
    torch.testing.assert_close(
        static.draw(windows, static.look(faces)), drawn(narrow, windows, faces), atol=2e-5, rtol=0
    )


def test_a_mode_is_refused_when_its_pictures_differ(network: Wav2Lip) -> None:
    full = StaticWav2Lip(network, CPU, torch.float32)
    assert is_exact_enough(StaticWav2Lip(network, CPU, torch.bfloat16), full)
    off = Wav2Lip()
    off.load_state_dict(network.state_dict() | {"output_block.1.bias": torch.tensor([0.5, -0.5, 0.5])})
    assert not is_exact_enough(StaticWav2Lip(off.eval(), CPU, torch.float32), full)


def test_where_nothing_can_be_recorded_batches_are_drawn_as_they_come(windows: Tensor, faces: Tensor) -> None:
    narrow = Wav2Lip(1 / 8)
    narrow.load_state_dict(formula.weights(narrow))
    narrow.eval()
    static = StaticWav2Lip(narrow, CPU, torch.float32)
    graphed = GraphedWav2Lip(narrow, CPU, torch.float32, [2, 8])
    assert torch.equal(graphed.draw(windows, graphed.look(faces)), static.draw(windows, static.look(faces)))
