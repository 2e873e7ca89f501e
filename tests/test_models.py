"""Weights are fetched from mirrors that break, lie and die: a server on this machine does all three."""

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from pydantic import ValidationError

from service.cli import models_commands
from service.models import BLOCK, Kind, ModelFolder, State
from voiceover.errors import EngineUnavailable, NotFound

CONTENT = bytes(range(256)) * 8192  # 2 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Mirrors:
    """A server whose paths are mirrors of different virtue."""

    address: str = ""
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """(path, Range header) of every request, in order."""

    def url(self, path: str) -> str:
        return f"{self.address}/{path}"


def handler(mirrors: Mirrors) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            mirrors.requests.append((self.path, asked))
            behaviour = self.path.strip("/").split("?")[0]
            if behaviour == "dead":
                self.send_error(404)
            elif behaviour == "lying":
                self.answer(200, b"<html>Too many downloads</html>" * 999)
            elif behaviour == "no-ranges":
                self.answer(200, CONTENT)
            else:
                self.partial(int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0, behaviour)

        def partial(self, start: int, behaviour: str) -> None:
            if start >= len(CONTENT):
                self.send_error(416)
            elif behaviour == "breaking":  # a third at a time, then the line goes dead
                self.answer(206 if start else 200, CONTENT[start:], start, sent=len(CONTENT) // 3)
            else:
                self.answer(206 if start else 200, CONTENT[start:], start)

        def answer(self, status: int, body: bytes, start: int = 0, sent: int | None = None) -> None:
            self.send_response(status)
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/{len(CONTENT)}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:sent])
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirrors]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    mirrors = Mirrors()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(mirrors))
    mirrors.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield mirrors
    server.shutdown()
    thread.join()
    server.server_close()


def published(path: str, *urls: str, sha256: str | None = SHA256) -> dict[str, object]:
    return {"path": path, "bytes": len(CONTENT), "sha256": sha256, "urls": urls}


def folder(tmp_path: Path, *urls: str, sha256: str | None = SHA256) -> ModelFolder:
    return folder_of(tmp_path, published("lips.pth", *urls, sha256=sha256))


def folder_of(tmp_path: Path, *files: dict[str, object]) -> ModelFolder:
    """A folder whose manifest knows one model, of these files, and a voice."""
    about = {"engine": "test", "about": "For a test.", "licence": "Not for profit."}
    lips = {"name": "lips", "kind": "lips", "files": files, **about}
    voice = {
        "name": "anna",
        "kind": "voice",
        "languages": ["de-at"],
        "quality": "low",
        "files": files,
        **about,
    }
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"models": [lips, voice], "trusted_torchscript": []}))
    return ModelFolder(tmp_path / "checkpoints", manifest)


def fetch(models: ModelFolder) -> list[int]:
    """Download and return what was reported."""
    reported: list[int] = []
    model = models.get("lips")
    models.download(model, reported.append)
    assert all(models.path(file).read_bytes() == CONTENT for file in model.files)
    assert models.state(model) is State.PRESENT and models.is_here(model)
    return reported


def test_download_reports_its_progress(tmp_path: Path, mirrors: Mirrors) -> None:
    reported = fetch(folder(tmp_path, mirrors.url("good")))
    assert reported == sorted(reported) and reported[-1] == len(CONTENT) and len(reported) > 4
    assert mirrors.requests == [("/good", None)]


def test_a_broken_line_is_taken_up_where_it_broke(tmp_path: Path, mirrors: Mirrors) -> None:
    models = folder(tmp_path, mirrors.url("breaking"))
    with pytest.raises(EngineUnavailable, match="ChunkedEncodingError"):
        fetch(models)  # a third of the file came in each of three attempts, less what was in no whole block
    assert models.state(models.get("lips")) is State.PARTIAL
    fetch(models)
    starts = [int(asked.strip("bytes=-")) if asked else 0 for _, asked in mirrors.requests]
    assert starts == [0, 2 * BLOCK, 4 * BLOCK, 6 * BLOCK]


def test_a_former_partial_download_goes_on(tmp_path: Path, mirrors: Mirrors) -> None:
    models = folder(tmp_path, mirrors.url("good"))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "lips.pth.part").write_bytes(CONTENT[:1_000_000])
    assert fetch(models)[0] > 1_000_000
    assert mirrors.requests == [("/good", "bytes=1000000-")]


def test_a_finished_part_needs_only_its_name(tmp_path: Path, mirrors: Mirrors) -> None:
    models = folder(tmp_path, mirrors.url("good"))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "lips.pth.part").write_bytes(CONTENT)
    assert fetch(models) == [len(CONTENT)]


def test_a_mirror_without_ranges_starts_anew(tmp_path: Path, mirrors: Mirrors) -> None:
    models = folder(tmp_path, mirrors.url("no-ranges"))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "lips.pth.part").write_bytes(b"x" * 1000)
    fetch(models)


def test_dead_and_lying_mirrors_are_passed_over(tmp_path: Path, mirrors: Mirrors) -> None:
    unreachable = "http://127.0.0.1:1/lips.pth"
    fetch(folder(tmp_path, unreachable, mirrors.url("dead"), mirrors.url("lying"), mirrors.url("good")))
    assert [path for path, _ in mirrors.requests] == ["/dead", "/lying", "/good"]


def test_when_all_fail_each_failure_and_the_way_out_are_told(tmp_path: Path, mirrors: Mirrors) -> None:
    models = folder(tmp_path, mirrors.url("dead"), mirrors.url("lying"))
    with pytest.raises(EngineUnavailable) as caught:
        fetch(models)
    told = str(caught.value)
    assert "answered 404" in told and SHA256 in told and f"put it in {tmp_path / 'checkpoints'}" in told
    assert models.state(models.get("lips")) is State.MISSING


def test_unverified_files_are_pinned_to_what_came(tmp_path: Path, mirrors: Mirrors) -> None:
    models = folder(tmp_path, mirrors.url("good"), sha256=None)
    (file,) = models.get("lips").files
    assert models.expected_sha256(file) is None
    fetch(models)
    assert models.expected_sha256(file) == SHA256
    models.path(file).write_bytes(b"changed")
    assert not models.is_intact(file)


def test_md5_of_the_publisher_tells_a_damaged_file(tmp_path: Path, mirrors: Mirrors) -> None:
    md5 = hashlib.md5(CONTENT).hexdigest()
    file = published("lips.pth", mirrors.url("lying"), mirrors.url("good"), sha256=None) | {"md5": md5}
    models = folder_of(tmp_path, file)
    fetch(models)
    assert [path for path, _ in mirrors.requests] == ["/lying", "/good"]
    assert models.expected_sha256(models.get("lips").files[0]) == SHA256


def test_a_model_of_several_files_is_here_when_all_are(tmp_path: Path, mirrors: Mirrors) -> None:
    names = "voices/a.onnx", "voices/a.onnx.json"
    models = folder_of(tmp_path, *(published(name, mirrors.url(f"good?{name}")) for name in names))
    model = models.get("lips")
    assert models.state(model) is State.MISSING and model.bytes == 2 * len(CONTENT)
    (tmp_path / "checkpoints" / "voices").mkdir(parents=True)
    (tmp_path / "checkpoints" / names[0]).write_bytes(CONTENT)
    assert models.state(model) is State.PARTIAL
    reported = fetch(models)
    assert reported == sorted(reported) and reported[0] >= len(CONTENT) and reported[-1] == 2 * len(CONTENT)
    assert [path for path, _ in mirrors.requests] == [f"/good?{names[1]}"]


def test_a_file_that_is_not_the_published_one_is_fetched_anew(tmp_path: Path, mirrors: Mirrors) -> None:
    models = folder(tmp_path, mirrors.url("good"))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "lips.pth").write_bytes(CONTENT[::-1])
    fetch(models)


@pytest.mark.parametrize("path", ["/etc/passwd", "../lips.pth", "a/../../b", "a//b", "a\\b", ".hidden", ""])
def test_a_manifest_cannot_lead_out_of_the_folder(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValidationError):
        folder_of(tmp_path, published(path))


def test_proxy_of_the_environment_is_used(
    tmp_path: Path, mirrors: Mirrors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", mirrors.address)
    monkeypatch.setenv("no_proxy", "")
    fetch(folder(tmp_path, "http://weights.invalid/good"))
    assert mirrors.requests == [("http://weights.invalid/good", None)]


def test_file_put_there_by_hand_is_found_at_once(tmp_path: Path) -> None:
    models = folder(tmp_path)
    assert models.state(models.get("lips")) is State.MISSING
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "lips.pth").write_bytes(CONTENT[:-1])
    assert models.state(models.get("lips")) is State.WRONG_SIZE
    (tmp_path / "checkpoints" / "lips.pth").write_bytes(CONTENT)
    assert models.state(models.get("lips")) is State.PRESENT


def test_unknown_model_lists_the_choices(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="lips"):
        folder(tmp_path).get("ears")


def test_the_manifest_of_the_project_is_sound() -> None:
    models = ModelFolder(Path("nowhere")).models
    assert {"wav2lip_gan", "wav2lip", "s3fd"} <= {model.name for model in models}
    assert len({model.name for model in models}) == len(models)
    files = [file for model in models for file in model.files]
    assert len({file.path for file in files}) == len(files)
    assert all(url.startswith("https://") for file in files for url in file.urls)
    assert all(len(file.urls) >= 2 for file in files)
    unverified = {model.name for model in models for file in model.files if not (file.sha256 or file.md5)}
    assert unverified == {"mms_rus", "mms_eng"}
    assert all("non-commercial" in model.licence for model in models if model.kind == "lips")
    assert all("non-commercial" in model.licence for model in models if model.engine == "coqui")


def test_a_folder_of_coquis_is_whole_once_its_config_is_there() -> None:
    """The engine finds a model by its config."""
    coqui = [model for model in ModelFolder(Path("nowhere")).models if model.engine == "coqui"]
    assert {model.name for model in coqui} == {"xtts_v2", "mms_rus", "mms_eng"}
    for model in coqui:
        folders = {file.path.rpartition("/")[0] for file in model.files}
        assert len(folders) == 1
        assert model.files[-1].path == f"{folders.pop()}/config.json"


def test_voices_of_the_manifest_are_whole_and_speak_the_worlds_languages() -> None:
    models = ModelFolder(Path("nowhere"))
    voices = [model for model in models.models if model.kind == "voice" and model.engine == "piper"]
    for voice in voices:
        model, config = voice.files
        assert model.path == f"piper/{voice.name}.onnx" and config.path == f"{model.path}.json"
        assert voice.quality in voice.name and voice.languages and voice.licence
        assert all(
            file.path.removeprefix("piper/") in unquote(url) for file in voice.files for url in file.urls
        )
    assert len({language.split("-")[0] for voice in voices for language in voice.languages}) >= 40
    assert {voice.name for voice in voices if voice.speaks("ru")} == {
        f"ru_RU-{who}-medium" for who in ("dmitri", "irina", "denis", "ruslan")
    }
    recommended = models.recommended(Kind.VOICE, "ru")
    assert recommended and all(file.sha256 for file in recommended.files)


@pytest.fixture
def runner() -> FlaskCliRunner:
    return Flask("test").test_cli_runner()


def test_licence_comes_before_the_download(tmp_path: Path, mirrors: Mirrors, runner: FlaskCliRunner) -> None:
    group = models_commands(folder(tmp_path, mirrors.url("good")))
    refused = runner.invoke(group, ["download", "lips"], input="n\n")
    assert refused.exit_code != 0 and "Not for profit." in refused.output
    assert mirrors.requests == []
    accepted = runner.invoke(group, ["download", "lips", "--accept-licence"])
    assert accepted.exit_code == 0, accepted.output
    assert "100%" in accepted.output and "is ready" in accepted.output
    again = runner.invoke(group, ["download", "lips"])
    assert again.exit_code == 0 and "already here" in again.output
    assert len(mirrors.requests) == 1


def test_commands_tell_what_is_here_and_whether_it_is_whole(tmp_path: Path, runner: FlaskCliRunner) -> None:
    group = models_commands(folder(tmp_path))
    assert "2 MB" in runner.invoke(group, ["list"]).output
    assert runner.invoke(group, ["verify"]).exit_code == 0
    assert "is not there" in runner.invoke(group, ["verify", "lips"]).output
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "lips.pth").write_bytes(CONTENT)
    assert "is the published file" in runner.invoke(group, ["verify"]).output
    assert "present" in runner.invoke(group, ["list"]).output
    (tmp_path / "checkpoints" / "lips.pth").write_bytes(CONTENT[::-1])
    broken = runner.invoke(group, ["verify", "lips"])
    assert broken.exit_code != 0 and "is NOT the published file" in broken.output


def test_list_is_one_line_a_model_and_shows_what_is_asked_for(tmp_path: Path, runner: FlaskCliRunner) -> None:
    group = models_commands(folder(tmp_path))

    def listed(*options: str) -> list[str]:
        return [line.split()[0] for line in runner.invoke(group, ["list", *options]).stdout.splitlines()]

    assert listed() == ["lips", "anna"]
    assert listed("--kind", "lips") == ["lips"]
    assert listed("--language", "de") == listed("--language", "de-AT") == ["anna"]
    assert listed("--language", "de-de") == listed("--kind", "lips", "--language", "de") == []
    shown = runner.invoke(group, ["show", "anna"]).output
    assert SHA256 in shown and "Not for profit." in shown and "lips.pth: missing" in shown
    assert "there are: lips, anna" in runner.invoke(group, ["show", "bert"]).output
