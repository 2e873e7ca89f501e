"""Pasting by tensors is pasting, to a level: here on the processor, where the same code runs as on a GPU."""

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.wav2lip import mouths
from tests.wav2lip.mouths import Subject
from voiceover.types import Frame
from wav2lip.blend import LowerFace
from wav2lip.blend_device import TOGETHER, DeviceLowerFace

NO_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, NO_CUDA])]
KINDS = 4  # of mouths


def scaled(who: Subject, factor: float) -> Subject:
    picture = cv2.resize(who.picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return Subject(mouths.avatar_of(picture, who.face * np.float32(factor)))


def openings(who: Subject) -> NDArray[np.float32]:
    """Mouths at rest, opened, opened wide in wrong colours, and noise."""
    drawn = [
        mouths.drawn(who.picture, who.box),
        mouths.drawn(mouths.speaking(who, 8), who.box),
        mouths.drawn(mouths.speaking(who, 16), who.box, gain=0.93, cast=(10, 2, -8)),
    ]
    return np.stack([*drawn, np.random.default_rng(0).random(drawn[0].shape)]).astype(np.float32)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("factor", [0.5, 1.0, 1.7])
def test_tensors_paste_what_opencv_pastes(factor: float, device: str) -> None:
    who = scaled(mouths.subject(), factor)
    count = TOGETHER + KINDS  # more than are pasted at once
    drawn = torch.from_numpy(np.tile(openings(who), (count // KINDS, 1, 1, 1)))
    gates = np.linspace(0.1, 1, count)

    def pasted(lower: LowerFace, mouths_drawn: torch.Tensor) -> NDArray[np.int64]:
        frames: list[Frame] = [who.picture.copy() for _ in range(count)]
        made = list(lower.pasted(frames, mouths_drawn, gates))
        assert all(one is other for one, other in zip(made, frames, strict=True))
        return np.stack(made).astype(int)

    there = DeviceLowerFace(who.picture, who.face, who.box, seed=3, device=torch.device(device))
    here = LowerFace(who.picture, who.face, who.box, seed=3)
    made, wanted = pasted(there, drawn.to(device)), pasted(here, drawn)
    assert np.abs(wanted - who.picture).max() > 30
    assert np.array_equal(made, pasted(there, drawn.to(device)))
    difference = np.abs(made - wanted)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3
