"""Which weights there are. Apart from what reads them, so that asking does not cost the import of torch."""

from pathlib import Path

from voiceover.errors import EngineUnavailable

NAMES = ("wav2lip_gan", "wav2lip")
"""Published checkpoints, the sharper one first."""
OWN = "own"
"""Folder of the networks that `flask train` makes, each for one avatar: `ID.safetensors`."""
EAR = "ear.safetensors"
"""In that folder: what they all hear with. No avatar is called so: ids are digits, or the default one's."""
SUFFIXES = (".safetensors", ".pth", ".pt")
RESTORERS = {"gfpgan": "gfpgan_1.4", "codeformer": "codeformer"}
"""Networks that restore what was drawn: what people call them → the published model."""


def find(folder: Path) -> Path:
    """Return the checkpoint to use.

    Raises:
        EngineUnavailable: the folder has none.
    """
    for path in (folder / f"{name}{suffix}" for name in NAMES for suffix in SUFFIXES):
        if path.is_file():
            return path
    raise _missing(folder, "wav2lip", NAMES[0])


def find_restorer(folder: Path, name: str) -> Path:
    """Return the file of one of the `RESTORERS`.

    Raises:
        EngineUnavailable: the folder does not have it.
    """
    path = folder / f"{RESTORERS[name]}.onnx"
    if path.is_file():
        return path
    raise _missing(folder, f"wav2lip-{name}", RESTORERS[name])


def _missing(folder: Path, engine: str, model: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"no weights for {engine} in {folder}; to get them: .venv/bin/flask models download {model}",
        engine=engine,
        reason="checkpoint-missing",
        model=model,
    )
