"""Checkpoints load as they come, and a file that cannot be used says so."""

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.wav2lip import formula
from voiceover.errors import EngineUnavailable
from wav2lip import checkpoints, weights
from wav2lip.model import PUBLISHED, Stroke, Wav2Lip

WIDTH = 1 / 8  # the same keys as the published network, a sixty-fourth of its weight


def small() -> Wav2Lip:
    return Wav2Lip(WIDTH)


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    return formula.weights(small())


def as_trained(state: dict[str, Tensor]) -> dict[str, object]:
    """As the reference saves it: from several GPUs, with the optimizer beside it."""
    prefixed = OrderedDict((f"module.{key}", tensor) for key, tensor in state.items())
    return {"state_dict": prefixed, "optimizer": None, "global_step": 1, "global_epoch": 1}


def loads(path: Path, state: dict[str, Tensor], **options: object) -> None:
    loaded = weights.load(path, **options)
    assert loaded.width == WIDTH
    assert not loaded.training
    for key, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, state[key]), key


def refusal(path: Path, **options: object) -> EngineUnavailable:
    with pytest.raises(EngineUnavailable, match=path.name) as caught:
        weights.load(path, **options)
    assert caught.value.details["engine"] == "wav2lip"
    return caught.value


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_published_form(tmp_path: Path, state: dict[str, Tensor], legacy: bool) -> None:
    path = tmp_path / "wav2lip_gan.pth"
    torch.save(as_trained(state), path, _use_new_zipfile_serialization=not legacy)
    loads(path, state)


def test_a_file_tells_how_its_network_hears_and_draws(tmp_path: Path, state: dict[str, Tensor]) -> None:
    path = tmp_path / "own.safetensors"
    save_file(state, path, {"before": "4", "softness": "0.25", "finest": "0.5", "width": "0.125"})
    assert (weights.load(path).before, weights.load(path).stroke) == (4, Stroke(0.25, 0.5))
    save_file(state, path)
    assert (weights.load(path).before, weights.load(path).stroke) == (0, PUBLISHED)


@pytest.mark.parametrize("told", [{"before": "16"}, {"before": "-1"}, {"softness": "nan"}, {"before": "<b>"}])
def test_nonsense_about_a_network_is_refused(
    tmp_path: Path, state: dict[str, Tensor], told: dict[str, str]
) -> None:
    path = tmp_path / "own.safetensors"
    save_file(state, path, told)
    assert refusal(path).details["reason"] == "checkpoint-foreign"


def test_bare_state_dict(tmp_path: Path, state: dict[str, Tensor]) -> None:
    torch.save(state, tmp_path / "bare.pth")
    loads(tmp_path / "bare.pth", state)


def test_safetensors(tmp_path: Path, state: dict[str, Tensor]) -> None:
    save_file({f"module.{key}": tensor for key, tensor in state.items()}, tmp_path / "wav2lip.safetensors")
    loads(tmp_path / "wav2lip.safetensors", state)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_torchscript_is_read_only_when_its_hash_is_trusted(tmp_path: Path, state: dict[str, Tensor]) -> None:
    network = small()
    network.load_state_dict(state)
    path = tmp_path / "wav2lip_gan.pt"
    example = torch.from_numpy(formula.mels()), torch.from_numpy(formula.faces())
    torch.jit.save(torch.jit.trace(network.eval(), example), str(path))
    assert refusal(path).details["reason"] == "checkpoint-untrusted"
    loads(path, state, trusted={weights.sha256(path)})


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("kept", [0, 10, 5_000, -100])
def test_truncated_file_is_refused(tmp_path: Path, state: dict[str, Tensor], suffix: str, kept: int) -> None:
    whole, path = tmp_path / "whole", tmp_path / f"cut{suffix}"
    save_file(state, whole) if suffix == ".safetensors" else torch.save(as_trained(state), whole)
    path.write_bytes(whole.read_bytes()[:kept])
    assert refusal(path).details["reason"] == "checkpoint-unreadable"


@pytest.mark.parametrize(
    "content", [b"<!DOCTYPE html><title>Sign in</title>", b"\x00" * 4096, b"PK\x03\x04junk"]
)
def test_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wav2lip.pth"
    path.write_bytes(content)
    assert refusal(path).details["reason"] == "checkpoint-unreadable"


def test_code_in_a_pickle_does_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return Path.touch, (tmp_path / "sprung",)

    torch.save({"state_dict": Trap()}, tmp_path / "trap.pth")
    refusal(tmp_path / "trap.pth")
    assert not (tmp_path / "sprung").exists()


def test_other_networks_are_named(tmp_path: Path, state: dict[str, Tensor]) -> None:
    cases = {
        "missing.pth": {key: tensor for key, tensor in state.items() if "audio_encoder.3" not in key},
        "unknown.pth": state | {"discriminator.weight": torch.zeros(1)},
        "shape.pth": state | {"output_block.1.weight": torch.zeros(3, 4, 3, 3)},
        "things.pth": {"state_dict": [1, 2]},
        "numbers.pth": {"epoch": 3},
    }
    for name, content in cases.items():
        torch.save(content, tmp_path / name)
        assert refusal(tmp_path / name).details["reason"] == "checkpoint-foreign", name
    assert "audio_encoder.3.conv_block.0.bias" in str(refusal(tmp_path / "missing.pth"))
    assert "discriminator.weight" in str(refusal(tmp_path / "unknown.pth"))
    assert "(3, 4, 3, 3)" in str(refusal(tmp_path / "shape.pth"))


def test_numbers_that_are_none_are_refused(tmp_path: Path, state: dict[str, Tensor]) -> None:
    torch.save(state | {"output_block.1.bias": torch.tensor([0.0, float("nan"), 0.0])}, tmp_path / "nan.pth")
    assert "output_block.1.bias" in str(refusal(tmp_path / "nan.pth"))


def test_the_sharper_checkpoint_is_found_first(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="flask models download wav2lip_gan"):
        checkpoints.find(tmp_path)
    (tmp_path / "wav2lip.pth").touch()
    assert checkpoints.find(tmp_path) == tmp_path / "wav2lip.pth"
    (tmp_path / "wav2lip_gan.pth").touch()
    assert checkpoints.find(tmp_path) == tmp_path / "wav2lip_gan.pth"
