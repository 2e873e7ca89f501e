"""Weights and inputs from exact integer formulas: the same on every machine, with nothing to download.

`mix` is a 32-bit integer hash; number i of stream t is `mix(i + base) / 2**32`, with
`base = mix(t * 0x9E3779B1 + seed * 0x85EBCA77)`.
Everything is computed in float64 and rounded once.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from wav2lip.face import Box
from wav2lip.model import Wav2Lip

SEED = 1
GAIN = {"face_encoder_blocks": 0.9, "audio_encoder": 1.2, "face_decoder_blocks": 1.22, "output_block": 0.72}
PORTRAIT_BOX = Box(left=15, top=20, right=118, bottom=130)
PORTRAIT_HEIGHT, PORTRAIT_WIDTH = 160, 144
BOXES = np.array(
    [
        (72, 68, 181, 205),
        (81, 87, 174, 208),
        (89, 75, 154, 206),
        (60, 60, 189, 186),
        (55, 65, 153, 172),
        (82, 99, 178, 209),
        (61, 81, 159, 184),
        (50, 75, 169, 176),
        (59, 66, 169, 180),
        (73, 66, 175, 209),
        (76, 72, 182, 200),
        (63, 62, 166, 173),
    ]
)
"""Boxes of a face that trembles, int64 `(12, 4)`: left, top, right, bottom. Any would do."""


def mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = x & 0xFFFFFFFF
    x ^= x >> 16
    x = x * 0x7FEB352D & 0xFFFFFFFF
    x ^= x >> 15
    x = x * 0x846CA68B & 0xFFFFFFFF
    return x ^ x >> 16


def unit(stream: int, count: int) -> NDArray[np.float64]:
    """Return the first numbers of a stream, in [0, 1)."""
    base = mix(np.array([stream * 0x9E3779B1 + SEED * 0x85EBCA77], np.uint64))
    return mix(np.arange(count, dtype=np.uint64) + base) / 2**32


def signed(stream: int, count: int) -> NDArray[np.float64]:
    """Return the first numbers of a stream, in [-1, 1)."""
    return 2 * unit(stream, count) - 1


def weights(network: Wav2Lip) -> dict[str, torch.Tensor]:
    """Return a state dict for the network; its tensors are streams in the order of its keys."""
    shapes = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    return {key: _weight(stream, key, shape) for stream, (key, shape) in enumerate(shapes.items())}


def _weight(stream: int, key: str, shape: tuple[int, ...]) -> torch.Tensor:
    if key.endswith("num_batches_tracked"):
        return torch.tensor(0)
    count = int(np.prod(shape))
    if len(shape) == 4:
        spread = GAIN[key.split(".")[0]] * np.sqrt(3 / np.prod(shape[1:]))
        values = signed(stream, count) * spread
    elif key.endswith("running_var"):
        values = 0.7 + (1.3 - 0.7) * unit(stream, count)
    elif key.endswith("running_mean") or key.endswith("conv_block.1.bias"):
        values = 0.1 * signed(stream, count)
    elif key.endswith("conv_block.1.weight"):
        values = 0.9 + (1.1 - 0.9) * unit(stream, count)
    else:
        values = 0.05 * signed(stream, count)
    return torch.from_numpy(values.reshape(shape).astype(np.float32))


def network() -> Wav2Lip:
    """Return the whole network with formula weights, ready to draw."""
    made = Wav2Lip()
    made.load_state_dict(weights(made))
    return made.eval()


def faces() -> NDArray[np.float32]:
    """Return float32 `(2, 6, 96, 96)`."""
    b, c, h, w = np.indices((2, 6, 96, 96))
    values = 0.5 + 0.5 * np.sin(0.11 * h * (c % 3 + 1) + 0.07 * w * (3 - c % 3) + 1.3 * b + 0.5 * c)
    values[:, :3, 48:] = 0
    return values.astype(np.float32)


def mels() -> NDArray[np.float32]:
    """Return float32 `(2, 1, 80, 16)`."""
    b, _, m, t = np.indices((2, 1, 80, 16))
    return (4 * np.sin(0.13 * m + 0.37 * t + 0.9 * b)).astype(np.float32)


def waveform() -> NDArray[np.float32]:
    """Return 2 s of sound at 16 kHz: two sweeps, a trembling tone and noise, with a silence inside."""
    n = np.arange(32_000)
    t = n / 16_000
    sound = (
        0.35 * np.sin(2 * np.pi * (120 * t + 40 * t**2))
        + 0.20 * np.sin(2 * np.pi * 950 * t) * (0.5 + 0.5 * np.sin(2 * np.pi * 3 * t))
        + 0.10 * np.sin(2 * np.pi * (2000 * t + 600 * t**2))
        + 0.02 * signed(1000, len(n))
    )
    sound[12_000:16_000] = 0
    return sound.astype(np.float32)


def portrait() -> NDArray[np.uint8]:
    """Return a picture, uint8 `(160, 144, 3)` BGR, that is no face but has slopes and grain."""
    y, x, c = np.indices((PORTRAIT_HEIGHT, PORTRAIT_WIDTH, 3))
    slopes = ((3 * y + 2 * x + 40 * c) % 256) * 3 // 4
    grain = np.floor(32 * unit(2000, y.size)).reshape(y.shape)
    return (slopes + grain).astype(np.uint8)


def spoken_pcm() -> NDArray[np.int16]:
    """Return the second of sound that is spoken, as it stands in a WAV file."""
    return np.round(waveform()[:16_000] * 32767).astype(np.int16)
