"""The rearranged network draws what the network draws, in every mode."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.wav2lip import formula
from wav2lip.device import is_exact_enough
from wav2lip.graphs import GraphedWav2Lip
from wav2lip.model import Wav2Lip
from wav2lip.packed import PackedWav2Lip
from wav2lip.static import FIRST_ROW, StaticWav2Lip
from wav2lip.winograd import FEWEST_CHANNELS, WinogradWav2Lip

CPU = torch.device("cpu")
Mode = Callable[[Wav2Lip], StaticWav2Lip]


def plain(network: Wav2Lip) -> StaticWav2Lip:
    return StaticWav2Lip(network, CPU, torch.float32)


def packed(network: Wav2Lip) -> StaticWav2Lip:
    return PackedWav2Lip(network, torch.float32)


without_onednn = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="torch lacks oneDNN here"
)


@pytest.fixture(
    params=[plain, WinogradWav2Lip, pytest.param(packed, marks=without_onednn)],
    ids=["plain", "Winograd", "packed"],
)
def mode(request: pytest.FixtureRequest) -> Mode:
    """A way to draw that is exact but for rounding."""
    made: Mode = request.param
    return made


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


def test_one_picture_speaks_many_sounds(mode: Mode, network: Wav2Lip, windows: Tensor, faces: Tensor) -> None:
    static = mode(network)
    terms = static.look(faces[:1])
    assert len(terms) == 1
    torch.testing.assert_close(
        static.draw(windows, terms), drawn(network, windows, faces[[0, 0]]), atol=2e-5, rtol=0
    )


def test_each_picture_speaks_its_own_sound(
    mode: Mode, network: Wav2Lip, windows: Tensor, faces: Tensor
) -> None:
    static = mode(network)
    torch.testing.assert_close(
        static.draw(windows, static.look(faces)), drawn(network, windows, faces), atol=2e-5, rtol=0
    )


def test_every_row_that_is_shown_is_exact(network: Wav2Lip, windows: Tensor, faces: Tensor) -> None:
    """The rows left out reach no further than is known: the first row shown is as exact as the last."""
    static = StaticWav2Lip(network, CPU, torch.float32)
    difference = (static.draw(windows, static.look(faces)) - drawn(network, windows, faces)).abs()
    assert difference.shape[2] == 96 - FIRST_ROW
    np.testing.assert_array_less(difference.amax(dim=(0, 1, 3)).numpy(), 2e-5)


@pytest.mark.parametrize(
    "half",
    [
        lambda network: StaticWav2Lip(network, CPU, torch.bfloat16),
        pytest.param(lambda network: PackedWav2Lip(network, torch.bfloat16), marks=without_onednn),
    ],
    ids=["plain", "packed"],
)
def test_half_the_precision_is_close_enough_to_look_the_same(
    network: Wav2Lip, windows: Tensor, faces: Tensor, half: Mode
) -> None:
    static = half(network)
    difference = (static.draw(windows, static.look(faces)) - drawn(network, windows, faces)).abs()
    assert difference.max() < 0.03
    assert difference.mean() < 0.004


@pytest.mark.parametrize("width", [1 / 4, 1 / 32])
def test_a_narrower_network_is_rearranged_alike(
    mode: Mode, width: float, windows: Tensor, faces: Tensor
) -> None:
    narrow = Wav2Lip(width)
    narrow.load_state_dict(formula.weights(narrow))
    narrow.eval()
    static = mode(narrow)
    torch.testing.assert_close(
        static.draw(windows, static.look(faces)), drawn(narrow, windows, faces), atol=2e-5, rtol=0
    )


@pytest.mark.parametrize("count", [1, 3, 5])
def test_threads_share_a_batch_out_and_put_it_together(count: int) -> None:
    narrow = Wav2Lip(1 / 4)
    narrow.load_state_dict(formula.weights(narrow))
    torch.set_num_threads(3)
    try:
        static = WinogradWav2Lip(narrow.eval())
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(count)
    windows = 8 * torch.rand(count, 1, 80, 16, generator=generator) - 4
    faces = torch.rand(count, 6, 96, 96, generator=generator)
    expected = drawn(narrow, windows, faces)
    torch.testing.assert_close(static.draw(windows, static.look(faces)), expected, atol=2e-5, rtol=0)


@pytest.mark.parametrize("count", [4, 16])
def test_a_frame_is_the_same_to_the_bit_wherever_in_a_batch_it_stands(mode: Mode, count: int) -> None:
    narrow = Wav2Lip(1 / 4)
    narrow.load_state_dict(formula.weights(narrow))
    static = mode(narrow.eval())
    generator = torch.Generator().manual_seed(0)
    windows = 8 * torch.rand(count, 1, 80, 16, generator=generator) - 4
    pictures = static.look(torch.rand(1, 6, 96, 96, generator=generator))
    order = torch.randperm(count, generator=generator)
    assert torch.equal(static.draw(windows, pictures)[order], static.draw(windows[order], pictures))


def test_winograd_draws_wide_layers_in_its_own_way(network: Wav2Lip, windows: Tensor, faces: Tensor) -> None:
    """Its rounding differs; were it equal to the last bit, the plain convolution would have been measured."""
    one, other = plain(network), WinogradWav2Lip(network)
    assert not torch.equal(one.draw(windows, one.look(faces)), other.draw(windows, other.look(faces)))
    narrow = Wav2Lip((FEWEST_CHANNELS - 1) / 512).eval()
    one, other = plain(narrow), WinogradWav2Lip(narrow)
    torch.testing.assert_close(
        one.draw(windows, one.look(faces)), other.draw(windows, other.look(faces)), atol=0, rtol=0
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
