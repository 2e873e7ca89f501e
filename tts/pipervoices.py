"""Piper's voices on disk: a model `name.onnx` with its configuration `name.onnx.json` beside it."""

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from tts.base import Voice

log = logging.getLogger(__name__)

ENGINE = "piper"
MAX_SPEAKERS = 20
"""Speakers of one model that are offered: some have a thousand that nobody tells apart."""
_QUALITIES = ("high", "medium", "low", "x_low")


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """One model as it lies on the disk now: another file in its place is another value."""

    path: Path
    size: int
    changed: tuple[int, int]
    """When the model and when its configuration was written, in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """One voice of a model."""

    voice: Voice
    file: VoiceFile
    number: int | None
    """None where the model has one speaker."""


def speakers(folder: Path, bundled: Iterable[Path]) -> Iterator[Speaker]:
    """Yield who can speak: those of the folder, the better graded first, then those that come with packages.

    A model without a readable configuration is passed over, with a line in the log. Reads only what
    changed since the last call.
    """
    dropped = [described for path in folder.glob("*.onnx") if (described := _described(path))]
    for _, found in sorted(dropped, key=lambda described: (described[0], described[1][0].voice.id)):
        yield from found
    for path in bundled:
        if described := _described(path):
            yield from described[1]


def _described(path: Path) -> tuple[int, tuple[Speaker, ...]] | None:
    try:
        status, config = path.stat(), Path(f"{path}.json").stat()
    except OSError:  # a download under way, or a model without its configuration
        return None
    return _read(VoiceFile(path, status.st_size, (status.st_mtime_ns, config.st_mtime_ns)))


@lru_cache(maxsize=1024)
def _read(file: VoiceFile) -> tuple[int, tuple[Speaker, ...]] | None:
    """Return the rank of its quality, 0 for the best, and its speakers."""
    try:
        config = json.loads(Path(f"{file.path}.json").read_bytes())
        language = _language(config)
        quality = str(config["audio"].get("quality", ""))
        names = sorted(dict(config.get("speaker_id_map") or {}).items(), key=lambda item: int(item[1]))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as exc:
        log.warning("%s.json does not describe a Piper voice: %r", file.path, exc)
        return None
    rank = _QUALITIES.index(quality) if quality in _QUALITIES else len(_QUALITIES)
    if len(names) < 2:
        return rank, (Speaker(_voice(file.path.stem, language), file, None),)
    some = names[:MAX_SPEAKERS]
    return rank, tuple(
        Speaker(_voice(file.path.stem, language, str(name)), file, int(number)) for name, number in some
    )


def _language(config: dict[str, dict[str, str]]) -> str:
    """Return the tag, such as "en-us"; old configurations tell only espeak-ng's name for it."""
    code = config.get("language", {}).get("code") or config["espeak"]["voice"]
    return code.replace("_", "-").lower()


def _voice(stem: str, language: str, speaker: str = "") -> Voice:
    """Name a voice. Its id may stand in a header, whatever the file is called."""
    parts = stem.split("-")
    name = parts[1] if len(parts) == 3 else stem  # en_US-joe-medium
    told = " · ".join(filter(None, (name.replace("_", " ").capitalize(), speaker)))
    id_ = f"{ENGINE}:{quote(stem)}" + (f"#{quote(speaker)}" if speaker else "")
    return Voice(id_, ENGINE, language, f"Piper {told}", "neural")
