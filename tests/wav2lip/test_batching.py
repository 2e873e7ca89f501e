"""Requests that share a device: who is drawn with whom, when, and that nobody can tell."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from tests.wav2lip import formula
from voiceover.errors import EngineUnavailable
from wav2lip.batching import Batcher
from wav2lip.model import Wav2Lip
from wav2lip.packed import PackedWav2Lip
from wav2lip.static import PictureTerms, StaticWav2Lip
from wav2lip.winograd import WinogradWav2Lip

SIZES = (4, 16)


class Watched:
    """A network whose batches are counted, and which draws only while it is let."""

    def __init__(self, network: StaticWav2Lip) -> None:
        self.network = network
        self.room = 1000  # frames at a time for which it has memory
        self.batches: list[int] = []
        self.interrupted_next = False  # after this batch, whoever draws is interrupted once
        self.drawing, self.let = threading.Event(), threading.Event()
        self.let.set()

    def look(self, faces: Tensor) -> PictureTerms:
        if len(faces) > self.room:
            raise torch.OutOfMemoryError
        return self.network.look(faces)

    def draw(self, windows: Tensor, pictures: PictureTerms) -> Tensor:
        self.drawing.set()
        assert self.let.wait(60)
        self.batches.append(len(windows))
        if self.interrupted_next and len(self.batches) > 1:
            self.interrupted_next = False
            raise KeyboardInterrupt
        if len(windows) > self.room:
            raise torch.OutOfMemoryError
        return self.network.draw(windows, pictures)


MODES: dict[str, Callable[[Wav2Lip], StaticWav2Lip]] = {
    "float32": lambda network: StaticWav2Lip(network, torch.device("cpu"), torch.float32),
    "bfloat16": lambda network: StaticWav2Lip(network, torch.device("cpu"), torch.bfloat16),
    "Winograd": WinogradWav2Lip,
}
if torch.backends.mkldnn.is_available():
    MODES["packed"] = lambda network: PackedWav2Lip(network, torch.bfloat16)


@pytest.fixture
def network(request: pytest.FixtureRequest) -> StaticWav2Lip:
    narrow = Wav2Lip(1 / 8)
    narrow.load_state_dict(formula.weights(narrow))
    return MODES[getattr(request, "param", "float32")](narrow.eval())


@pytest.fixture
def watched(network: StaticWav2Lip) -> Watched:
    return Watched(network)


@pytest.fixture
def batcher(watched: Watched) -> Batcher:
    return Batcher(watched, SIZES)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def sound(seed: int, frames: int) -> Tensor:
    return 8 * torch.rand(frames, 1, 80, 16, generator=torch.Generator().manual_seed(seed)) - 4


def pictures(network: StaticWav2Lip, seed: int, count: int = 1) -> PictureTerms:
    return network.look(torch.rand(count, 6, 96, 96, generator=torch.Generator().manual_seed(seed)))


def asked_while_busy(
    watched: Watched,
    batcher: Batcher,
    pool: ThreadPoolExecutor,
    asks: list[tuple[Tensor, PictureTerms, bool]],
) -> list[Future[Tensor]]:
    """Let all ask, in this order, while the device draws for somebody else; then let it go on."""
    watched.let.clear()
    watched.drawing.clear()
    busy = pool.submit(batcher.draw, sound(99, 1), pictures(watched.network, 99))
    assert watched.drawing.wait(60)
    drawn = []
    for ask in asks:
        drawn.append(pool.submit(batcher.draw, *ask))
        while len(batcher._waiting) < len(drawn):
            threading.Event().wait(0.001)
    watched.batches.clear()
    watched.let.set()
    busy.result(60)
    return drawn


def test_who_waits_together_is_drawn_together(
    watched: Watched, batcher: Batcher, pool: ThreadPoolExecutor
) -> None:
    photo = pictures(watched.network, 0)
    asks = [(sound(seed, frames), photo, False) for seed, frames in enumerate((6, 5, 5))]
    for drawn in asked_while_busy(watched, batcher, pool, asks):
        drawn.result(60)
    assert watched.batches == [4, 16]  # the one that kept the device busy, then 6 + 5 + 5


@pytest.mark.parametrize("network", MODES, indirect=True)
def test_company_does_not_show(watched: Watched, batcher: Batcher, pool: ThreadPoolExecutor) -> None:
    """Photos and films of several requests, drawn together, are to the bit what each is alone."""
    network = watched.network
    asks = [
        (sound(1, 5), pictures(network, 1), False),
        (sound(2, 6), pictures(network, 2, 6), False),
        (sound(3, 5), pictures(network, 3), False),
        (sound(4, 2), pictures(network, 4), True),
        (sound(5, 2), pictures(network, 5, 2), True),
    ]
    alone = [batcher.draw(*ask) for ask in asks]
    together = asked_while_busy(watched, batcher, pool, asks)
    for ask, one, other in zip(asks, alone, together, strict=True):
        assert torch.equal(one, other.result(60))
        torch.testing.assert_close(one, network.draw(*ask[:2]), atol=1e-4, rtol=0)
    assert watched.batches == [4, 4, 16]


def test_nobody_waits_for_company(watched: Watched, batcher: Batcher) -> None:
    threads = threading.active_count()
    batcher.draw(sound(0, 1), pictures(watched.network, 0))
    batcher.draw(sound(0, 5), pictures(watched.network, 0))
    assert watched.batches == [4, 16]
    assert threading.active_count() == threads


def test_first_frames_of_a_new_request_go_ahead(
    watched: Watched, batcher: Batcher, pool: ThreadPoolExecutor
) -> None:
    photo = pictures(watched.network, 0)
    asks = [(sound(0, 16), photo, False), (sound(1, 16), photo, False), (sound(2, 2), photo, True)]
    drawn = asked_while_busy(watched, batcher, pool, asks)
    for drawn_one in drawn:
        drawn_one.result(60)
    assert watched.batches[1:] == [4, 16, 16]


def test_many_requests_at_once_all_get_their_own(batcher: Batcher, network: StaticWav2Lip) -> None:
    def speak(seed: int) -> list[Tensor]:
        photo = batcher.look(torch.rand(1, 6, 96, 96, generator=torch.Generator().manual_seed(seed)))
        windows = sound(seed, 31)
        return [batcher.draw(windows[a:b], photo, a == 0) for a, b in ((0, 2), (2, 6), (6, 15), (15, 31))]

    alone = [speak(seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(speak, range(8)))
    for one, other in zip(alone, together, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_what_cannot_be_drawn_fails_alone(
    watched: Watched, batcher: Batcher, pool: ThreadPoolExecutor
) -> None:
    photo = pictures(watched.network, 0)
    too_short = sound(1, 5)[..., :3]
    asks = [(sound(0, 5), photo, False), (too_short, photo, False), (sound(2, 5), photo, False)]
    good, bad, also_good = asked_while_busy(watched, batcher, pool, asks)
    assert torch.equal(good.result(60), batcher.draw(*asks[0]))
    assert torch.equal(also_good.result(60), batcher.draw(*asks[2]))
    with pytest.raises(RuntimeError):
        bad.result(60)
    assert len(batcher.draw(sound(3, 1), photo)) == 1  # the device is free again


def test_out_of_memory_halves_the_batches(
    watched: Watched, batcher: Batcher, pool: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    network = watched.network
    photo, film = pictures(network, 0), pictures(network, 1, 7)
    asks = [(sound(0, 7), photo, False), (sound(1, 7), film, False)]
    watched.room = 4
    with caplog.at_level(logging.WARNING):
        drawn = asked_while_busy(watched, batcher, pool, asks)
        for ask, one in zip(asks, drawn, strict=True):
            torch.testing.assert_close(one.result(60), network.draw(*ask[:2]), atol=1e-5, rtol=0)
    assert watched.batches == [4, 16, 8, 4, 4, 4, 4] and batcher.largest == 4
    assert "no memory for 8 frames" in caplog.text
    assert torch.equal(batcher.draw(*asks[0]), drawn[0].result())  # the same, alone


def test_out_of_memory_looks_at_half_the_pictures(watched: Watched, batcher: Batcher) -> None:
    faces = torch.rand(7, 6, 96, 96, generator=torch.Generator().manual_seed(0))
    watched.room = 2
    for seen, wanted in zip(batcher.look(faces).terms, watched.network.look(faces).terms, strict=True):
        torch.testing.assert_close(seen, wanted, atol=1e-5, rtol=1e-5)
    watched.room = 0
    with pytest.raises(EngineUnavailable, match="memory"):
        batcher.look(faces)


def test_who_is_interrupted_takes_nobody_along(
    watched: Watched, batcher: Batcher, pool: ThreadPoolExecutor
) -> None:
    photo = pictures(watched.network, 0)
    asks = [(sound(seed, 5), photo, False) for seed in range(3)]
    watched.interrupted_next = True
    drawn = asked_while_busy(watched, batcher, pool, asks)
    results = [one.exception(60) for one in drawn]
    assert [type(result) for result in results].count(KeyboardInterrupt) == 1
    for ask, one, result in zip(asks, drawn, results, strict=True):
        assert result or torch.equal(one.result(), batcher.draw(*ask))
    assert not batcher._waiting


def test_without_memory_for_one_frame_the_request_is_told(watched: Watched, batcher: Batcher) -> None:
    watched.room = 0
    with pytest.raises(EngineUnavailable, match="memory"):
        batcher.draw(sound(0, 3), pictures(watched.network, 0))
    watched.room = 1
    assert len(batcher.draw(sound(0, 3), pictures(watched.network, 0))) == 3
