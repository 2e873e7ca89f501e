"""Chunks that are asked for again: real clips, a real disk, and disks that fail."""

import os
import shutil
import subprocess
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from service.cache import ClipCache
from service.pipeline import Clip
from service.settings import Settings
from tests.streamer import engines_with_streamer
from voiceover.idle import IDLE_FRAMES
from voiceover.types import Word

TEXT = "Привет, мир!"
KILOBYTE = 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> tuple[Flask, Path]:
    data = tmp_path_factory.mktemp("data")
    return create_app(Settings(data=data)), data


@pytest.fixture
def data(server: tuple[Flask, Path]) -> Iterator[Path]:
    """The server's folder, without clips."""
    _, data = server
    yield data
    clips = data / "clips"
    clips.unlink() if clips.is_file() else shutil.rmtree(clips, ignore_errors=True)


@pytest.fixture
def client(server: tuple[Flask, Path], data: Path) -> Iterator[FlaskClient]:
    app, _ = server
    with app.test_client() as client:
        yield client


def generate(client: FlaskClient, headers: dict[str, str] | None = None, **fields: object) -> TestResponse:
    return client.post(
        "/api/generate_stream", json={"text": TEXT, "language": "ru", **fields}, headers=headers
    )


def from_cache(answer: TestResponse) -> bool:
    assert answer.status_code == 200
    return answer.headers["Server-Timing"].startswith("cache;dur=")


def told(answer: TestResponse) -> dict[str, str]:
    """What an answer says of its clip."""
    fleeting = ("X-Request-Id", "Server-Timing", "Content-Length", "Date")
    return {name: value for name, value in answer.headers.items() if name not in fleeting}


def entries(data: Path) -> list[Path]:
    return sorted((data / "clips").glob("*"))


def test_a_chunk_asked_for_again_is_the_same_to_the_byte(client: FlaskClient, data: Path) -> None:
    fresh = generate(client)
    assert not from_cache(fresh)
    clip = fresh.data
    again = generate(client)
    assert from_cache(again)
    assert again.data == clip
    assert told(again) == told(fresh)
    assert len(entries(data)) == 1


def test_a_clip_outlives_the_server(client: FlaskClient, data: Path) -> None:
    clip = generate(client).data
    with create_app(Settings(data=data)).test_client() as later:
        again = generate(later)
        assert from_cache(again)
        assert again.data == clip


def test_a_clip_streams_while_it_is_kept(client: FlaskClient, data: Path) -> None:
    answer = generate(client)
    assert next(answer.response)
    assert not entries(data), "it is not whole yet"
    for _ in answer.response:
        pass
    assert len(entries(data)) == 1


def test_what_the_reader_left_in_the_middle_is_not_kept(client: FlaskClient, data: Path) -> None:
    answer = generate(client)
    assert next(answer.response)
    answer.close()
    assert not entries(data)
    again = generate(client)
    assert not from_cache(again)


@pytest.mark.parametrize(
    "other",
    [
        {"text": "Привет, Мир!"},
        {"voice": "espeak:ru"},
        {"language": "en", "text": "Hello!"},
        {"seed": 1},
        {"start_frame": 5},
        {"follows": True},
        {"continues": True},
        {"pause": 1.5},
        {"audio": "flac"},
    ],
)
def test_another_chunk_is_made(client: FlaskClient, other: dict[str, object]) -> None:
    first = generate(client)
    assert first.data
    answer = generate(client, **other)
    assert not from_cache(answer)
    assert answer.headers["ETag"] != first.headers["ETag"]
    answer.close()


def test_only_its_place_in_the_idle_motion_counts(client: FlaskClient) -> None:
    clip = generate(client, start_frame=10).data
    again = generate(client, start_frame=10 + 3 * IDLE_FRAMES, chunk_index=7)
    assert from_cache(again)
    assert again.data == clip
    assert again.headers["Chunk-Index"] == "7"
    assert int(again.headers["Next-Start-Frame"]) == 10 + 3 * IDLE_FRAMES + int(again.headers["Chunk-Frames"])


def test_whoever_has_the_clip_is_told_so(client: FlaskClient) -> None:
    etag = generate(client).headers["ETag"]
    answer = generate(client, headers={"If-None-Match": etag})
    assert answer.status_code == 304
    assert answer.data == b""
    assert answer.headers["ETag"] == etag
    assert generate(client, headers={"If-None-Match": 'W/"other"'}).status_code == 200


def test_a_damaged_file_is_dropped_and_made_anew(client: FlaskClient, data: Path) -> None:
    clip = generate(client).data
    (entry,) = entries(data)
    whole = entry.read_bytes()
    flipped = bytes([whole[0] ^ 1])
    for damaged in (b"", whole[:-1], whole + b"\0", flipped + whole[1:], whole[: len(whole) // 2]):
        entry.write_bytes(damaged)
        answer = generate(client)
        assert not from_cache(answer)
        assert len(answer.data) > len(clip) / 2
        again = generate(client)
        assert from_cache(again)
        again.close()


def test_new_weights_make_new_clips(data: Path, tmp_path: Path) -> None:
    settings = Settings(data=data, checkpoints=tmp_path / "checkpoints")
    settings.checkpoints.mkdir()
    with create_app(settings).test_client() as client:
        assert generate(client).data
        (settings.checkpoints / "weights.bin").write_bytes(b"other")
        answer = generate(client)
        assert not from_cache(answer)
        answer.close()


def test_a_voice_that_streams_is_kept_too(data: Path) -> None:
    engines, _ = engines_with_streamer()
    with create_app(Settings(data=data), speech=engines).test_client() as client:
        fresh = generate(client, voice="streamer:ru", stream=True)
        assert "Chunk-Frames" not in fresh.headers
        clip = fresh.data
        again = generate(client, voice="streamer:ru", stream=True)
        assert from_cache(again)
        assert again.data == clip
        assert told(again) == told(fresh)
        whole = generate(client, voice="streamer:ru")
        assert not from_cache(whole)
        assert "Chunk-Frames" in whole.headers
        whole.close()


def test_nothing_is_kept_where_nothing_may_be(data: Path) -> None:
    with create_app(Settings(data=data, max_cache=0)).test_client() as client:
        assert generate(client).data
        assert not from_cache(generate(client))
    assert not entries(data)


def test_a_data_folder_that_cannot_be_written_to_does_not_matter(client: FlaskClient, data: Path) -> None:
    (data / "clips").write_text("a file where a folder should be")  # stops root, too
    for _ in range(2):
        answer = generate(client)
        assert not from_cache(answer)
        assert answer.data


# The store alone: what it does with bytes.


def clip_of(data: bytes) -> Clip:
    def pieces() -> Generator[bytes, None, None]:
        yield data[:10]
        yield data[10:]

    word = Word("слово\u2028", 3, 9)
    return Clip(25, (word,), "espeak:ru", "espeak", "wav2lip", "own", {}, pieces())


def read(clip: Clip | None) -> bytes:
    assert clip is not None
    return b"".join(clip.data)


def key_of(number: int) -> str:
    return f"{number:064x}"


def test_a_clip_comes_back_as_it_was(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path / "clips", 10 * KILOBYTE)
    assert cache.get(key_of(1)) is None
    data = os.urandom(KILOBYTE) + b"\n\n"
    assert read(cache.keep(key_of(1), clip_of(data))) == data
    kept = cache.get(key_of(1))
    assert kept is not None
    assert replace(kept, timings={}, data=(fresh := clip_of(data)).data) == fresh
    assert read(kept) == data


def test_the_longest_unused_make_room(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    cache = ClipCache(folder, 10 * KILOBYTE)
    for number in range(4):
        read(cache.keep(key_of(number), clip_of(os.urandom(2 * KILOBYTE))))
        os.utime(folder / key_of(number), (number, number))  # used one after another
    read(cache.get(key_of(0)))
    read(cache.keep(key_of(4), clip_of(os.urandom(3 * KILOBYTE))))
    assert {path.name for path in folder.iterdir()} == {key_of(n) for n in (0, 2, 3, 4)}
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 10 * KILOBYTE


def test_a_clip_larger_than_the_cache_drives_nobody_out(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path / "clips", 4 * KILOBYTE)
    read(cache.keep(key_of(1), clip_of(os.urandom(KILOBYTE))))
    read(cache.keep(key_of(2), clip_of(os.urandom(5 * KILOBYTE))))
    assert cache.get(key_of(2)) is None
    assert cache.get(key_of(1)) is not None


def test_what_a_killed_server_left_half_written_goes_first(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    cache = ClipCache(folder, 4 * KILOBYTE)
    read(cache.keep(key_of(1), clip_of(os.urandom(KILOBYTE))))
    (folder / "tmp_left").write_bytes(bytes(2 * KILOBYTE))
    os.utime(folder / "tmp_left", (1, 1))
    read(cache.keep(key_of(2), clip_of(os.urandom(KILOBYTE))))
    assert {path.name for path in folder.iterdir()} == {key_of(1), key_of(2)}


def test_a_clip_that_fails_in_the_middle_is_not_kept(tmp_path: Path) -> None:
    def broken() -> Generator[bytes, None, None]:
        yield b"beginning"
        raise RuntimeError("the encoder died")

    cache = ClipCache(tmp_path / "clips", 4 * KILOBYTE)
    with pytest.raises(RuntimeError):
        read(cache.keep(key_of(1), replace(clip_of(b""), data=broken())))
    assert cache.get(key_of(1)) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
def test_a_full_disk_costs_the_cache_alone(tmp_path: Path) -> None:
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip("no disk may be mounted here")
    try:
        folder = tmp_path / "clips"
        cache = ClipCache(folder, 2**20)
        small, large = os.urandom(10 * KILOBYTE), os.urandom(100 * KILOBYTE)
        assert read(cache.keep(key_of(1), clip_of(small))) == small
        assert read(cache.keep(key_of(2), clip_of(large))) == large
        assert cache.get(key_of(2)) is None
        assert [path.name for path in folder.iterdir()] == [key_of(1)], "nothing is left half written"
        assert read(cache.get(key_of(1))) == small
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)
