"""Trained weights that users bring: which there are, where from, and whether they arrived whole."""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from voiceover.errors import EngineUnavailable, NotFound

log = logging.getLogger(__name__)

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
MANIFEST = CHECKPOINTS / "manifest.json"
BLOCK = 2**18  # bytes read at a time
TIMEOUT = (10, 30)  # seconds to connect, seconds without a byte
ATTEMPTS = 3  # at one mirror, as long as each brings something


class Kind(StrEnum):
    """What a model is for."""

    LIPS = "lips"
    FACES = "faces"
    VOICE = "voice"
    RESTORATION = "restoration"


class ModelFile(BaseModel):
    """One published file of a model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(pattern=r"^\w[\w.+-]*(/\w[\w.+-]*)*$")
    """Below the folder of weights; parts are joined by "/"."""
    bytes: int | None
    sha256: str | None = Field(pattern="^[0-9a-f]{64}$")
    """None while no confirmed sum is known: then what first arrives is pinned."""
    md5: str | None = Field(None, pattern="^[0-9a-f]{32}$")
    """As its publisher lists it. Tells a damaged download where there is no sha256."""
    urls: tuple[str, ...]
    """Mirrors, the best first."""


class Model(BaseModel):
    """Published weights, in one file or several: it works when all of them are here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Kind
    engine: str
    """The engine that uses it."""
    languages: tuple[str, ...] = ()
    """Of a voice: language tags in lower case, such as "ru" or "en-us"."""
    quality: str = ""
    """As its makers grade it: of Piper's voices "x_low", "low", "medium" or "high"."""
    about: str
    licence: str
    files: tuple[ModelFile, ...]

    @property
    def bytes(self) -> int | None:
        """Size of all files, or None where that of one is unknown."""
        sizes = [file.bytes for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size)

    def speaks(self, language: str) -> bool:
        """Whether it is a voice of a language ("en") or of a dialect of it ("en-us")."""
        return any(tag == language or tag.startswith(f"{language}-") for tag in self.languages)


class Manifest(BaseModel):
    """What `checkpoints/manifest.json` says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[Model, ...]
    """In order of preference: of voices that speak a language, the first is the recommended one."""
    trusted_torchscript: frozenset[str]
    """sha256 sums of TorchScript files that may be run."""


class State(StrEnum):
    """What is known about a file, or about all files of a model, without reading them."""

    MISSING = "missing"
    PARTIAL = "partly downloaded"
    WRONG_SIZE = "wrong size"
    PRESENT = "present"


class ModelFolder:
    """The folder of weights. What is put there by hand is as good as what was downloaded."""

    def __init__(self, folder: Path = CHECKPOINTS, manifest: Path = MANIFEST) -> None:
        self.folder = folder
        self._manifest = Manifest.model_validate_json(manifest.read_bytes())

    @property
    def models(self) -> tuple[Model, ...]:
        return self._manifest.models

    def contents(self) -> tuple[tuple[str, int, int], ...]:
        """Return what changes when a file of weights does: names, bytes, nanoseconds of the last change."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        states = ((path, path.stat()) for path in files)
        return tuple((str(path.relative_to(self.folder)), s.st_size, s.st_mtime_ns) for path, s in states)

    @property
    def trusted_torchscript(self) -> frozenset[str]:
        return self._manifest.trusted_torchscript

    def get(self, name: str) -> Model:
        """
        Raises:
            NotFound: there is no model of that name.
        """
        for model in self.models:
            if model.name == name:
                return model
        choices = [model.name for model in self.models]
        raise NotFound(
            f"no model {name!r}; there are: {', '.join(choices)}", kind="model", name=name, choices=choices
        )

    def recommended(self, kind: Kind, language: str) -> Model | None:
        """Return the model that best does something in a language, or None."""
        return next((m for m in self.models if m.kind is kind and m.speaks(language)), None)

    def path(self, file: ModelFile) -> Path:
        """Return where the file is, or belongs."""
        return self.folder / file.path

    def state(self, model: Model) -> State:
        states = {self.file_state(file) for file in model.files}
        if State.WRONG_SIZE in states:
            return State.WRONG_SIZE
        return states.pop() if len(states) == 1 else State.PARTIAL

    def file_state(self, file: ModelFile) -> State:
        path = self.path(file)
        if path.is_file():
            whole = file.bytes in (None, path.stat().st_size)
            return State.PRESENT if whole else State.WRONG_SIZE
        return State.PARTIAL if self._part(file).exists() else State.MISSING

    def expected_sha256(self, file: ModelFile) -> str | None:
        """Return the published sum, else the pinned one, else None."""
        return file.sha256 or self._pinned().get(file.path)

    def is_intact(self, file: ModelFile) -> bool:
        """Read the whole file; return whether it is the one that is expected (or nothing is expected).

        Raises:
            NotFound: the file is not there.
        """
        path = self.path(file)
        if not path.is_file():
            raise NotFound(f"{path} is not there", kind="file", name=str(path), choices=[])
        return self.expected_sha256(file) in (None, _sha256(path))

    def is_here(self, model: Model) -> bool:
        """Read all files of a model; return whether they are here and as they should be."""
        return self.state(model) is State.PRESENT and all(map(self.is_intact, model.files))

    def download(self, model: Model, report: Callable[[int], None]) -> None:
        """Fetch each file from the first mirror that has it right, going on where a former try stopped.

        Args:
            report: called with the number of the model's bytes on disk, after each block.

        Raises:
            EngineUnavailable: no mirror has it, or the disk is too full; the message says what each answered.
        """
        self._check_space(model)
        before = 0
        for file in model.files:
            if self.file_state(file) is not State.PRESENT or not self.is_intact(file):
                self._download(model, file, _after(before, report))
            before += _size(self.path(file))
            report(before)

    def _download(self, model: Model, file: ModelFile, report: Callable[[int], None]) -> None:
        """Fetch one file; `report` is told its bytes alone."""
        path = self.path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        failures = []
        for url in file.urls:
            try:
                self._receive(url, self._part(file), report)
                return self._accept(file)
            except _MirrorFailed as exc:
                log.warning("%s: %s", url, exc)
                failures.append(f"{url}: {exc}")
        where = f"Get {path.name} elsewhere and put it in {path.parent}: it is found there."
        raise EngineUnavailable(
            f"no mirror gave {file.path}. {'; '.join(failures)}. {where}",
            engine=model.engine,
            reason="download-failed",
        )

    def _receive(self, url: str, part: Path, report: Callable[[int], None]) -> None:
        """Bring the partial file to its end, in several attempts if the line breaks."""
        for attempt in range(ATTEMPTS):
            before = _size(part)
            try:
                _fetch(url, part, report)
                return
            except _LineBroke as exc:
                if _size(part) <= before or attempt == ATTEMPTS - 1:
                    raise _MirrorFailed(str(exc)) from exc

    def _accept(self, file: ModelFile) -> None:
        """Give a complete download its name, if it is what it should be."""
        part = self._part(file)
        received, expected = _sha256(part), self.expected_sha256(file)
        if expected not in (None, received):
            part.unlink()  # nothing can be built on wrong bytes
            raise _MirrorFailed(f"sha256 is {received}, not {expected}")
        if expected is None:
            self._check_md5(file, part)
            self._pin(file, received)
        part.replace(self.path(file))

    def _check_md5(self, file: ModelFile, part: Path) -> None:
        received = _digest(part, "md5")
        if file.md5 not in (None, received):
            part.unlink()
            raise _MirrorFailed(f"md5 is {received}, not {file.md5}")

    def _check_space(self, model: Model) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        absent = [file for file in model.files if self.file_state(file) is not State.PRESENT]
        missing = sum((file.bytes or 0) - _size(self._part(file)) for file in absent)
        if (free := shutil.disk_usage(self.folder).free) < missing:
            raise EngineUnavailable(
                f"{self.folder} has {free >> 20} MB of free space, {model.name} needs {missing >> 20} MB",
                engine=model.engine,
                reason="disk-full",
            )

    def _part(self, file: ModelFile) -> Path:
        return self.folder / f"{file.path}.part"

    def _pinned(self) -> dict[str, str]:
        """Path → sha256 of the files that came without a published sum."""
        pins = self.folder / "pinned.json"
        return dict(json.loads(pins.read_text())) if pins.exists() else {}

    def _pin(self, file: ModelFile, sha256: str) -> None:
        pins = self._pinned() | {file.path: sha256}
        (self.folder / "pinned.json").write_text(json.dumps(pins, indent=2))


def download_command(name: str) -> str:
    """Return what a person types to get a model."""
    return f".venv/bin/flask models download {name}"


class _MirrorFailed(Exception):
    """One mirror cannot help; the next may."""


class _LineBroke(Exception):
    """The download stopped in the middle; the same mirror may go on."""


def _fetch(url: str, part: Path, report: Callable[[int], None]) -> None:
    """Ask for what is still missing and append it. `requests` reads the proxies from the environment."""
    import requests

    have = _size(part)
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                return  # nothing is missing; whether it is right is for the sum to say
            if not answer.ok:
                raise _MirrorFailed(f"the server answered {answer.status_code}")
            resumes = answer.status_code == requests.codes.partial_content
            with part.open("ab" if resumes else "wb") as file:
                for block in answer.iter_content(BLOCK):
                    file.write(block)
                    report(file.tell())
    except requests.RequestException as exc:
        raise _LineBroke(f"{type(exc).__name__}: {exc}") from exc


def _after(before: int, report: Callable[[int], None]) -> Callable[[int], None]:
    return lambda received: report(before + received)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    return _digest(path, "sha256")


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
