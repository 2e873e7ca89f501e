"""Videos that people bring: followed, calmed, spoken with; and what is refused."""

import io
import pickle
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient

from app import create_app
from service.settings import Settings
from tests import pictures, videos
from tests.clips import frames_of
from visemes.engine import VisemeEngine
from voiceover import audio
from voiceover.avatars import astronaut
from voiceover.avatarstore import AvatarStore
from voiceover.errors import FaceNotFound, InvalidRequest, NotFound
from voiceover.footage import Footage
from voiceover.reel import ThereAndBack
from voiceover.tracking import calmest, lip_gap
from voiceover.types import FPS, FRAMES_PER_FRAGMENT, Avatar, Frame, Phone, Speech
from voiceover.video import read_frames


def prepared(source: Path, folder: Path) -> Footage:
    folder.mkdir()
    return Footage.prepare(source, "moving", folder, lambda share: None)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    """Somebody sways for two seconds, and leaves the picture for a third of one."""
    folder = tmp_path_factory.mktemp("quiet")
    return prepared(videos.write(videos.swaying(2, away=range(30, 40)), folder / "a.mp4"), folder / "f")


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    folder = tmp_path_factory.mktemp("talking")
    return prepared(videos.write(videos.swaying(2, talking=True), folder / "a.webm"), folder / "f")


def difference(one: Frame, other: Frame) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def vowel(frames: int = 10) -> Speech:
    silence = audio.silence(frames)
    third = len(silence.samples) // 3
    phones = (Phone("", 0, third), Phone("a", third, 2 * third), Phone("", 2 * third, 3 * third))
    time_ = np.arange(3 * third) / silence.sample_rate
    sound = np.where((time_ > 0.1) & (time_ < 0.3), np.sin(2 * np.pi * 150 * time_), 0).astype(np.float32)
    return Speech(sound, silence.sample_rate, phones, ())


def test_a_video_becomes_an_avatar_that_runs_forward_and_back(quiet: Footage) -> None:
    avatar = quiet.avatar()
    period = len(avatar.frames)
    assert period % FRAMES_PER_FRAGMENT == 0
    assert period == len(avatar.faces)
    assert quiet.card.seconds * FPS == period / 2 + 1
    assert {frame.shape for frame in avatar.frames} == {(quiet.card.size, quiet.card.size, 3)}
    assert np.array_equal(avatar.frames[1], avatar.frames[period - 1])
    steps = [difference(avatar.frames[i], avatar.frames[(i + 1) % period]) for i in range(period)]
    faces = [
        avatar.faces[i] is not None and avatar.faces[(i + 1) % period] is not None for i in range(period)
    ]
    seen = [step for step, face in zip(steps, faces, strict=True) if face]
    assert max(seen) < 12  # levels: the sway itself, and no jump where it turns back


def test_a_video_can_be_sent_to_a_machine_that_has_no_such_folder(quiet: Footage, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(quiet.folder, tmp_path / "f"))
    avatar = Footage.open(folder).avatar()
    sent = pickle.dumps(avatar)
    shutil.rmtree(folder)
    arrived = pickle.loads(sent)
    assert arrived.digest == avatar.digest
    assert all(np.array_equal(a, b) for a, b in zip(arrived.frames, quiet.avatar().frames, strict=True))


def test_frames_without_the_face_pass_through(quiet: Footage) -> None:
    avatar = quiet.avatar()
    gone = [index for index, face in enumerate(avatar.faces) if face is None]
    assert 5 <= len(gone) / 2 <= 11
    assert 0.6 < quiet.card.seen < 0.95
    engine = VisemeEngine()
    engine.prepare(avatar)
    drawn = list(engine.frames(avatar, vowel(10), start_frame=gone[0]))
    for number, frame in enumerate(drawn):
        if avatar.faces[gone[0] + number] is None:
            assert np.array_equal(frame, avatar.frames[gone[0] + number])


def test_landmarks_follow_the_face(quiet: Footage) -> None:
    avatar = quiet.avatar()
    for index in range(0, len(avatar.frames) // 2, 7):
        face = avatar.faces[index]
        if face is not None:
            again = pictures.landmarks(avatar.frames[index])
            assert np.abs(face - again)[:, :2].mean() < 3  # pixels


def test_lips_move_on_a_moving_face_and_rest_beside_the_words(quiet: Footage) -> None:
    avatar = quiet.avatar()
    engine = VisemeEngine()
    engine.prepare(avatar)
    drawn = list(engine.frames(avatar, vowel(15), start_frame=0))
    gaps = [lip_gap(pictures.landmarks(frame)) for frame in drawn]
    assert max(gaps[5:10]) > gaps[0] + 0.03
    assert np.array_equal(drawn[0], avatar.frames[0])
    assert np.array_equal(drawn[-1], avatar.frames[14])
    again = list(engine.frames(avatar, vowel(15), start_frame=len(avatar.frames)))
    assert all(np.array_equal(a, b) for a, b in zip(drawn, again, strict=True))


def test_a_mouth_that_speaks_is_calmed(quiet: Footage, talking: Footage) -> None:
    assert (quiet.card.talks, talking.card.talks) == (False, True)

    def movement(avatar: Avatar) -> float:
        seen = [frame for frame, face in zip(avatar.frames, avatar.faces, strict=True) if face is not None]
        return float(np.std([lip_gap(pictures.landmarks(frame)) for frame in seen[::4]]))

    raw = movement(portrait_of(videos.swaying(2, talking=True)))
    assert raw > 0.02
    assert movement(talking.avatar()) < raw / 4


def portrait_of(frames: list[Frame]) -> Avatar:
    return Avatar("raw", "", frames, [pictures.landmarks(frame) for frame in frames], "raw")


@pytest.mark.parametrize("ending", ["mp4", "mov", "webm", "mkv", "avi", "mpg"])
def test_every_kind_of_file_is_read_at_25_frames(tmp_path: Path, ending: str) -> None:
    path = videos.write(videos.swaying(1), tmp_path / f"a.{ending}")
    frames = list(read_frames(path, 60, 1280))
    assert abs(len(frames) - 25) <= 1
    assert frames[0].shape == (512, 512, 3)


def test_a_turned_video_is_read_upright_and_a_large_one_smaller(tmp_path: Path) -> None:
    wide = [np.ascontiguousarray(frame[100:400]) for frame in videos.swaying(0.5)]
    plain = videos.write(wide, tmp_path / "plain.mp4")
    turned = tmp_path / "turned.mp4"
    command = [videos.FFMPEG, "-v", "error", "-display_rotation", "90", "-i", plain, "-c", "copy", turned]
    videos.subprocess.run(command, check=True, timeout=60)
    assert next(read_frames(turned, 1, 1280)).shape == (512, 300, 3)
    assert next(read_frames(plain, 1, 256)).shape == (150, 256, 3)


def test_reading_stops_in_time(tmp_path: Path) -> None:
    path = videos.write([np.zeros((64, 64, 3), np.uint8)] * 300, tmp_path / "long.mp4")
    assert len(list(read_frames(path, 2, 1280))) == 50


def test_who_takes_the_pictures_slowly_gets_them_all(tmp_path: Path) -> None:
    path = videos.write([pictures.nobody()] * 60, tmp_path / "long.mp4")
    frames = read_frames(path, 60, 1280, patience=3)
    next(frames)
    time.sleep(3.5)
    assert len(list(frames)) == 49


def test_a_video_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    path = videos.write([pictures.nobody()] * 60, tmp_path / "slow.mp4")
    with pytest.raises(InvalidRequest):
        list(read_frames(path, 60, 1280, patience=0.001))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<SMIL/>",
        b"\x00\x00\x00\x18ftypmp42" + bytes(500),
        b"\x1aE\xdf\xa3" + bytes(500),
    ],
)
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(InvalidRequest) as refusal:
        list(read_frames(path, 60, 1280))
    assert refusal.value.details["reason"] == "video-unreadable"


def test_a_truncated_video_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = videos.write(videos.swaying(2), tmp_path / "whole.mkv")
    half = tmp_path / "half.mkv"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    assert 10 < len(list(read_frames(half, 60, 1280))) < 50


def test_videos_in_which_nobody_can_speak_are_refused(tmp_path: Path) -> None:
    empty = videos.write([pictures.nobody()[:400, :600]] * 40, tmp_path / "empty.mp4")
    with pytest.raises(FaceNotFound) as refusal:
        prepared(empty, tmp_path / "e")
    assert refusal.value.details["reason"] == "face-not-found"
    mask = pictures.masked(astronaut())
    masked = videos.write([mask] * 40, tmp_path / "masked.mp4")
    with pytest.raises(FaceNotFound) as refusal:
        prepared(masked, tmp_path / "m")
    assert refusal.value.details["reason"] == "mouth-covered"
    short = videos.write(videos.swaying(0.4), tmp_path / "short.mp4")
    with pytest.raises(InvalidRequest) as told:
        prepared(short, tmp_path / "s")
    assert told.value.details["reason"] == "video-too-short"


def test_there_and_back() -> None:
    assert list(ThereAndBack([1, 2, 3, 4])) == [1, 2, 3, 4, 3, 2]
    assert list(ThereAndBack([1])) == [1]
    assert ThereAndBack([1, 2, 3])[-1] == 2


def test_the_calmest_frame_is_the_one_with_closed_lips() -> None:
    face = pictures.landmarks(astronaut())
    opened = face.copy()
    opened[14, 1] += 20
    assert calmest([None, opened, face, opened]) == 2
    assert calmest([None]) is None


def test_a_video_lasts_in_the_store(tmp_path: Path, quiet: Footage) -> None:
    store = AvatarStore(tmp_path, most=1)
    source = quiet.folder.parent / "a.mp4"
    preparation = store.add_video(lambda path: shutil.copy(source, path), "moving")
    preparation.wait()
    assert preparation.error is None
    again = store.add_video(lambda path: shutil.copy(source, path), "moving")
    again.wait()
    assert again.id == preparation.id
    later = AvatarStore(tmp_path)
    avatar = later.get(preparation.id)
    assert np.array_equal(avatar.frames[3], quiet.avatar().frames[3])
    assert later.change(preparation.id, name="other").card.name == "other"
    with pytest.raises(InvalidRequest):
        later.change(preparation.id, size=300)
    later.remove(preparation.id)
    assert not list((tmp_path / "avatars").iterdir())


def test_giving_up_leaves_nothing(tmp_path: Path) -> None:
    source = videos.write(videos.swaying(6), tmp_path / "a.mp4")
    store = AvatarStore(tmp_path / "data")
    preparation = store.add_video(lambda path: shutil.copy(source, path), "x")
    while preparation.share == 0 and not preparation.done:
        time.sleep(0.01)
    preparation.cancel()
    assert preparation.error
    assert not list((tmp_path / "data" / "avatars").iterdir())
    with pytest.raises(NotFound):
        store.get(preparation.id)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    with create_app(Settings(data=tmp_path / "data")).test_client() as client:
        yield client


def test_a_script_brings_a_video_and_speaks_with_it(
    client: FlaskClient, quiet: Footage, tmp_path: Path
) -> None:
    data = (quiet.folder.parent / "a.mp4").read_bytes()
    answer = client.post("/api/avatars", data={"file": (io.BytesIO(data), "Я.mp4")})
    assert answer.status_code == 202
    progress = answer.get_json()
    while progress["state"] == "preparing":
        time.sleep(0.05)
        progress = client.get(progress["progress"]).get_json()
    assert (progress["state"], progress["percent"]) == ("ready", 100)
    avatar = client.get(progress["avatar"]).get_json()
    assert avatar["name"]["ru"] == "Я"
    assert avatar["photo"] is None
    assert avatar["video"]["calmed"] is False
    clip = client.post("/api/generate_stream", json={"text": "Да", "avatar": avatar["id"], "start_frame": 7})
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip.data)
    first = frames_of(path, (avatar["width"], avatar["height"]))[0]
    assert difference(first, quiet.avatar().frames[7]) < 4  # levels: what encoding does
    idle = client.get(avatar["idle"])
    path.write_bytes(idle.data)
    assert len(frames_of(path, (avatar["width"], avatar["height"]))) == avatar["idle_frames"]
    for kind in ("poster", "thumbnail"):
        assert cv2.imdecode(np.frombuffer(client.get(avatar[kind]).data, np.uint8), 1) is not None
    assert client.get(f"/api/avatars/{avatar['id']}/photo.jpg").status_code == 404
    assert client.delete(f"/api/avatars/{avatar['id']}").status_code == 204


def test_a_refused_video_says_why(client: FlaskClient, tmp_path: Path) -> None:
    playlist = client.post("/api/avatars", data={"file": (io.BytesIO(b"#EXTM3U\n/etc/passwd"), "a.mp4")})
    assert (playlist.status_code, playlist.get_json()["code"]) == (422, "video-unreadable")
    empty = videos.write([pictures.nobody()[:400, :600]] * 40, tmp_path / "empty.mp4").read_bytes()
    progress = client.post("/api/avatars", data={"file": (io.BytesIO(empty), "a.mp4")}).get_json()
    while progress["state"] == "preparing":
        time.sleep(0.05)
        progress = client.get(progress["progress"]).get_json()
    assert progress["state"] == "failed"
    assert progress["error"].startswith("На изображении не найдено лицо")
    assert progress["found"].startswith("data:image/jpeg;base64,")
    assert client.get("/api/avatars/preparations/nothing").status_code == 404
    assert not list((tmp_path / "data" / "avatars").iterdir())
