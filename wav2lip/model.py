"""The generator of Wav2Lip: a face with its mouth hidden and 0.2 s of sound in, the face speaking it out.

Source: Prajwal et al., "A Lip Sync Expert Is All You Need for Speech to Lip Generation In the Wild" (2020).
The names of its parts are the keys of the published checkpoints.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

FACE_SIDE = 96  # pixels of the square face
MEL_BANDS, MEL_COLUMNS = 80, 16  # one window of sound: 16 columns of 12.5 ms
EMBEDDING = 512  # channels of the face's and the sound's summary

Size = int | tuple[int, int]


class ConvBlock(nn.Module):
    """Convolution, batch norm, ReLU; a residual block adds its input before the ReLU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: Size, padding: int, residual: bool = False
    ) -> None:
        super().__init__()
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding)
        self.conv_block: Any = nn.Sequential(convolution, nn.BatchNorm2d(outputs))
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_block(x)
        return torch.relu(y + x if self.residual else y)


class UpBlock(nn.Module):
    """Transposed convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int, padding: int) -> None:
        super().__init__()
        # With stride 2 the output is exactly twice the input; without, it is the kernel's size.
        convolution = nn.ConvTranspose2d(inputs, outputs, 3, stride, padding, output_padding=stride - 1)
        self.conv_block: Any = nn.Sequential(convolution, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv_block(x))


class Stroke(NamedTuple):
    """How crisply a network draws: standard deviations of blurs, in drawn pixels."""

    softness: float = 0.6
    """by which it draws softer than a picture is that is brought to its size"""
    finest: float = 0.8
    """whose loss is made good: the narrower, the crisper, but the louder the network's noise as well"""


PUBLISHED = Stroke()


class Wav2Lip(nn.Module):
    """The generator. Its state dict has the keys and shapes of the published checkpoints at width 1."""

    def __init__(self, width: float = 1.0, before: int = 0, stroke: Stroke = PUBLISHED) -> None:
        """
        Args:
            width: factor on the number of channels in every layer; 0.25 makes a network of a sixteenth of the
                work, for which weights must be trained.
            before: columns of mel before a frame that its weights were trained to hear, see
                `wav2lip.mel.frame_windows`.
            stroke: how it draws with these weights.
        """
        super().__init__()
        self.width = width
        self.before = before
        self.stroke = stroke
        self.face_encoder_blocks = nn.ModuleList(_face_encoder(width))
        self.audio_encoder = nn.Sequential(*_audio_encoder(width))
        self.face_decoder_blocks = nn.ModuleList(_face_decoder(width))
        joined, hidden = _channels(64, width) + _channels(16, width), _channels(32, width)
        self.output_block = nn.Sequential(
            ConvBlock(joined, hidden, 3, 1, 1), nn.Conv2d(hidden, 3, 1), nn.Sigmoid()
        )

    def forward(self, mel: Tensor, face: Tensor) -> Tensor:
        """Draw faces.

        Args:
            mel: `(n, 1, 80, 16)` windows of the mel spectrogram, in [-4, 4].
            face: `(n, 6, 96, 96)` in [0, 1]: BGR with the lower half black, then BGR of a reference.

        Returns:
            `(n, 3, 96, 96)` in (0, 1), BGR.
        """
        skips = self.encode_face(face)
        x: Tensor = self.audio_encoder(mel)
        for block, skip in zip(self.face_decoder_blocks, reversed(skips), strict=True):
            x = torch.cat((block(x), skip), dim=1)
        drawn: Tensor = self.output_block(x)
        return drawn

    def encode_face(self, face: Tensor) -> list[Tensor]:
        """Return the face at seven scales, from `(n, 16, 96, 96)` to `(n, 512, 1, 1)`."""
        skips = []
        for block in self.face_encoder_blocks:
            face = block(face)
            skips.append(face)
        return skips


def _channels(full: int, width: float) -> int:
    return max(round(full * width), 1)


def _face_encoder(width: float) -> list[nn.Sequential]:
    """Seven stages, each half the size of the one before: 96, 48, 24, 12, 6, 3 and 1 pixels."""
    channels = [_channels(full, width) for full in (16, 32, 64, 128, 256, 512)]
    residuals = (2, 3, 2, 2, 1)
    stages = [nn.Sequential(ConvBlock(6, channels[0], 7, 1, 3))]
    for inputs, outputs, count in zip(channels, channels[1:], residuals, strict=False):
        stages.append(nn.Sequential(ConvBlock(inputs, outputs, 3, 2, 1), *_residuals(outputs, count)))
    top = channels[-1]
    return [*stages, nn.Sequential(ConvBlock(top, top, 3, 1, 0), ConvBlock(top, top, 1, 1, 0))]


def _audio_encoder(width: float) -> list[ConvBlock]:
    """80 × 16 to one pixel."""
    c32, c64, c128, c256, c512 = (_channels(full, width) for full in (32, 64, 128, 256, EMBEDDING))
    return [
        ConvBlock(1, c32, 3, 1, 1),
        *_residuals(c32, 2),
        ConvBlock(c32, c64, 3, (3, 1), 1),
        *_residuals(c64, 2),
        ConvBlock(c64, c128, 3, 3, 1),
        *_residuals(c128, 2),
        ConvBlock(c128, c256, 3, (3, 2), 1),
        *_residuals(c256, 1),
        ConvBlock(c256, c512, 3, 1, 0),
        ConvBlock(c512, c512, 1, 1, 0),
    ]


def _face_decoder(width: float) -> list[nn.Sequential]:
    """Seven stages, 1 pixel to 96; each reads the one before beside the encoder's stage of equal size."""
    skips = [_channels(full, width) for full in (512, 512, 256, 128, 64, 32)]
    outputs = [_channels(full, width) for full in (EMBEDDING, 512, 512, 384, 256, 128, 64)]
    stages = [nn.Sequential(ConvBlock(outputs[0], outputs[0], 1, 1, 0))]
    for index, (before, skip, after) in enumerate(zip(outputs, skips, outputs[1:], strict=False)):
        up = UpBlock(before + skip, after, 1, 0) if index == 0 else UpBlock(before + skip, after, 2, 1)
        stages.append(nn.Sequential(up, *_residuals(after, 1 if index == 0 else 2)))
    return stages


def _residuals(channels: int, count: int) -> list[ConvBlock]:
    return [ConvBlock(channels, channels, 3, 1, 1, residual=True) for _ in range(count)]
