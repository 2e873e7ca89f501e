"""`flask doctor` on this machine, and on machines that lack something."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from app import create_app
from service.doctor import _other_versions
from service.settings import Settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def doctor(*options: str, **settings: Any) -> Result:
    app = create_app(Settings(**{"port": free_port()} | settings))
    return app.test_cli_runner().invoke(args=["doctor", *options])


def findings(result: Result) -> dict[str, dict[str, str]]:
    return {finding["what"]: finding for finding in json.loads(result.stdout)["findings"]}


def test_a_whole_machine_is_healthy(tmp_path: Path) -> None:
    result = doctor("--json", data=tmp_path, checkpoints=tmp_path)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["healthy"]
    found = findings(result)
    for what in ("python", "ffmpeg", "data folder", "port", "device", "versions"):
        assert found[what]["state"] == "ok", found[what]
    assert "a second of speech takes" in found["speech espeak"]["told"]
    assert "frames a second" in found["lips visemes"]["told"]
    assert found["Russian voice"]["state"] == "warning"
    assert found["Russian voice"]["cure"].endswith("flask models download ru_RU-dmitri-medium")
    assert found["lips wav2lip"]["state"] == "warning"
    assert found["lips wav2lip"]["cure"].endswith("flask models download wav2lip_gan")
    assert all(finding["cure"] for finding in found.values() if finding["state"] != "ok")
    assert {path.name for path in tmp_path.iterdir()} == {"landmarks"}, "what was drawn is remembered"


def test_every_fault_is_told_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "no-ffmpeg"))
    (tmp_path / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = doctor(data=tmp_path / "file" / "data", checkpoints=tmp_path, port=port)
    assert result.exit_code == 1
    told = result.stdout.splitlines()
    for what, cure in (
        ("ffmpeg", "pip install"),
        ("data folder", "VOICEOVER_DATA"),
        ("port", "VOICEOVER_PORT"),
    ):
        place = next(i for i, line in enumerate(told) if line.startswith(f"FAULT    {what}:"))
        assert cure in told[place + 1]


def test_an_ffmpeg_that_lacks_encoders_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poor = tmp_path / "ffmpeg"
    poor.write_text("#!/bin/sh\necho ' V....D libx264 H.264'\necho ' ... scale V->V'\n")
    poor.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(poor))
    result = doctor("--json", data=tmp_path / "data", checkpoints=tmp_path)
    assert result.exit_code == 1
    told = findings(result)["ffmpeg"]["told"]
    assert "aac" in told
    assert "setparams" in told
    assert "libx264" not in told


def test_other_versions_are_told() -> None:
    told = list(_other_versions("# pins\nflask==0.1\nno-such-library-here==1.0\n"))
    assert len(told) == 2
    assert told[0].startswith("flask is ") and told[0].endswith(", not 0.1")
    assert told[1] == "no-such-library-here is missing, not 1.0"
