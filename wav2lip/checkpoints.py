"""Which weights there are. Apart from what reads them, so that asking does not cost the import of torch."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Networks:
    """Which networks there are to draw with."""

    everybody: str
    """Name of the published checkpoint, which draws every avatar; "" where there is none."""
    learned: tuple[str, ...]
    """Ids of the avatars with a network of their own: it draws them where there is none for everybody."""

    def weights(self, avatar_id: str) -> str:
        """Return what draws an avatar: the name of a published checkpoint, or `OWN`; "" where nothing can."""
        return self.everybody or (OWN if avatar_id in self.learned else "")


def find(folder: Path) -> Path:
    """Return the checkpoint to use.

    Raises:
        EngineUnavailable: the folder has none.
    """
    for path in (folder / f"{name}{suffix}" for name in NAMES for suffix in SUFFIXES):
        if path.is_file():
            return path
    raise _missing(folder, "wav2lip", NAMES[0])


def find_for(folder: Path, avatar_id: str) -> Path:
    """Return the checkpoint that draws an avatar: the one for everybody, or where that is missing its own.

    Raises:
        EngineUnavailable: there is neither.
    """
    try:
        return find(folder)
    except EngineUnavailable as exc:
        if own := find_own(folder, avatar_id):
            return own
        raise EngineUnavailable(
            f"wav2lip has not learned the avatar {avatar_id!r}; to teach it: {training_command(avatar_id)}",
            engine="wav2lip",
            reason="avatar-not-learned",
            avatar=avatar_id,
        ) from exc


def training_command(avatar_id: str) -> str:
    """Return the command that makes a network of an avatar's own."""
    return f".venv/bin/flask train --avatar {avatar_id}"


def find_own(folder: Path, avatar_id: str) -> Path | None:
    """Return the checkpoint of an avatar's own, or None if it has none."""
    path = folder / OWN / f"{avatar_id}.safetensors"
    return path if path.is_file() else None


def find_any(folder: Path) -> Path:
    """Return the checkpoint for everybody, or where that is missing one of an avatar's own.

    Raises:
        EngineUnavailable: the folder has none.
    """
    own = _all_own(folder)
    try:
        return find(folder)
    except EngineUnavailable:
        if not own:
            raise
        return own[0]


def networks(folder: Path) -> Networks:
    """Return which there are."""
    try:
        everybody = find(folder).stem
    except EngineUnavailable:
        everybody = ""
    return Networks(everybody, tuple(path.stem for path in _all_own(folder)))


def draws_as_taught(folder: Path) -> bool:
    """Whether avatars would be drawn by networks that learned from another lip engine."""
    there = networks(folder)
    return bool(there.learned) and not there.everybody


def find_restorer(folder: Path, name: str) -> Path:
    """Return the file of one of the `RESTORERS`.

    Raises:
        EngineUnavailable: the folder does not have it.
    """
    path = folder / f"{RESTORERS[name]}.onnx"
    if path.is_file():
        return path
    raise _missing(folder, f"wav2lip-{name}", RESTORERS[name])


def _all_own(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / OWN).glob("*.safetensors") if path.name != EAR)


def _missing(folder: Path, engine: str, model: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"no weights for {engine} in {folder}; to get them: .venv/bin/flask models download {model}",
        engine=engine,
        reason="checkpoint-missing",
        model=model,
    )
