"""Reading checkpoints: files that others made, so nothing in them is trusted to run."""

import hashlib
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from voiceover.errors import EngineUnavailable
from wav2lip.model import EMBEDDING, MEL_COLUMNS, PUBLISHED, Stroke, Wav2Lip

PREFIX = "module."  # left in the keys by training on several GPUs
BLOCK = 2**20  # bytes read at a time
SOFTEST = 3.0  # drawn pixels


def load(path: Path, trusted: Collection[str] = ()) -> Wav2Lip:
    """Read a checkpoint: a state dict, bare or inside a training checkpoint, safetensors, or TorchScript.

    Args:
        trusted: sha256 sums (hexadecimal) of files that may run code: TorchScript is read only from these.

    Returns:
        The network, ready to draw, as wide as the checkpoint.

    Raises:
        EngineUnavailable: the file cannot be used; the message names it and says why.
    """
    state = _without_prefix(_state_dict(path, trusted))
    network = Wav2Lip(_width(state), **_traits(path))
    _check(path, state, network)
    network.load_state_dict(state)
    return network.eval().requires_grad_(requires_grad=False)


def sha256(path: Path) -> str:
    """Return a file's sha256, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _state_dict(path: Path, trusted: Collection[str]) -> Mapping[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        if _is_torchscript(path):
            return _torchscript(path, trusted)
        return _unwrapped(path, torch.load(path, map_location="cpu", weights_only=True))
    except EngineUnavailable:
        raise
    except Exception as exc:  # an unpickler that is fed with noise raises whatever it stumbles over
        why = f"it is damaged, cut short or no checkpoint at all ({_first_line(exc)})"
        raise _refusal(path, "checkpoint-unreadable", why) from exc


def _is_torchscript(path: Path) -> bool:
    """Whether the file is an archive with code in it; a plain checkpoint is one without."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(Path(name).name == "constants.pkl" for name in archive.namelist())


def _torchscript(path: Path, trusted: Collection[str]) -> Mapping[str, Tensor]:
    if (digest := sha256(path)) not in trusted:
        why = f"it holds code, and its sha256 {digest} is not one of those that may run"
        raise _refusal(path, "checkpoint-untrusted", why)
    # torch says that TorchScript is deprecated; the published file is one all the same.
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        script = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
        state: Mapping[str, Tensor] = script.state_dict()
    return state


def _unwrapped(path: Path, loaded: Any) -> Mapping[str, Tensor]:
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else loaded
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise _refusal(path, "checkpoint-foreign", "it does not hold the weights of a network")
    return state


def _without_prefix(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(PREFIX): tensor for key, tensor in state.items()}


def _width(state: Mapping[str, Tensor]) -> float:
    """Return the width of the network that the weights are for; 1, if they are for no such network."""
    summary = state.get("audio_encoder.12.conv_block.0.bias")
    return len(summary) / EMBEDDING if summary is not None and summary.ndim else 1.0


def _traits(path: Path) -> dict[str, Any]:
    """Return what a file tells of its network, see `Wav2Lip`; others than ours tell nothing."""
    if path.suffix != ".safetensors":
        return {}
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        told: dict[str, str] = file.metadata() or {}
    try:
        before = int(told.get("before", 0))
        stroke = PUBLISHED._replace(**{name: float(told[name]) for name in Stroke._fields if name in told})
    except ValueError as exc:
        raise _refusal(
            path, "checkpoint-foreign", f"it tells nonsense of itself ({_first_line(exc)})"
        ) from exc
    if not (0 <= before < MEL_COLUMNS and all(0 < blur <= SOFTEST for blur in stroke)):
        raise _refusal(path, "checkpoint-foreign", f"it tells nonsense of itself ({before=}, {stroke})")
    return {"before": before, "stroke": stroke}


def _check(path: Path, state: Mapping[str, Tensor], network: Wav2Lip) -> None:
    """Compare keys, shapes and values, so that the message can say in one line what is wrong."""
    wanted = network.state_dict()
    missing, unknown = wanted.keys() - state.keys(), state.keys() - wanted.keys()
    if missing or unknown:
        parts = [f"{len(missing)} missing, such as {min(missing)}"] if missing else []
        parts += [f"{len(unknown)} unknown, such as {min(unknown)}"] if unknown else []
        raise _refusal(
            path, "checkpoint-foreign", f"it is another network's: of its weights {'; '.join(parts)}"
        )
    for key, tensor in state.items():
        if tensor.shape != wanted[key].shape:
            shapes = f"{tuple(tensor.shape)}, not {tuple(wanted[key].shape)}"
            raise _refusal(path, "checkpoint-foreign", f"it is another network's: {key} is {shapes}")
        if not torch.isfinite(tensor).all():
            raise _refusal(path, "checkpoint-unreadable", f"it is damaged: {key} holds numbers that are none")


def _refusal(path: Path, reason: str, why: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"{path.name} cannot be used: {why}",
        engine="wav2lip",
        reason=reason,
        path=path.name,
        model=path.stem,
    )


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]
