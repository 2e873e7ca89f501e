"""The lower face put back on a GPU, many frames at a time: `wav2lip.blend` in the arithmetic of tensors.

All that OpenCV does there with blurs and enlargements is linear, and goes along rows and columns apart. So
each is a matrix for the rows and one for the columns, and a blur after an enlargement is again such a pair.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voiceover.types import Frame, Landmarks
from wav2lip.blend import FAR, MISMATCH, NEIGHBOURHOOD, SURROUNDINGS, UNMOVED, LowerFace, Plane
from wav2lip.face import Box
from wav2lip.model import PUBLISHED, Stroke

TOGETHER = 16  # frames pasted at once: one takes some 10 MB, and as many more as the face is larger


class DeviceLowerFace(LowerFace):
    """A lower face whose picture lies on a device. Safe to share between threads on CUDA, not on MPS."""

    def __init__(
        self,
        frame: Frame,
        face: Landmarks,
        box: Box,
        seed: int = 0,
        stroke: Stroke = PUBLISHED,
        *,
        device: torch.device,
    ) -> None:
        """
        Args:
            device: where frames are pasted.
            others: as of `LowerFace`.
        """
        super().__init__(frame, face, box, seed, stroke)
        self._device = device
        drawn, place = self._reference.shape[:2], self._mask.shape[:2]
        enlarging = _enlarging(self._from_drawn, drawn, place)
        softening = [_blurring(side, self._blur) @ one for side, one in zip(place, enlarging, strict=True)]
        self._enlarging, self._softening = self._pair(*enlarging), self._pair(*softening)
        self._around = self._pair(*(_blurring(side, SURROUNDINGS) for side in drawn))
        self._nearby = self._pair(*(_blurring(side, NEIGHBOURHOOD) for side in drawn))
        self._reference_there = self._planes(self._reference)
        self._edge_there = self._planes(self._edge[..., None])
        self._original_there = self._planes(self._original)
        self._detail_there = self._planes(self._detail)
        self._grain_there = self._planes(self._grain)
        self._mask_there = self._planes(self._mask)
        self._patches(
            torch.zeros(1, 3, *drawn), np.ones(1)
        )  # a device is slow at first, and nobody waits yet

    def pasted(self, frames: Iterable[Frame], drawn: Tensor, gates: NDArray[np.float64]) -> Iterator[Frame]:
        """See `LowerFace.pasted`; equal to it but for a level. `drawn` may lie on the device."""
        frames = iter(frames)
        for start in range(0, len(drawn), TOGETHER):
            part = slice(start, start + TOGETHER)
            for patch in self._patches(drawn[part], gates[part]):
                frame = next(frames)
                frame[self._place] = patch
                yield frame

    @torch.inference_mode()
    def _patches(self, drawn: Tensor, gates: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Return what stands in the lower face's place, `(n, height, width, 3)`."""
        stream = _stream(self._device)
        with torch.cuda.stream(stream):  # beside the next batch of the network
            shown = torch.from_numpy(gates.astype(np.float32)).to(self._device)[:, None, None, None]
            made = self._blended(drawn.to(self._device).float() * 255, shown)
            made = made.permute(0, 2, 3, 1).contiguous()
            if stream is None:
                return made.cpu().numpy()
            here = torch.empty(made.shape, dtype=made.dtype, pin_memory=True)
            here.copy_(made, non_blocking=True)
            stream.synchronize()
            return here.numpy()

    def _blended(self, face: Tensor, gates: Tensor) -> Tensor:
        face = self._recoloured_there(face)
        unmoved = _applied(self._enlarging, self._likeness_there(face - self._reference_there, UNMOVED))
        enlarged = _applied(self._enlarging, face)
        soft = _applied(self._softening, face)
        moved = enlarged + self._sharpening * (enlarged - soft) + self._grain_there
        result = (moved + unmoved * (enlarged + self._detail_there - moved)).clamp(0, 255)
        blended = self._original_there + self._mask_there * gates * (result - self._original_there)
        return (blended + 0.5).to(torch.uint8)

    def _recoloured_there(self, face: Tensor) -> Tensor:
        difference = self._reference_there - face
        trust = self._edge_there * self._likeness_there(difference, MISMATCH)
        trusted = torch.cat((difference * trust, trust), dim=1)
        weighed = _applied(self._around, trusted) + FAR * trusted.mean(dim=(2, 3), keepdim=True)
        return face + weighed[:, :3] / (weighed[:, 3:] + 1e-6)

    def _likeness_there(self, difference: Tensor, scale: float) -> Tensor:
        energy = _applied(self._nearby, difference.square().mean(dim=1, keepdim=True))
        return torch.exp2(-energy / scale**2)

    def _planes(self, picture: Plane) -> Tensor:
        """Bring `(height, width, channels)` to the device as `(channels, height, width)`."""
        return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))).to(self._device)

    def _pair(self, rows: Plane, columns: Plane) -> tuple[Tensor, Tensor]:
        """Bring a matrix for the rows and one for the columns to the device."""
        return torch.from_numpy(rows).to(self._device), torch.from_numpy(columns).to(self._device)


def _stream(device: torch.device) -> torch.cuda.Stream | None:
    return torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]


def _applied(matrices: tuple[Tensor, Tensor], planes: Tensor) -> Tensor:
    rows, columns = matrices
    return rows @ planes @ columns.T


def _enlarging(from_drawn: NDArray[np.float64], drawn: Sequence[int], place: Sequence[int]) -> list[Plane]:
    """Return what OpenCV's cubic enlargement does to rows and to columns, `(place, drawn)` each.

    OpenCV is asked along each axis, since it rounds places to 1/32 pixel, and not alike on both.
    """
    (across, _, left), (_, down, top) = from_drawn
    rows = _warped(drawn[0], np.array([[1, 0, 0], [0, down, top]]), (drawn[0], place[0]))
    columns = _warped(drawn[1], np.array([[across, 0, left], [0, 1, 0]]), (place[1], drawn[1]))
    return [rows, columns.T.copy()]


def _warped(side: int, matrix: NDArray[np.float64], size: tuple[int, int]) -> Plane:
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    unit = np.eye(side, dtype=np.float32)
    return cast(Plane, cv2.warpAffine(unit, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _blurring(side: int, deviation: float) -> Plane:
    """Return what `cv2.GaussianBlur` does to floats along one axis, `(side, side)`."""
    kernel = cv2.getGaussianKernel(round(8 * deviation + 1) | 1, deviation, cv2.CV_32F)
    return np.asarray(cv2.sepFilter2D(np.eye(side, dtype=np.float32), -1, np.ones(1, np.float32), kernel))
