"""Which checkpoint there is. Apart from what reads it, so that asking does not cost the import of torch."""

from pathlib import Path

from voiceover.errors import EngineUnavailable

NAMES = ("wav2lip_gan", "wav2lip")
"""Published checkpoints, the sharper one first."""
SUFFIXES = (".safetensors", ".pth", ".pt")


def find(folder: Path) -> Path:
    """Return the checkpoint to use.

    Raises:
        EngineUnavailable: the folder has none.
    """
    for path in (folder / f"{name}{suffix}" for name in NAMES for suffix in SUFFIXES):
        if path.is_file():
            return path
    raise EngineUnavailable(
        f"no Wav2Lip weights in {folder}; to get them: .venv/bin/flask models download wav2lip_gan",
        engine="wav2lip",
        reason="checkpoint-missing",
    )
