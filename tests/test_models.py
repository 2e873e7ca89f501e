"""Weights are fetched from mirrors that break, lie and die: a server on this machine does all three."""

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from service.cli import models_commands
from service.models import BLOCK, ModelFolder, State
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
            behaviour = self.path.strip("/")
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


def folder(tmp_path: Path, *urls: str, sha256: str | None = SHA256) -> ModelFolder:
    manifest = tmp_path / "manifest.json"
    model = {
        "name": "lips",
        "about": "Lips for a test.",
        "file": "lips.pth",
        "bytes": len(CONTENT),
        "sha256": sha256,
        "licence": "Not for profit.",
        "urls": urls,
    }
    manifest.write_text(json.dumps({"models": [model], "trusted_torchscript": []}))
    return ModelFolder(tmp_path / "checkpoints", manifest)


def fetch(models: ModelFolder) -> list[int]:
    """Download and return what was reported."""
    reported: list[int] = []
    path = models.download(models.get("lips"), reported.append)
    assert path.read_bytes() == CONTENT
    assert models.state(models.get("lips")) is State.PRESENT
    assert models.is_intact(models.get("lips"))
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
    assert fetch(models) == []


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
    assert models.expected_sha256(models.get("lips")) is None
    path = models.download(models.get("lips"), lambda _: None)
    assert models.expected_sha256(models.get("lips")) == SHA256
    path.write_bytes(b"changed")
    assert not models.is_intact(models.get("lips"))


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
    for model in models:
        assert model.sha256 is None or len(bytes.fromhex(model.sha256)) == 32
        assert len(model.urls) >= 2 and all(url.startswith("https://") for url in model.urls)
        assert not model.name.startswith("wav2lip") or "non-commercial" in model.licence


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
    assert "lips: missing, 2 MB" in runner.invoke(group, ["list"]).output
    assert runner.invoke(group, ["verify"]).exit_code == 0
    assert "is not there" in runner.invoke(group, ["verify", "lips"]).output
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "lips.pth").write_bytes(CONTENT)
    assert "is the published file" in runner.invoke(group, ["verify"]).output
    (tmp_path / "checkpoints" / "lips.pth").write_bytes(CONTENT[::-1])
    broken = runner.invoke(group, ["verify", "lips"])
    assert broken.exit_code != 0 and "is NOT the published file" in broken.output
