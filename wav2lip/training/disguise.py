"""Sounds as other throats, rooms and microphones would have them: the ear is not to learn voices by heart.

Everything is done to mel spectrograms, in their unit: 12.5 dB.
"""

import torch
from torch import Tensor

from wav2lip.mel import SILENCE

EQUALISER, RIPPLES = 0.5, 5  # 6 dB (of 12.5 to the unit), cosines over the spectrum
LOUDER = 0.4  # 5 dB
WARP = 0.12  # of a band's number: longer and shorter vocal tracts
NOISE = 0.25
FLOOR = (-3.9, -1.6)  # a room's own noise
ECHO = (0.15, 0.8)  # by which an echo fades in a column
BABBLE = (1.0, 2.5)  # by which other voices are softer
CHANCE = 0.35  # of each of the last three


def disguised(windows: Tensor, random: torch.Generator) -> Tensor:
    """Return windows of sound `(n, 1, 80, 16)` as other throats, rooms and microphones would have them."""
    count, _, bands, columns = windows.shape

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, 1, 1, generator=random)

    def sometimes() -> Tensor:
        return torch.rand(count, 1, 1, 1, generator=random) < CHANCE

    silent = windows <= SILENCE
    heard = _warped(windows, uniform(1 - WARP, 1 + WARP))
    heard = heard + _equaliser(count, bands, random) + uniform(-LOUDER, LOUDER)
    echo, fades = heard.clone(), uniform(*ECHO)
    for column in range(1, columns):
        before = echo[..., column - 1] - fades[..., 0]
        echo[..., column] = torch.maximum(echo[..., column], before)
    heard = torch.where(sometimes(), echo, heard)
    others = windows[torch.randperm(count, generator=random)] - uniform(*BABBLE)
    heard = torch.where(sometimes(), torch.maximum(heard, others), heard)
    floor = uniform(*FLOOR) + _equaliser(count, bands, random)
    heard = torch.where(sometimes(), torch.maximum(heard, floor), heard)
    heard = heard + uniform(0, NOISE) * torch.randn(windows.shape, generator=random)
    return torch.where(silent.all(2, keepdim=True), windows, heard).clamp(SILENCE, -SILENCE)


def _warped(windows: Tensor, factors: Tensor) -> Tensor:
    bands = windows.shape[2]
    places = (torch.arange(bands) * factors[:, 0, :, 0]).clamp(0, bands - 1.001)
    below = places.long()
    share = (places - below)[:, None, :, None]
    below = below[:, None, :, None].expand_as(windows)
    return torch.lerp(windows.gather(2, below), windows.gather(2, below + 1), share)


def _equaliser(count: int, bands: int, random: torch.Generator) -> Tensor:
    """Return smooth curves over the spectrum, `(n, 1, bands, 1)`."""
    place = torch.arange(bands) / bands
    ripples = torch.arange(1, RIPPLES + 1)
    height = torch.randn(count, RIPPLES, generator=random) * EQUALISER / ripples.sqrt() / 2
    phase = torch.rand(count, RIPPLES, generator=random) * 2 * torch.pi
    curves = (height[..., None] * torch.cos(torch.pi * ripples[:, None] * place + phase[..., None])).sum(1)
    return curves[:, None, :, None]
