"""One network of an ear and a hand: it hears as the one does and draws as the other."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from voiceover.errors import EngineUnavailable
from wav2lip.model import ConvBlock, Wav2Lip
from wav2lip.training.ear import Ear
from wav2lip.training.hand import Hand


@torch.no_grad()
def graft(ear: Ear, hand: Hand, network: Wav2Lip) -> Wav2Lip:
    """Give a network the ear's layers and the hand's, ready to draw.

    What the ear makes of a sound is a product with its guess of the shape, then one with the hand's grip, and
    ReLU: together they are the last layer of the audio encoder, whose norm has nothing to do.
    """
    audio_encoder = network.audio_encoder
    audio_encoder[:-1].load_state_dict(ear.layers.state_dict())
    for name in ("face_encoder_blocks", "face_decoder_blocks", "output_block"):
        getattr(network, name).load_state_dict(getattr(hand, name).state_dict())
    last = audio_encoder[-1]
    assert isinstance(last, ConvBlock)
    convolution, norm = last.conv_block
    convolution.weight.copy_((hand.grip.weight @ ear.guess.weight)[..., None, None])
    convolution.bias.copy_(hand.grip.weight @ ear.guess.bias + hand.grip.bias)
    norm.reset_parameters()
    norm.running_var.fill_(1 - norm.eps)
    return network.eval().requires_grad_(requires_grad=False)


def write(module: nn.Module, path: Path, told: Mapping[str, str]) -> None:
    """Write a module's weights as float16 safetensors, whole or not at all.

    Args:
        told: about them, kept in the file.
    """
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    state = {
        key: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for key, tensor in module.state_dict().items()
    }
    save_file(state, part, dict(told))
    part.replace(path)


def told(path: Path) -> dict[str, str]:
    """Return what is told of the weights in a file; nothing, if there is no such file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError):
        return {}


def read_ear(path: Path, ear: Ear) -> Ear:
    """Give an ear the weights of a file.

    Raises:
        EngineUnavailable: there is no such file, or it is of another ear.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        ear.load_state_dict(load_file(path))
    except (OSError, RuntimeError, SafetensorError) as exc:
        why = (str(exc) or type(exc).__name__).splitlines()[0][:120]
        raise EngineUnavailable(
            f"{path.name} cannot be used ({why}); to train another: .venv/bin/flask train --ear",
            engine="wav2lip",
            reason="ear-unreadable",
            path=path.name,
        ) from exc
    return ear.eval()
