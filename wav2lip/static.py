"""The network rearranged for speed: the same figures from less work.

Three rewrites, each exact but for rounding:

- batch norms are folded into the convolutions before them;
- a convolution over (decoded, skip) is the sum of one over each: the one over the skip does not depend on the
  sound and is computed once for a picture;
- only the lower face is drawn, since nothing else of it is shown: rows that no wanted row depends on are left
  out at every scale.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from wav2lip.model import ConvBlock, UpBlock, Wav2Lip

ROWS_CUT = (0, 0, 1, 3, 2, 2)
"""Rows dropped from the top of what the decoder's stages 0 to 5 give, before the next stage doubles the rest.

The upper two are always wrong by then: two residual convolutions saw nothing above them."""
FIRST_DECODED_ROW = 52  # of 96: stage 6 begins where the cuts left it
FIRST_ROW = 55  # of 96, above the base of the nose: three more rows are wrong after three convolutions


@dataclass(frozen=True, slots=True)
class PictureTerms:
    """What the network makes of pictures before it hears anything: one batch entry for each picture.

    They are added to what each stage of the decoder makes of the sound, before its ReLU.
    """

    terms: tuple[Tensor, ...]

    def __len__(self) -> int:
        return len(self.terms[0])

    def split(self, parts: int) -> "list[PictureTerms]":
        """Return them for so many parts of a batch: one picture is for all."""
        if len(self) == 1:
            return [self] * parts
        shared_out = [term.tensor_split(parts) for term in self.terms]
        return [PictureTerms(terms) for terms in zip(*shared_out, strict=True)]


class StaticWav2Lip:
    """Draws lower faces. Safe to share between threads."""

    def __init__(
        self,
        network: Wav2Lip,
        device: torch.device,
        dtype: torch.dtype,
        quick: Callable[[ConvBlock], nn.Module] = lambda block: block,
    ) -> None:
        """
        Args:
            network: ready to draw; it is copied.
            dtype: of the computation: float32, or bfloat16 or float16 where the device is quick at them.
            quick: what takes the place of the decoder's residual blocks, where most of the work is.
        """
        self.device = device
        self.dtype = dtype
        folded = _folded(network).to(device, dtype)
        folded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
        self._face_encoder = folded.face_encoder_blocks
        self._audio_encoder = folded.audio_encoder
        first, *stages = cast(list[Any], folded.face_decoder_blocks)
        self._first_stage = first
        self._stages: list[_Stage] = []
        channels = _channels(first)
        for stage in stages:
            residuals = nn.Sequential(*map(quick, stage[1:]))
            self._stages.append(_Stage(stage[0].conv_block, channels, residuals))
            channels = _channels(stage)
        hidden, to_picture, _ = cast(Any, folded.output_block)
        self._output = _Stage(hidden.conv_block, channels, to_picture)

    @property
    def mode(self) -> str:
        """Device and precision, such as "cpu float32"."""
        return f"{self.device.type} {str(self.dtype).removeprefix('torch.')}"

    @torch.inference_mode()
    def look(self, faces: Tensor) -> PictureTerms:
        """Do what depends on the pictures alone.

        Args:
            faces: `(n, 6, 96, 96)` float32 in [0, 1], see `wav2lip.face.crop`.
        """
        x = self._ready(faces)
        skips: list[Tensor] = []
        for block in self._face_encoder:
            x = block(x)
            skips.append(x)
        *inner, outer = reversed(skips)
        tops = first_rows()
        terms = [
            stage.hear_nothing(skip[:, :, top:])
            for stage, skip, top in zip(self._stages, inner, tops, strict=True)
        ]
        return PictureTerms((*terms, self._output.hear_nothing(outer[:, :, FIRST_DECODED_ROW:])))

    @torch.inference_mode()
    def draw(self, windows: Tensor, pictures: PictureTerms) -> Tensor:
        """Draw what is heard.

        Args:
            windows: `(n, 1, 80, 16)` float32 in [-4, 4], see `wav2lip.mel.frame_windows`.
            pictures: of n pictures, or of one for all.

        Returns:
            `(n, 3, 41, 96)` float32 in (0, 1), BGR: rows 55 to 95 of what the network draws; on the device.
        """
        x: Tensor = self._first_stage(self._audio_encoder(self._ready(windows)))
        *terms, last = pictures.terms
        for stage, term, cut in zip(self._stages, terms, ROWS_CUT, strict=True):
            x = stage(x[:, :, cut:], term)
        drawn = self._output(x, last)
        return torch.sigmoid(drawn[:, :, FIRST_ROW - FIRST_DECODED_ROW :].float())

    def _ready(self, array: Tensor) -> Tensor:
        array = array.to(self.dtype)
        if self.device.type == "cuda" and array.device.type == "cpu":
            array = array.pin_memory()  # only then does the copy not wait
        moved = array.to(self.device, non_blocking=True)
        return moved.contiguous(memory_format=torch.channels_last)


class _Stage:
    """A convolution over (decoded, skip) taken apart, and what follows its ReLU."""

    def __init__(self, joined: nn.Conv2d | nn.ConvTranspose2d, decoded: int, rest: nn.Module) -> None:
        axis = 0 if isinstance(joined, nn.ConvTranspose2d) else 1
        self._over_decoded = _over_channels(joined, axis, 0, decoded)
        self._over_decoded.bias = None
        self._over_skip = _over_channels(joined, axis, decoded, joined.weight.shape[axis])
        self._rest = rest

    def hear_nothing(self, skip: Tensor) -> Tensor:
        term: Tensor = self._over_skip(skip)
        return term

    def __call__(self, decoded: Tensor, term: Tensor) -> Tensor:
        drawn: Tensor = self._rest(self._over_decoded(decoded).add_(term).relu_())
        return drawn


def _folded(network: Wav2Lip) -> Wav2Lip:
    folded = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
    for block in folded.modules():
        if isinstance(block, ConvBlock | UpBlock):
            convolution, norm = block.conv_block
            block.conv_block = fuse_conv_bn_eval(convolution, norm, transpose=isinstance(block, UpBlock))
    return folded


def _over_channels(
    joined: nn.Conv2d | nn.ConvTranspose2d, axis: int, start: int, stop: int
) -> nn.Conv2d | nn.ConvTranspose2d:
    """Return the convolution over some of its input channels alone."""
    part = copy.deepcopy(joined)
    weight = joined.weight.detach().narrow(axis, start, stop - start).clone()
    weight = weight.contiguous(memory_format=torch.channels_last)
    part.weight = nn.Parameter(weight, requires_grad=False)
    return part


def _channels(stage: nn.Sequential) -> int:
    """Return how many channels a stage of the decoder gives."""
    last = stage[-1].conv_block
    assert isinstance(last, nn.Conv2d)
    return last.out_channels


def first_rows() -> list[int]:
    """Return the first row that each stage of the decoder reads, counted from the picture's top."""
    rows, row = [], 0
    for cut in ROWS_CUT:
        rows.append(row + cut)
        row = 2 * rows[-1]
    return rows
