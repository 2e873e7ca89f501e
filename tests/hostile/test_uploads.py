"""Files that are meant to hurt: refused with a reason, nothing else is read, nothing is left behind."""

import io
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.hostile import files
from voiceover import video
from voiceover.errors import InvalidRequest
from voiceover.pictures import read_picture

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow tells of what it passes over

LENGTH, SIDE = 2.0, 64  # seconds and pixels that are read of videos


@pytest.fixture(autouse=True)
def scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go: in the end there are none."""
    folder = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def data(app: Flask, folder: Path) -> Iterator[Path]:
    """The server's folder, in which there is nothing new in the end but what is made for all avatars."""
    before = set(folder.rglob("*"))
    yield folder
    new = {path.relative_to(folder) for path in set(folder.rglob("*")) - before}
    assert not [path for path in new if path.parts[0] != "landmarks" and path != Path("avatars")]


def send_photo(client: FlaskClient, content: bytes, name: str = "me.jpg", **fields: str) -> TestResponse:
    form: dict[str, Any] = {"file": (io.BytesIO(content), name), **fields}
    return client.post("/api/avatars", data=form)


def send_recording(client: FlaskClient, content: bytes, name: str = "me.ogg") -> TestResponse:
    form: dict[str, Any] = {"recording": (io.BytesIO(content), name), "name": "me", "consent": "true"}
    return client.post("/api/voices", data=form)


def send_clip(client: FlaskClient, content: bytes, name: str = "0.mp4") -> TestResponse:
    return client.post("/api/join", data={"clip": (io.BytesIO(content), name)})


SENDERS = [send_photo, send_recording, send_clip]


def is_refused(answer: TestResponse) -> bool:
    return answer.status_code in (413, 422) and answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("name", files.BOMBS)
def test_bombs_of_pixels_and_of_what_is_said_about_them_are_refused(
    client: FlaskClient, data: Path, name: str
) -> None:
    bomb = files.BOMBS[name]()
    assert len(bomb) < 500_000
    for send in SENDERS:
        assert is_refused(send(client, bomb)), send.__name__


def test_a_video_of_large_pictures_is_not_unpacked(client: FlaskClient, data: Path, tmp_path: Path) -> None:
    large = files.large_film()
    assert len(large) < 2 * 2**20
    assert send_photo(client, large, "large.mp4").get_json()["code"] == "video-unreadable"


def test_a_video_of_hours_ends_where_it_should(tmp_path: Path) -> None:
    path = tmp_path / "slow.mkv"
    path.write_bytes(files.slow_film())
    assert path.stat().st_size < 10_000
    assert sum(1 for _ in video.read_frames(path, LENGTH, SIDE)) == LENGTH * 25


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 300), (300, 1), (4_000, 3), (1, 20_000), (17, 16)])
def test_a_photo_too_thin_for_anybody_is_refused(
    client: FlaskClient, data: Path, size: tuple[int, int]
) -> None:
    thin = np.zeros((*size, 3), np.uint8)
    assert send_photo(client, files.pictures.encoded(thin, ".png")).get_json()["code"] == "face-not-found"


@pytest.mark.parametrize("name", files.EXIFS)
def test_whatever_a_photo_tells_of_itself_is_passed_over(name: str) -> None:
    assert read_picture(files.exif(files.EXIFS[name])).shape == (512, 512, 3)


def read_video(content: bytes, folder: Path) -> int:
    path = folder / "video"
    path.write_bytes(content)
    return sum(1 for _ in video.read_frames(path, LENGTH, SIDE))


READERS: dict[str, Callable[[bytes, Path], object]] = {
    **dict.fromkeys(("jpg", "png", "webp"), lambda content, _: read_picture(content)),
    **dict.fromkeys(
        ("wav", "flac", "mp3", "m4a", "ogg"), lambda content, _: video.read_sound(content, LENGTH)
    ),
    **dict.fromkeys(("mp4", "webm", "avi"), read_video),
    "clip": lambda content, _: video.join([content]),
}
DAMAGES = {"jpg": 60, "png": 60, "webp": 60, "clip": 12}
"""Files that are tried of each kind, where not 12."""


@pytest.mark.parametrize("ending", READERS)
def test_damaged_files_are_read_as_far_as_they_go_or_refused(ending: str, tmp_path: Path) -> None:
    whole = files.seeds()["mp4" if ending == "clip" else ending]
    read = READERS[ending]
    if ending != "clip":  # one without sound is not joined
        assert np.size(read(whole, tmp_path))
    taken = 0
    for broken in files.damaged(whole, DAMAGES.get(ending, 12), seed=len(ending)):
        with suppress(InvalidRequest):
            read(broken, tmp_path)
            taken += 1
    assert taken < DAMAGES.get(ending, 12), "some were refused"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somewhere on the network; in the end nobody has come."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("kind", files.PLAYLISTS)
@pytest.mark.parametrize("send", SENDERS)
def test_nothing_else_is_read_or_fetched(
    client: FlaskClient,
    data: Path,
    tmp_path: Path,
    listener: socket.socket,
    send: Callable[[FlaskClient, bytes, str], TestResponse],
    kind: str,
) -> None:
    port = listener.getsockname()[1]
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(files.seeds()["mp4"])
    for url in (f"file://{secret}", f"http://127.0.0.1:{port}/x.mp4", f"tcp://127.0.0.1:{port}"):
        text = files.PLAYLISTS[kind].format(url=url, port=port).encode()
        for content, name in (
            (text, f"list.{kind}"),
            (b"\0\0\0\x18ftypmp42" + bytes(12) + text, "video.mp4"),
        ):
            assert is_refused(send(client, content, name)), (url, name)


def test_a_film_whose_pictures_are_in_another_file_has_none(tmp_path: Path) -> None:
    lender, borrower = tmp_path / "lender.mp4", tmp_path / "borrower.mp4"
    lender.write_bytes(files.seeds()["mp4"])
    borrower.write_bytes(files.borrowing_film(files.seeds()["mp4"], lender))
    assert list(video.read_frames(lender, LENGTH, SIDE))
    with pytest.raises(InvalidRequest):
        list(video.read_frames(borrower, LENGTH, SIDE))


@pytest.mark.parametrize("name", files.polyglots())
def test_what_a_photo_is_beside_a_photo_is_never_given_out(client: FlaskClient, name: str) -> None:
    answer = send_photo(client, files.polyglots()[name])
    assert answer.status_code == 201
    avatar = answer.get_json()
    for address in (avatar["poster"], avatar["thumbnail"], avatar["photo"]["picture"]):
        shown = client.get(address)
        assert shown.mimetype == "image/jpeg"
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        for part in (b"<?php", b"<script", b"PK\x03\x04", b"#EXTM3U", files.SECRET.encode()):
            assert part not in shown.data
    assert client.delete(f"/api/avatars/{avatar['id']}").status_code == 204


NAMES = [
    "../../../../tmp/evil.jpg",
    "/etc/passwd",
    "C:\\windows\\evil.jpg",
    "evil.jpg\0.html",
    "\u202egpj.live",
    "a" * 10_000 + ".jpg",
    "\r\nSet-Cookie: a=b.jpg",
    '".jpg"; name="name"\r\n\r\nx',
    "con",
    ".",
    "..",
    " ",
    "%2e%2e%2f",
    "$(id).jpg",
    "-i.jpg",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_file_is_nothing_but_a_name(client: FlaskClient, data: Path, name: str) -> None:
    answer = send_photo(client, files.photo(), name)
    assert answer.status_code in (201, 422), answer.text
    if answer.status_code == 201:
        avatar = answer.get_json()
        assert 1 <= len(avatar["name"]["en"]) <= 60
        assert not any(not letter.isprintable() for letter in avatar["name"]["en"])
        assert client.delete(f"/api/avatars/{avatar['id']}").status_code == 204
    assert is_refused(send_clip(client, files.photo(), name))


@pytest.mark.parametrize("ending", files.seeds())
def test_what_is_in_a_file_counts_and_not_its_ending(client: FlaskClient, data: Path, ending: str) -> None:
    """Sounds are no photos, videos without a face no avatars, and a click of half a second is no voice."""
    content = files.seeds()[ending]
    for name in (f"file.{ending}", "file.jpg", "file.mp4", "file.exe"):
        if ending in ("mp4", "webm", "avi"):
            continue  # see `test_a_video_is_prepared_whatever_it_is_called`
        assert is_refused(send_photo(client, content, name))
    assert is_refused(send_recording(client, content, "me.ogg"))
    assert is_refused(send_clip(client, content, "0.mp4"))


def bodies() -> dict[str, bytes]:
    def part(head: str, content: bytes = b"x") -> bytes:
        return b"--b\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + b"\r\n"

    end = b"--b--\r\n"
    return {
        "nothing": b"",
        "only the end": end,
        "no file": part('name="name"') + end,
        "an empty file": part('name="file"; filename="a.jpg"', b"") + end,
        "a file without a name": part('name="file"; filename=""', b"") + end,
        "a text for a file": part('name="file"', files.photo()) + end,
        "2,000 parts": part('name="file"; filename="a.jpg"') * 2_000 + end,
        "2,000 fields": part('name="name"') * 2_000 + end,
        "no end": part('name="file"; filename="a.jpg"', files.photo()),
        "cut off": part('name="file"; filename="a.jpg"', files.photo())[:5_000],
        "a head without end": b"--b\r\n" + b"X-A: " + b"a" * 100_000,
        "10,000 heads": b"--b\r\n" + b"X-A: a\r\n" * 10_000 + b"\r\nx\r\n" + end,
        "another boundary": part('name="file"; filename="a.jpg"').replace(b"--b", b"--c") + end,
        "a part in a part": part('name="file"; filename="a.jpg"', part('name="file"')) + end,
    }


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", bodies())  # Werkzeug leaves it to the collector to close what came before
@pytest.mark.parametrize("path", ["/api/avatars", "/api/voices", "/api/join"])
def test_broken_forms_are_refused(client: FlaskClient, data: Path, path: str, name: str) -> None:
    answer = client.post(path, data=bodies()[name], content_type="multipart/form-data; boundary=b")
    assert is_refused(answer), answer.text


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/x"]
)
def test_a_form_without_a_boundary_is_refused(client: FlaskClient, data: Path, content_type: str) -> None:
    for path in ("/api/avatars", "/api/voices", "/api/join"):
        answer = client.post(path, data=b"--\r\n\r\n----", content_type=content_type)
        assert answer.status_code in (415, 422)
