"""A server whose files, those in the temporary folder included, can be counted."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.census import Home
from tests.server import RunningServer, running_server


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def server(home: Home) -> Iterator[RunningServer]:
    """A server that many tests share: each leaves it as it was."""
    with running_server(home.data, **home.settings, VOICEOVER_CLIENT_PATIENCE="2") as server:
        yield server


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    with mounted(tmp_path / "disk", "size=1m") as disk:
        yield disk


class mounted:
    """A tmpfs in a folder; the test is skipped where that may not be mounted."""

    def __init__(self, folder: Path, options: str) -> None:
        self._folder, self._options = folder, options

    def __enter__(self) -> Path:
        if os.geteuid() != 0:
            pytest.skip("only root may mount a small disk")
        self._folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", self._options, "tmpfs", self._folder]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
        return self._folder

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "-l", self._folder], check=True)
