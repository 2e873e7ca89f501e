"""The rearranged network with fewer multiplications, for processors that know no shorter numbers.

A 3 × 3 convolution of a tile of 4 × 4 pixels takes 144 multiplications for each pair of channels, Winograd's
takes 36. Additions stand in for the others; the result is the same but for rounding.

Source: Lavin, Gray, "Fast Algorithms for Convolutional Neural Networks" (2016), F(4 × 4, 3 × 3).
"""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor, nn

from wav2lip.model import ConvBlock, Wav2Lip
from wav2lip.static import PictureTerms, StaticWav2Lip

TILE = 4  # pixels of a tile's side
POINTS = 6  # of a tile's side with its neighbours, before and after they are multiplied
FEWEST_CHANNELS = 64  # with fewer, the additions cost what the multiplications save
TILES_TOGETHER = 128  # enough for quick products of matrices, few enough to stay in the processor's caches

TO_POINTS = np.array(
    [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
     [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]], np.float32
)  # fmt: skip
KERNEL_TO_POINTS = np.array(
    [[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
     [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]]
)  # fmt: skip
FROM_POINTS = np.array(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], np.float32
)
"""What a row of pixels, or of a kernel, is multiplied with, and the products to be pixels again."""

ZERO = np.float32(0)

Array = NDArray[np.float32]


class WinogradWav2Lip(StaticWav2Lip):
    """Draws lower faces on the processor, each thread its part of a batch. Safe to share between threads."""

    def __init__(self, network: Wav2Lip) -> None:
        """
        Args:
            network: ready to draw; it is copied.
        """
        workspace = _Workspace()

        def quick(block: ConvBlock) -> nn.Module:
            channels = block.conv_block.out_channels
            return block if channels < FEWEST_CHANNELS else _Residual(block, workspace)

        super().__init__(network, torch.device("cpu"), torch.float32, quick)
        self._threads = torch.get_num_threads()
        self._pool = _pool_of_single_threads(self._threads)

    @property
    def mode(self) -> str:
        """See `StaticWav2Lip.mode`."""
        return f"{super().mode} Winograd"

    def draw(self, windows: Tensor, pictures: PictureTerms) -> Tensor:
        """See `StaticWav2Lip.draw`."""
        # Equal parts: a frame's last bits depend on how many are drawn at once, and must not on its place.
        parts = next(parts for parts in range(self._threads, 0, -1) if len(windows) % parts == 0)
        drawn = self._pool.map(super().draw, windows.tensor_split(parts), pictures.split(parts))
        return torch.cat(list(drawn))


class _Residual(nn.Module):
    """A residual block of the network. It writes to what it is given."""

    def __init__(self, block: ConvBlock, workspace: "_Workspace") -> None:
        super().__init__()
        convolution = block.conv_block  # the batch norm is folded into it
        channels, kernel = convolution.out_channels, convolution.weight.detach().double()
        both_ways = np.kron(KERNEL_TO_POINTS, KERNEL_TO_POINTS)
        points = both_ways @ kernel.permute(2, 3, 1, 0).reshape(9, -1).numpy()
        self._kernel = torch.from_numpy(points.astype(np.float32)).view(-1, channels, channels)
        self._bias = convolution.bias.detach().numpy()
        self._workspace = workspace

    def forward(self, x: Tensor) -> Tensor:
        pictures: Array = x.permute(0, 2, 3, 1).contiguous().numpy()
        count, height, width, channels = pictures.shape
        tiles = _tiles(height) * _tiles(width)
        together = 1 << (max(TILES_TOGETHER // tiles, 1) - 1).bit_length()  # a power of 2, as batches are
        for some in (pictures[start : start + together] for start in range(0, count, together)):
            before, after = self._workspace.get((POINTS**2, len(some) * tiles, channels))
            _to_points(some, before.numpy())
            torch.bmm(before, self._kernel, out=after)
            _from_points(after.numpy(), self._bias, some)
        return torch.from_numpy(pictures).permute(0, 3, 1, 2)


class _Workspace(threading.local):
    """Memory for one convolution at a time, for each thread its own: it is dearer to get than to use."""

    def __init__(self) -> None:
        self._pair = torch.empty(2, 0)

    def get(self, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        size = int(np.prod(shape))
        if self._pair.shape[1] < size:
            self._pair = torch.empty(2, size)
        one, other = self._pair[:, :size]
        return one.view(shape), other.view(shape)


def _pool_of_single_threads(count: int) -> ThreadPoolExecutor:
    """Return threads whose own work torch does not share out again."""
    pool = ThreadPoolExecutor(count, "wav2lip")
    all_there = threading.Barrier(count)

    def begin(_: int) -> None:
        torch.set_num_threads(1)  # of this thread, but also of those that are yet to come
        all_there.wait()

    list(pool.map(begin, range(count)))
    torch.set_num_threads(count)
    return pool


@njit(inline="always")
def _tiles(pixels: int) -> int:
    return -(-pixels // TILE)


@njit(nogil=True, fastmath=True, cache=True)
def _to_points(pictures: Array, points: Array) -> None:
    """Bring `(n, height, width, channels)`, zero around, to `(36, tiles, channels)`."""
    count, height, width, channels = pictures.shape
    rows = pictures.reshape(count, height, width * channels)
    nothing = np.zeros(width * channels, np.float32)
    strip = np.zeros((POINTS, (TILE * _tiles(width) + 2) * channels), np.float32)
    tile = 0
    for picture in range(count):
        for top in range(-1, height - 1, TILE):
            around = [rows[picture, y] if 0 <= y < height else nothing for y in range(top, top + POINTS)]
            for i in range(POINTS):
                _combine(TO_POINTS[i], around, strip[i, channels : (1 + width) * channels])
            for left in range(0, width * channels, TILE * channels):
                for i in range(POINTS):
                    side = strip[i, left : left + POINTS * channels].reshape(POINTS, channels)
                    for j in range(POINTS):
                        _combine(TO_POINTS[j], side, points[POINTS * i + j, tile])
                tile += 1


@njit(nogil=True, fastmath=True, cache=True)
def _from_points(points: Array, bias: Array, pictures: Array) -> None:
    """Bring `(36, tiles, channels)` back to pixels; add them and the bias to the pictures, then ReLU."""
    count, height, width, channels = pictures.shape
    rows = np.empty((TILE, POINTS, channels), np.float32)
    pixel = np.empty(channels, np.float32)
    tile = 0
    for picture in range(count):
        for top in range(0, height, TILE):
            for left in range(0, width, TILE):
                for j in range(POINTS):
                    column = _column(points, j, tile)
                    for y in range(TILE):
                        _combine(FROM_POINTS[y], column, rows[y, j])
                for y in range(min(TILE, height - top)):
                    for x in range(min(TILE, width - left)):
                        _combine(FROM_POINTS[x], rows[y], pixel)
                        _add_and_rectify(pictures[picture, top + y, left + x], pixel, bias)
                tile += 1


@njit(inline="always")
def _column(points: Array, j: int, tile: int) -> tuple[Array, ...]:
    """Return rows of channels one by one: the compiler does not know that a slice's are contiguous."""
    return (
        points[j, tile],
        points[POINTS + j, tile],
        points[2 * POINTS + j, tile],
        points[3 * POINTS + j, tile],
        points[4 * POINTS + j, tile],
        points[5 * POINTS + j, tile],
    )


@njit(inline="always")
def _combine(factors: Array, what: Array | Sequence[Array], to: Array) -> None:
    """Add six rows up. One row at a time is written, or the compiler would not use vectors."""
    f0, f1, f2, f3, f4, f5 = factors[0], factors[1], factors[2], factors[3], factors[4], factors[5]
    w0, w1, w2, w3, w4, w5 = what[0], what[1], what[2], what[3], what[4], what[5]
    for c in range(to.size):
        to[c] = f0 * w0[c] + f1 * w1[c] + f2 * w2[c] + f3 * w3[c] + f4 * w4[c] + f5 * w5[c]


@njit(inline="always")
def _add_and_rectify(pixel: Array, added: Array, bias: Array) -> None:
    for c in range(pixel.size):
        pixel[c] = max(pixel[c] + added[c] + bias[c], ZERO)
