"""Bringing an avatar of one's own, as a script meets it."""

import io
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from service.settings import Settings
from tests import pictures
from tests.clips import frames_of
from voiceover.avatars import astronaut


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    with create_app(
        Settings(data=tmp_path / "data", max_photo=400_000, max_video=420_000)
    ).test_client() as client:
        yield client


def upload(client: FlaskClient, data: bytes, filename: str = "me.jpg", **fields: str) -> TestResponse:
    form = {"file": (io.BytesIO(data), filename), **fields}
    return client.post("/api/avatars", data=form, content_type="multipart/form-data")


def picture(answer: TestResponse) -> np.ndarray:  # type: ignore[type-arg]
    assert answer.mimetype == "image/jpeg"
    decoded = cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded


def test_a_photo_is_brought_shown_changed_spoken_with_and_deleted(
    client: FlaskClient, tmp_path: Path
) -> None:
    answer = upload(client, pictures.jpeg(astronaut()), "../../Моя <b>фотография.jpg")
    assert answer.status_code == 201, answer.text
    avatar = answer.get_json()
    assert avatar["name"]["ru"] == "Моя <b>фотография"  # the page escapes it; folders are cut off
    address = f"/api/avatars/{avatar['id']}"
    assert answer.headers["Location"] == address
    assert [known["id"] for known in client.get("/api/avatars").get_json()["avatars"]] == [
        "astronaut",
        avatar["id"],
    ]
    assert picture(client.get(avatar["poster"])).shape[:2] == (avatar["height"], avatar["width"])
    assert picture(client.get(avatar["thumbnail"])).shape == (128, 128, 3)
    assert picture(client.get(avatar["photo"]["picture"])).shape == (512, 512, 3)

    crop = {"left": 40, "top": 0, "width": 472, "height": 420}
    changed = client.patch(address, json={"name": "Я", "crop": crop, "size": 300}).get_json()
    assert changed["name"] == {"ru": "Я", "en": "Я"}
    assert changed["photo"]["crop"] == crop
    assert (changed["width"], changed["height"]) == (300, 266)
    assert changed["poster"] != avatar["poster"]  # a browser's cache does not show the old one
    assert client.get(address).get_json() == changed

    clip = client.post(
        "/api/generate_stream", json={"text": "Привет", "avatar": avatar["id"], "audio": "flac"}
    )
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip.data)
    assert len(frames_of(path, (300, 266))) == int(clip.headers["Chunk-Frames"])

    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    assert client.delete(address).status_code == 404
    assert not list((tmp_path / "data" / "avatars").iterdir())


def test_one_avatar_brought_read_changed_and_deleted_by_many_at_once(client: FlaskClient) -> None:
    photo = pictures.jpeg(astronaut())
    address = upload(client, photo).headers["Location"]

    def act(number: int) -> list[tuple[str, int]]:
        chance, client = random.Random(number), app.test_client()
        acts: dict[str, Callable[[], TestResponse]] = {
            "bring": lambda: upload(client, photo),
            "delete": lambda: client.delete(address),
            "rename": lambda: client.patch(address, json={"name": str(number)}),
            "list": lambda: client.get("/api/avatars"),
            "look": lambda: client.get(f"{address}/photo.jpg"),
        }
        return [(name, acts[name]().status_code) for name in chance.choices(list(acts), k=40)]

    app = client.application
    with ThreadPoolExecutor(6) as pool:
        answers = Counter(answer for told in pool.map(act, range(6)) for answer in told)
    missing = {(name, 404) for name in ("delete", "rename", "look")}
    fine = {("bring", 201), ("delete", 204), ("rename", 200), ("list", 200), ("look", 200)}
    assert set(answers) <= fine | missing, answers


@pytest.mark.parametrize(
    ("make", "code"),
    [(pictures.nobody, "face-not-found"), (lambda: pictures.masked(astronaut()), "mouth-covered")],
)
def test_a_refusal_says_why_and_shows_what_was_found(client: FlaskClient, make, code: str) -> None:  # type: ignore[no-untyped-def]
    answer = upload(client, pictures.jpeg(make()))
    assert answer.status_code == 422
    problem = answer.get_json()
    assert problem["code"] == code
    assert problem["found"].startswith("data:image/jpeg;base64,")
    english = client.post(
        "/api/avatars",
        data={"file": (io.BytesIO(pictures.jpeg(make())), "x.jpg")},
        headers={"Accept-Language": "en"},
    ).get_json()
    assert english["detail"] != problem["detail"]


def test_faults_of_other_faces_are_told_in_words(client: FlaskClient) -> None:
    page = pictures.two_people()
    page[:, 512:] = pictures.masked(np.ascontiguousarray(page[:, 512:]))
    faces = upload(client, pictures.jpeg(page)).get_json()["photo"]["faces"]
    assert [face["fault"] is None for face in faces] == [True, False]
    assert faces[1]["fault"].startswith("Рот")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"size": 255}, 422, "invalid-fields"),
        ({"size": 301}, 422, "invalid-fields"),
        ({"size": 2000}, 422, "invalid-fields"),
        ({"name": ""}, 422, "invalid-fields"),
        ({"face": 7}, 422, "no-such-face"),
        ({"crop": {"left": 0, "top": 0, "width": 9000, "height": 9000}}, 422, "crop-outside"),
        ({"crop": {"left": 0, "top": 0, "width": 64, "height": 64}}, 422, "crop-without-face"),
        ({"colour": "red"}, 422, "invalid-fields"),
    ],
)
def test_bad_changes_change_nothing(
    client: FlaskClient, change: dict[str, object], status: int, code: str
) -> None:
    before = upload(client, pictures.jpeg(astronaut())).get_json()
    address = f"/api/avatars/{before['id']}"
    answer = client.patch(address, json=change)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert client.get(address).get_json() == before


def test_the_avatar_that_comes_along_stays(client: FlaskClient) -> None:
    for answer in (
        client.delete("/api/avatars/astronaut"),
        client.patch("/api/avatars/astronaut", json={"name": "x"}),
        client.get("/api/avatars/astronaut/photo.jpg"),
    ):
        assert answer.status_code == 404
        assert answer.get_json()["code"] == "avatar-not-found"
    assert client.get("/api/avatars/astronaut").get_json()["photo"] is None


def test_uploads_that_are_none(client: FlaskClient, tmp_path: Path) -> None:
    assert upload(client, bytes(450_000)).status_code == 413
    assert upload(client, b"").get_json()["code"] == "video-unreadable"
    empty = client.post("/api/avatars", data={"name": "x"}, content_type="multipart/form-data")
    assert (empty.status_code, empty.get_json()["code"]) == (422, "invalid-fields")
    assert client.post("/api/avatars", json={"file": "x"}).status_code == 415
    text = client.post("/api/avatars", data={"file": "text"}, content_type="multipart/form-data")
    assert text.status_code == 422
    assert not list((tmp_path / "data" / "avatars").glob("*"))
