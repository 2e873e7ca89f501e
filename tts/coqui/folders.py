"""Which Coqui models lie in a folder and what they speak, read from their small files: torch is not needed.

A model is a folder with `config.json` and weights, as Coqui and fairseq (MMS) publish them.
"""

import json
import pickle
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tts.base import VoiceSample
from voiceover.errors import EngineUnavailable

ENGINE = "coqui"
WEIGHTS = ("model.pth", "model_file.pth", "best_model.pth", "checkpoint.pth", "G_100000.pth")
"""As trainers and publishers call them; any other `.pth` will do where none of these is there."""
PUBLISHED = {"xtts_v2": "xtts_v2", "ru_mms": "mms_rus", "en_mms": "mms_eng"}
"""The folder of each published model → its name for those who download it."""
XTTS_SPEAKERS = "speakers_xtts.pth"
CLASSIC = frozenset(
    {"glow_tts", "fast_pitch", "fast_speech", "fastspeech2", "speedy_speech", "tacotron", "tacotron2"}
    | {"align_tts", "overflow", "neuralhmm_tts"}
)
"""Models whose weights Coqui reads without running what is in them. (Bark's it does not.)"""
NEEDED_PACKAGES = {"ja": "cutlet", "zh-cn": "pypinyin"}
"""What XTTS writes a language in Latin letters with; without it, it cannot read the language."""
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2,4})?")


class Kind(StrEnum):
    """How a model is loaded and asked to speak, the best first."""

    XTTS = "xtts"
    VITS = "vits"
    MMS = "mms"
    """VITS as fairseq publishes it."""
    CLASSIC = "classic"
    """Text to spectrogram; a vocoder, in the folder `vocoder`, makes it sound."""


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model that is there, not loaded."""

    path: Path
    kind: Kind
    weights: Path
    languages: tuple[str, ...]
    """As the model calls them; several where it must be told which."""
    speakers: tuple[str, ...]
    """Empty where it has but one, or imitates."""

    @property
    def name(self) -> str:
        return self.path.name


@dataclass(frozen=True, slots=True, eq=False)
class Manner:
    """Who is to speak, and in which language, in a model's own names."""

    language: str
    speaker: str | None = None
    sample: VoiceSample | None = None


def folders(parent: Path) -> list[Path]:
    """Return the folders that have a `config.json`, by name."""
    return sorted(config.parent for config in parent.glob("*/config.json"))


def state(folder: Path) -> tuple[object, ...]:
    """Return what changes when a file of the folder does."""
    files = ((str(file), file.stat()) for file in sorted(folder.rglob("*")) if file.is_file())
    return tuple((path, status.st_size, status.st_mtime_ns) for path, status in files)


def read(folder: Path) -> ModelFolder:
    """Find out what a folder holds.

    Raises:
        EngineUnavailable: it holds no model that can be used here; the message says why.
    """
    config = _json(folder / "config.json")
    if not isinstance(config, dict):
        raise refusal(folder, "coqui-foreign", "its config.json is not Coqui's")
    kind = _kind(folder, config)
    if kind is Kind.CLASSIC:
        vocoder(folder)
    languages = _languages(folder, kind, config)
    return ModelFolder(folder, kind, _weights(folder), languages, _speakers(folder, kind, config))


def vocoder(folder: Path) -> tuple[Path, Path] | None:
    """Return the weights and the config of a model's vocoder; None if it has none.

    Raises:
        EngineUnavailable: its vocoder has no weights.
    """
    config = folder / "vocoder" / "config.json"
    if not config.is_file():
        return None
    weights = _find_weights(config.parent)
    if weights is None:
        raise refusal(folder, "coqui-no-vocoder", "its vocoder's folder holds no weights")
    return weights, config


def refusal(folder: Path, reason: str, why: str) -> EngineUnavailable:
    """Return the error that says why a model cannot be used."""
    return EngineUnavailable(
        f"the Coqui model {folder.name} cannot be used: {why}",
        engine=ENGINE,
        reason=reason,
        folder=folder.name,
        model=PUBLISHED.get(folder.name),
    )


def setting(config: dict[str, Any], name: str) -> Any:
    """Return a setting, which may stand among the model's arguments."""
    arguments = config.get("model_args")
    own = arguments.get(name) if isinstance(arguments, dict) else None
    return own or config.get(name)


def beside(folder: Path, named: object) -> Path | None:
    """Return the file of the folder that a path in its config means: the path is the trainer's own."""
    name = Path(named).name if isinstance(named, str) else ""
    return folder / name if name and (folder / name).is_file() else None


def _kind(folder: Path, config: dict[str, Any]) -> Kind:
    if isinstance(config.get("data"), dict) and (folder / "vocab.txt").is_file():
        return Kind.MMS
    model = str(config.get("model"))
    if model == "xtts":
        return Kind.XTTS
    if model == "vits":
        return Kind.VITS
    if model in CLASSIC:
        return Kind.CLASSIC
    raise refusal(folder, "coqui-foreign", f"{model[:40]!r} is no kind of model that is spoken with here")


def _weights(folder: Path) -> Path:
    if found := _find_weights(folder):
        return found
    reason = "coqui-incomplete" if folder.name in PUBLISHED else "coqui-no-weights"
    raise refusal(folder, reason, f"its folder holds no weights ({', '.join(WEIGHTS)} or another .pth)")


def _find_weights(folder: Path) -> Path | None:
    named = (folder / name for name in WEIGHTS)
    others = (file for file in sorted(folder.glob("*.pth")) if not file.name.startswith("speaker"))
    return next((path for path in (*named, *others) if path.is_file()), None)


def _languages(folder: Path, kind: Kind, config: dict[str, Any]) -> tuple[str, ...]:
    if kind is Kind.XTTS:
        able = (str(language) for language in config.get("languages") or ())
        return tuple(language for language in able if _is_readable(language))
    if setting(config, "use_language_embedding"):
        file = beside(folder, setting(config, "language_ids_file"))
        return tuple(_json(file)) if file else ()
    return (_language(folder, config),)


def _is_readable(language: str) -> bool:
    package = NEEDED_PACKAGES.get(language)
    return package is None or find_spec(package) is not None


def _language(folder: Path, config: dict[str, Any]) -> str:
    """Return the one language of a model: its folder's name begins with it, or the config tells it."""
    datasets = config.get("datasets")
    first = datasets[0] if isinstance(datasets, list) and datasets else None
    trained = first.get("language") if isinstance(first, dict) else None
    for told in (folder.name.split("_")[0], config.get("phoneme_language"), trained):
        if isinstance(told, str) and LANGUAGE.fullmatch(told.lower()):
            return told.lower()
    raise refusal(
        folder, "coqui-no-language", f"nothing tells its language: name its folder ru_{folder.name}"
    )


def _speakers(folder: Path, kind: Kind, config: dict[str, Any]) -> tuple[str, ...]:
    if kind is Kind.XTTS:
        file: Path | None = folder / XTTS_SPEAKERS
        return tuple(_names(file)) if file and file.is_file() else ()
    if kind is not Kind.VITS:
        return ()
    file = beside(folder, setting(config, "d_vector_file")) or beside(
        folder, setting(config, "speakers_file")
    )
    return tuple(_names(file)) if file else ()


def _names(file: Path) -> list[str]:
    """Return the speakers of a file: keyed by name, or clips that each tell their speaker's name."""
    table = _json(file) if file.suffix == ".json" else _plain_pickle(file)
    if not isinstance(table, dict):
        raise refusal(file.parent, "coqui-damaged", f"{file.name} lists no speakers")
    return list(dict.fromkeys(_speaker(key, value) for key, value in table.items()))


def _speaker(key: object, value: object) -> str:
    return str(value.get("name", key)) if isinstance(value, dict) else str(key)


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise refusal(file.parent, "coqui-damaged", f"{file.name} cannot be read: {exc}") from exc


class _Plain(pickle.Unpickler):
    """Reads dicts, strings and numbers; whatever else a file asks for is left out, so nothing of it runs."""

    def find_class(self, module: str, name: str) -> Any:
        return _nothing

    def persistent_load(self, pid: Any) -> None:
        return None


_WHAT_PICKLES_RAISE = (ValueError, TypeError, AttributeError, LookupError)


def _nothing(*_: object) -> None:
    return None


def _plain_pickle(file: Path) -> Any:
    """Read the names in a file of torch's without torch: the tensors beside them are left out."""
    try:
        with zipfile.ZipFile(file) as archive:
            inner = _only(name for name in archive.namelist() if name.endswith("/data.pkl"))
            with archive.open(inner) as stream:
                return _Plain(stream).load()
    except (OSError, zipfile.BadZipFile, pickle.UnpicklingError, EOFError, *_WHAT_PICKLES_RAISE) as exc:
        raise refusal(file.parent, "coqui-damaged", f"{file.name} cannot be read: {exc}") from exc


def _only(names: Iterable[str]) -> str:
    name, *others = names
    if others:
        raise ValueError("it holds more than one table")
    return name
