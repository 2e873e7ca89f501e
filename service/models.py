"""Trained weights that users bring: which there are, where from, and whether they arrived whole."""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from voiceover.errors import EngineUnavailable, NotFound

log = logging.getLogger(__name__)

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
MANIFEST = CHECKPOINTS / "manifest.json"
BLOCK = 2**18  # bytes read at a time
TIMEOUT = (10, 30)  # seconds to connect, seconds without a byte
ATTEMPTS = 3  # at one mirror, as long as each brings something


class Model(BaseModel):
    """One published file of weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    about: str
    file: str
    bytes: int | None
    sha256: str | None
    """None while no confirmed sum is known: then what first arrives is pinned."""
    licence: str
    urls: tuple[str, ...]
    """Mirrors, the best first."""


class Manifest(BaseModel):
    """What `checkpoints/manifest.json` says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[Model, ...]
    trusted_torchscript: frozenset[str]
    """sha256 sums of TorchScript files that may be run."""


class State(StrEnum):
    """What is known about a file without reading all of it."""

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

    def path(self, model: Model) -> Path:
        """Return where the file is, or belongs."""
        return self.folder / model.file

    def state(self, model: Model) -> State:
        path = self.path(model)
        if path.is_file():
            whole = model.bytes in (None, path.stat().st_size)
            return State.PRESENT if whole else State.WRONG_SIZE
        return State.PARTIAL if self._part(model).exists() else State.MISSING

    def expected_sha256(self, model: Model) -> str | None:
        """Return the published sum, else the pinned one, else None."""
        return model.sha256 or self._pinned().get(model.name)

    def is_intact(self, model: Model) -> bool:
        """Read the whole file; return whether it is the one that is expected (or nothing is expected).

        Raises:
            NotFound: the file is not there.
        """
        path = self.path(model)
        if not path.is_file():
            raise NotFound(f"{path} is not there", kind="file", name=str(path), choices=[])
        return self.expected_sha256(model) in (None, _sha256(path))

    def download(self, model: Model, report: Callable[[int], None]) -> Path:
        """Fetch a file from the first mirror that has it right, going on where a former try stopped.

        Args:
            report: called with the number of bytes on disk, after each block.

        Raises:
            EngineUnavailable: no mirror has it, or the disk is too full; the message says what each answered.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._check_space(model)
        failures = []
        for url in model.urls:
            try:
                self._receive(url, self._part(model), report)
                return self._accept(model)
            except _MirrorFailed as exc:
                log.warning("%s: %s", url, exc)
                failures.append(f"{url}: {exc}")
        where = f"Get {model.file} elsewhere and put it in {self.folder}: it is found there."
        raise EngineUnavailable(
            f"no mirror gave {model.file}. {'; '.join(failures)}. {where}",
            engine=model.name,
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

    def _accept(self, model: Model) -> Path:
        """Give a complete download its name, if it is what it should be."""
        part, path = self._part(model), self.path(model)
        received, expected = _sha256(part), self.expected_sha256(model)
        if expected not in (None, received):
            part.unlink()  # nothing can be built on wrong bytes
            raise _MirrorFailed(f"sha256 is {received}, not {expected}")
        if expected is None:
            self._pin(model, received)
        return part.replace(path)

    def _check_space(self, model: Model) -> None:
        missing = (model.bytes or 0) - _size(self._part(model))
        if (free := shutil.disk_usage(self.folder).free) < missing:
            raise EngineUnavailable(
                f"{self.folder} has {free >> 20} MB of free space, {model.file} needs {missing >> 20} MB",
                engine=model.name,
                reason="disk-full",
            )

    def _part(self, model: Model) -> Path:
        return self.folder / f"{model.file}.part"

    def _pinned(self) -> dict[str, str]:
        pins = self.folder / "pinned.json"
        return dict(json.loads(pins.read_text())) if pins.exists() else {}

    def _pin(self, model: Model, sha256: str) -> None:
        pins = self._pinned() | {model.name: sha256}
        (self.folder / "pinned.json").write_text(json.dumps(pins, indent=2))


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


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
