"""The hand: the half of the network that draws a face, told the mouth's shape instead of hearing it.

What a mouth of a certain shape looks like has one answer, while a sound has many. So the hand learns from
shapes, and never sits on a mean mouth, as a network does that must guess them from sound.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d

from wav2lip.model import EMBEDDING, ConvBlock, Stroke, UpBlock, Wav2Lip
from wav2lip.static import FIRST_DECODED_ROW, FIRST_ROW, ROWS_CUT, first_rows
from wav2lip.training import likeness
from wav2lip.training.corpus import Pictures
from wav2lip.training.course import Course

BATCH = 16  # pictures: larger ones learn slower on a processor
RATE = 2e-3
SHOWN = 12  # pictures of a strip
STROKE = Stroke(softness=0.4, finest=0.4)
"""Of a hand: its softness measured 0.35. Sharpened as much as what published networks draw, its teeth and the
corners of its mouth would glare, and lips that touch would look parted."""
UNSURE = 0.1  # by which the shapes that it is told are off, as an ear's are
BEYOND = 0.7  # by which they are beyond what a mouth can do, where it does all it can: an ear does not know


class Hand(nn.Module):
    """Draws lower faces from the shapes of mouths, with the face encoder and the decoder of a network."""

    def __init__(self, network: Wav2Lip, tracks: int) -> None:
        """
        Args:
            network: its layers are shared, not copied; those that hear are not used.
            tracks: numbers that tell a mouth's shape.
        """
        super().__init__()
        self.grip = nn.Linear(tracks, round(EMBEDDING * network.width))
        self.face_encoder_blocks = network.face_encoder_blocks
        self.face_decoder_blocks = network.face_decoder_blocks
        self.output_block = network.output_block

    def train(self, mode: bool = True) -> "Hand":
        """See `nn.Module.train`. The face encoder keeps the norms that `calibrate` gave it: a batch shows one
        face, or few, and where all are equal there is no variance to divide by.
        """
        super().train(mode)
        self.face_encoder_blocks.eval()
        return self

    @torch.no_grad()
    def calibrate(self, faces: Tensor) -> None:
        """Set the face encoder's norms from some faces `(n, 6, 96, 96)`, moved about."""
        norms = [m for m in self.face_encoder_blocks.modules() if isinstance(m, nn.BatchNorm2d)]
        shifts = [(0, 0), (0, 3), (3, 0), (-3, 0), (0, -3)]
        moved = torch.cat([faces.roll(shift, (2, 3)) for shift in shifts])
        x = moved
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.train()
            norm.momentum = 1.0
        for block in self.face_encoder_blocks:
            x = block(x)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.eval()
            norm.momentum = momentum

    def forward(self, shapes: Tensor, faces: Tensor, looks: Tensor) -> Tensor:
        """Draw mouths.

        Args:
            shapes: `(n, tracks)`, standardised.
            faces: `(m, 6, 96, 96)` in [0, 1], see `wav2lip.face.crop`.
            looks: `(n,)`, which of the faces each is drawn on.

        Returns:
            `(n, 3, 41, 96)` float32 in (0, 1), BGR: rows 55 to 95 of what the network draws.
        """
        skips: list[Tensor] = []
        for block in self.face_encoder_blocks:
            faces = block(faces)
            skips.append(faces)
        *inner, outer = reversed(skips)
        first, *stages = cast(list[Any], self.face_decoder_blocks)
        x: Tensor = first(torch.relu(self.grip(shapes))[..., None, None])
        for (up, *residuals), skip, cut, top in zip(stages, inner, ROWS_CUT, first_rows(), strict=True):
            x = _joined(up, x[:, :, cut:], skip[:, :, top:], looks)
            for residual in residuals:
                x = residual(x)
        hidden, to_picture, _ = cast(Any, self.output_block)
        x = to_picture(_joined(hidden, x, outer[:, :, FIRST_DECODED_ROW:], looks))
        return torch.sigmoid(x[:, :, FIRST_ROW - FIRST_DECODED_ROW :].float())


def hand_course(pictures: Pictures, width: float, seed: int, device: torch.device) -> tuple[Hand, Course]:
    """Return a hand that knows nothing yet, and how it learns to draw like some pictures."""
    torch.manual_seed(seed)
    hand = Hand(Wav2Lip(width), pictures.shapes.shape[1])
    hand.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    faces = pictures.faces.to(device).contiguous(memory_format=torch.channels_last)
    hand.calibrate(faces)
    moves = likeness.movement(pictures.drawn[:: max(len(pictures) // 1000, 1)]).to(device)
    least, most = pictures.shapes.amin(0), pictures.shapes.amax(0)

    def loss(random: torch.Generator, step: int) -> Tensor:
        batch = torch.randint(len(pictures), (BATCH,), generator=random)
        used, looks = torch.unique(pictures.looks[batch], return_inverse=True)
        told = guessed(pictures.shapes[batch], least, most, random)
        drawn = hand(told.to(device), faces[used.to(device)], looks.to(device))
        return likeness.loss(drawn, pictures.drawn[batch].to(device).float() / 255, moves, step)

    return hand, Course(hand, loss, RATE, seed)


def guessed(shapes: Tensor, least: Tensor, most: Tensor, random: torch.Generator) -> Tensor:
    """Return shapes as an ear might tell them: it guesses, and tells more than the most there can be.

    Args:
        least, most: of each track: lips that touch cannot touch more.
    """
    beyond = BEYOND * torch.rand(shapes.shape, generator=random)
    outwards = (shapes >= most).float() - (shapes <= least).float()
    return shapes + outwards * beyond + UNSURE * torch.randn(shapes.shape, generator=random)


@torch.no_grad()
def beside(hand: Hand, pictures: Pictures) -> tuple[Tensor, Tensor]:
    """Return some pictures and the same as the hand draws them, `(n, 3, 41, 96)` each, in [0, 1].

    They are in the order of their first track, from the least of it to the most.
    """
    some = pictures.shapes[:, 0].argsort()[torch.linspace(0, len(pictures) - 1, SHOWN).long()]
    device = next(hand.parameters()).device
    learning = hand.training
    hand.eval()
    used, looks = torch.unique(pictures.looks[some], return_inverse=True)
    drawn = hand(pictures.shapes[some].to(device), pictures.faces[used].to(device), looks.to(device))
    hand.train(learning)
    return pictures.drawn[some].float() / 255, drawn.cpu()


def _joined(block: UpBlock | ConvBlock, x: Tensor, skip: Tensor, looks: Tensor) -> Tensor:
    """Return what a block makes of (decoded, skip): the half over the skip is computed once for each face."""
    convolution, norm = block.conv_block
    over_x, over_skip = convolution.weight.split(
        [x.shape[1], skip.shape[1]], dim=0 if isinstance(block, UpBlock) else 1
    )
    if isinstance(block, UpBlock):
        how = {"stride": convolution.stride, "padding": convolution.padding}
        how["output_padding"] = convolution.output_padding
        heard = conv_transpose2d(x, over_x, None, **how)
        seen = conv_transpose2d(skip, over_skip, convolution.bias, **how)
    else:
        heard = conv2d(x, over_x, None, padding=convolution.padding)
        seen = conv2d(skip, over_skip, convolution.bias, padding=convolution.padding)
    joined: Tensor = torch.relu(norm(heard + seen[looks]))
    return joined
