"""The ear: the half of the network that hears, taught to tell the shape of the mouth that made a sound."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from wav2lip.model import EMBEDDING, Wav2Lip
from wav2lip.training.corpus import Sounds
from wav2lip.training.course import Course
from wav2lip.training.disguise import disguised

BATCH = 64  # windows
AT_A_TIME = 512  # of them, when it is not learned from them
EMBOLDENED_BY = 10_000  # of them
RATE = 2e-3


class Ear(nn.Module):
    """Tells the shape of a mouth from sound, with all but the last layer of a network's audio encoder."""

    def __init__(self, network: Wav2Lip, tracks: int) -> None:
        """
        Args:
            network: its layers are shared, not copied.
            tracks: numbers that tell a mouth's shape.
        """
        super().__init__()
        self.layers = network.audio_encoder[:-1]
        self.guess = nn.Linear(round(EMBEDDING * network.width), tracks)

    def forward(self, windows: Tensor) -> Tensor:
        """Return shapes, standardised, `(n, tracks)`, for windows of sound `(n, 1, 80, 16)`."""
        shapes: Tensor = self.guess(self.layers(windows).flatten(1))
        return shapes.float()


def ear_course(
    sounds: Sounds,
    importance: Sequence[float],
    missed: Sequence[float],
    width: float,
    seed: int,
    device: torch.device,
) -> tuple[Ear, Course]:
    """Return an ear that knows nothing yet, and how it learns from some sounds.

    Args:
        importance: of each track of the shapes.
        missed: by how much it counts more to tell too little of each track than too much.
    """
    torch.manual_seed(seed)
    ear = Ear(Wav2Lip(width), sounds.shapes.shape[1])
    ear.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    too_much = torch.tensor(importance, device=device)
    too_little = too_much * torch.tensor(missed, device=device)

    def loss(random: torch.Generator, _: int) -> Tensor:
        batch = torch.randint(len(sounds), (BATCH,), generator=random)
        told = ear(disguised(sounds.windows(batch), random).to(device))
        off = told - sounds.shapes[batch].to(device)
        weighed: Tensor = off**2 * torch.where(off < 0, too_little, too_much)
        return weighed.sum(1).mean()

    return ear, Course(ear, loss, RATE, seed)


@torch.no_grad()
def embolden(ear: Ear, sounds: Sounds) -> None:
    """Let an ear that has learned tell shapes as far apart as they are: in doubt it keeps to the mean."""
    some = torch.linspace(0, len(sounds) - 1, min(EMBOLDENED_BY, len(sounds))).long()
    told = _told(ear, sounds, some)
    bolder = sounds.shapes[some].std(0) / told.std(0)
    device = ear.guess.weight.device
    ear.guess.weight.mul_(bolder[:, None].to(device))
    ear.guess.bias.copy_(ear.guess.bias * bolder.to(device) + (told.mean(0) * (1 - bolder)).to(device))


@torch.no_grad()
def agreement(ear: Ear, sounds: Sounds) -> list[float]:
    """Return for each track how well an ear that has learned tells it: the correlation with the truth."""
    pairs = zip(_told(ear, sounds, torch.arange(len(sounds))).T, sounds.shapes.T, strict=True)
    return [float(torch.corrcoef(torch.stack(pair))[0, 1]) for pair in pairs]


def _told(ear: Ear, sounds: Sounds, which: Tensor) -> Tensor:
    device = ear.guess.weight.device
    return torch.cat([ear(sounds.windows(part).to(device)).cpu() for part in torch.split(which, AT_A_TIME)])
