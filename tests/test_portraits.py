"""Photos that people bring: what is found in them, what is refused and why, what of them is shown."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests import pictures
from voiceover.avatars import astronaut
from voiceover.avatarstore import AvatarStore
from voiceover.errors import FaceNotFound, InvalidRequest, NotFound, StorageError
from voiceover.photos import Photo
from voiceover.pictures import MOST_PIXELS, read_picture
from voiceover.portraits import Crop, Fault, yaw
from voiceover.types import Frame


@pytest.fixture
def store(tmp_path: Path) -> AvatarStore:
    return AvatarStore(tmp_path)


def difference(one: Frame, other: Frame) -> float:
    return float(np.abs(one.astype(float) - other).mean())


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp"])
def test_a_portrait_becomes_an_avatar(store: AvatarStore, ending: str) -> None:
    photo = store.add(pictures.encoded(astronaut(), ending), "Eileen")
    avatar = store.get(photo.id)
    assert store.ids() == ["astronaut", photo.id]
    assert (avatar.name, avatar.size, len(avatar.frames)) == ("Eileen", (photo.card.size,) * 2, 1)
    again = pictures.landmarks(avatar.frames[0])
    assert avatar.faces[0] is not None
    assert np.abs(avatar.faces[0] - again)[:, :2].mean() < 2  # pixels: where the landmarker sees it itself


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright(orientation: int) -> None:
    upright = np.ascontiguousarray(astronaut()[:, :400])
    turns = {  # what the camera stored of what it saw
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(upright, -1),
    }
    stored = np.ascontiguousarray(turns[orientation])
    assert difference(read_picture(pictures.jpeg(stored, orientation)), upright) < 2


def test_what_is_transparent_gets_a_background() -> None:
    clear = np.zeros((40, 40, 4), np.uint8)
    assert read_picture(pictures.encoded(clear, ".png")).min() > 200


def test_grey_of_sixteen_bits_is_read_as_what_it_shows() -> None:
    grey = cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)
    deep = bytes(cv2.imencode(".png", grey.astype(np.uint16) * 257)[1])
    assert difference(read_picture(deep), cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)) < 1


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (pictures.nobody, "face-not-found"),
        (pictures.far_away, Fault.TOO_SMALL),
        (pictures.profile, Fault.TURNED),
        (lambda: pictures.masked(astronaut()), Fault.COVERED),
        (lambda: pictures.hand_before_mouth(astronaut()), Fault.COVERED),
    ],
)
def test_who_cannot_speak_is_refused(store: AvatarStore, tmp_path: Path, picture, reason: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FaceNotFound) as refusal:
        store.add(pictures.jpeg(picture()), "nobody")
    assert refusal.value.details["reason"] == reason
    found = refusal.value.details["found"]
    assert isinstance(found, bytes)
    assert cv2.imdecode(np.frombuffer(found, np.uint8), cv2.IMREAD_COLOR) is not None
    assert store.ids() == ["astronaut"]
    assert not list((tmp_path / "avatars").iterdir())


@pytest.mark.parametrize(
    "data",
    [b"", b"not a picture", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(40), b"#EXTM3U\nfile:///etc/passwd\n"],
)
def test_what_is_no_picture_is_refused(store: AvatarStore, data: bytes) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        store.add(data, "x")
    assert refusal.value.details["reason"] == "picture-unreadable"


def test_a_truncated_photo_is_refused(store: AvatarStore) -> None:
    whole = pictures.jpeg(astronaut())
    with pytest.raises(InvalidRequest):
        store.add(whole[: len(whole) // 2], "half")


def test_a_bomb_of_pixels_is_not_unpacked() -> None:
    side = int(MOST_PIXELS**0.5) + 1
    bomb = pictures.encoded(np.zeros((side, side, 3), np.uint8), ".png")
    assert len(bomb) < 1_000_000
    with pytest.raises(InvalidRequest) as refusal:
        read_picture(bomb)
    assert refusal.value.details["reason"] == "picture-too-large"


def test_the_largest_face_is_proposed_and_another_may_be_chosen(store: AvatarStore) -> None:
    photo = store.add(pictures.jpeg(pictures.two_people()), "two")
    assert len(photo.card.faces) == 2
    assert photo.card.face == 0
    assert photo.card.crop.left + photo.card.crop.width / 2 < 512
    other = store.change(photo.id, face=1)
    assert other.card.crop.left > 400
    before, after = (store.get(photo.id).digest, photo.avatar().digest)
    assert before != after
    with pytest.raises(InvalidRequest):
        store.change(photo.id, face=2)


def test_whose_face_speaks_tells_avatars_of_one_picture_apart(store: AvatarStore) -> None:
    """What engines keep about an avatar, they keep under its digest."""
    photo = store.add(pictures.jpeg(pictures.two_people()), "two")
    whole = Crop(0, 0, photo.card.width, photo.card.height)
    first, second = (store.change(photo.id, crop=whole, size=512, face=face).avatar() for face in (0, 1))
    assert np.array_equal(first.frames[0], second.frames[0])
    assert first.digest != second.digest


def test_the_crop_can_be_adjusted_but_not_away_from_the_face(store: AvatarStore) -> None:
    photo = store.add(pictures.jpeg(astronaut()), "crop")
    wide = Crop(0, 60, 512, 300)
    changed = store.change(photo.id, crop=wide, size=640)
    assert store.get(photo.id).size == (640, 376)
    assert changed.card.crop == wide
    for crop, reason in [
        (Crop(0, 0, 100, 100), "crop-without-face"),
        (Crop(300, 300, 400, 400), "crop-outside"),
        (Crop(0, 200, 512, 100), "crop-outside"),
    ]:
        with pytest.raises(InvalidRequest) as refusal:
            store.change(photo.id, crop=crop)
        assert refusal.value.details["reason"] == reason
    assert store.likeness(photo.id).card.crop == wide


def test_a_face_that_leaves_the_photo_can_be_reframed(store: AvatarStore) -> None:
    photo = store.add(pictures.jpeg(np.ascontiguousarray(astronaut()[110:])), "close")
    whole = Crop(0, 0, photo.card.width, photo.card.height)
    assert store.change(photo.id, crop=whole).card.crop == whole


def test_a_proposed_crop_holds_the_face_and_lies_in_the_photo(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for number in range(6):
        width, height = rng.integers(300, 900, 2).tolist()
        page = np.full((height, width, 3), 90, np.uint8)
        side = min(width, height) * int(rng.integers(6, 11)) // 10
        left, top = int(rng.integers(0, width - side + 1)), int(rng.integers(0, height - side + 1))
        page[top : top + side, left : left + side] = cv2.resize(astronaut(), (side, side))
        folder = tmp_path / str(number)
        folder.mkdir()
        card = Photo.judge(pictures.jpeg(page), "x", folder).card
        assert card.crop.left >= 0
        assert card.crop.top >= 0
        assert card.crop.left + card.crop.width <= width
        assert card.crop.top + card.crop.height <= height
        face_left, face_top, face_right, face_bottom = card.faces[0].box
        assert card.crop.left <= face_left < face_right <= card.crop.left + card.crop.width
        assert card.crop.top <= face_top < face_bottom <= card.crop.top + card.crop.height
        assert card.size % 2 == 0


def test_the_same_photo_is_the_same_avatar(store: AvatarStore) -> None:
    data = pictures.jpeg(astronaut())
    first = store.add(data, "one")
    store.change(first.id, name="two")
    assert store.add(data, "three").card.name == "two"


def test_avatars_outlive_the_process_and_can_be_deleted(tmp_path: Path) -> None:
    photo = AvatarStore(tmp_path).add(pictures.jpeg(astronaut()), "lasting")
    later = AvatarStore(tmp_path)
    assert later.get(photo.id).name == "lasting"
    later.remove(photo.id)
    assert not list((tmp_path / "avatars").iterdir())
    for store in (later, AvatarStore(tmp_path)):
        with pytest.raises(NotFound):
            store.get(photo.id)


@pytest.mark.parametrize("name", ["", "..", "../landmarks", "astronaut/..", "new-", "a/b", "\0"])
def test_names_lead_nowhere(store: AvatarStore, name: str) -> None:
    store.add(pictures.jpeg(astronaut()), "there")
    for ask in (store.get, store.likeness, store.remove):
        with pytest.raises(NotFound):
            ask(name)


def test_a_damaged_avatar_does_not_hide_the_others(store: AvatarStore, tmp_path: Path) -> None:
    photo = store.add(pictures.jpeg(astronaut()), "fine")
    broken = tmp_path / "avatars" / "0123456789abcdef"
    broken.mkdir()
    (broken / "avatar.json").write_text('{"name": ')
    assert store.ids() == ["astronaut", photo.id]


def test_there_is_a_bound(tmp_path: Path) -> None:
    store = AvatarStore(tmp_path, most=1)
    data = pictures.jpeg(astronaut())
    store.add(data, "one")
    store.add(data, "one again")
    with pytest.raises(StorageError):
        store.add(pictures.encoded(astronaut(), ".png"), "two")


def test_yaw_tells_the_side() -> None:
    face = pictures.landmarks(astronaut())
    turned = face.copy()
    angle = np.radians(25)
    turned[:, 0] = face[:, 0] * np.cos(angle) - face[:, 2] * np.sin(angle)
    turned[:, 2] = face[:, 0] * np.sin(angle) + face[:, 2] * np.cos(angle)
    assert abs(yaw(face)) < 5
    assert yaw(turned) - yaw(face) == pytest.approx(25, abs=0.5)
