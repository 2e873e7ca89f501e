"""Each avatar is drawn by the network that knows it, and `auto` knows who taught that one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.engines import lip_engines
from service.models import ModelFolder
from tests.wav2lip import mouths
from voiceover.errors import EngineUnavailable
from voiceover.types import Avatar, Frame, Speech
from wav2lip import checkpoints
from wav2lip.own import LOADED, Wav2Lips


class Reader:
    """Makes engines of files whose content is their rate; "bad" is refused."""

    def __init__(self) -> None:
        self.reads: list[str] = []

    def __call__(self, path: Path) -> "Drawer":
        self.reads.append(path.name)
        content = path.read_text()
        if content == "bad":
            raise EngineUnavailable(f"{path.name} is bad", engine="wav2lip", reason="checkpoint-unreadable")
        return Drawer(path.name, float(content))


class Drawer:
    """Draws nothing but the avatar as it is."""

    def __init__(self, name: str, rate: float) -> None:
        self.name, self.rate, self.mode = name, rate, f"mode of {name}"

    def prepare(self, avatar: Avatar) -> None:
        pass

    def frames(self, avatar: Avatar, speech: Speech, start_frame: int = 0) -> Iterator[Frame]:
        return (avatar.frames[0].copy() for _ in range(speech.frames))


def put(folder: Path, name: str, content: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)


def put_own(folder: Path, avatar_id: str, content: str = "100") -> None:
    put(folder, f"{checkpoints.OWN}/{avatar_id}.safetensors", content)


def avatar(avatar_id: str) -> Avatar:
    return replace(mouths.subject().avatar, id=avatar_id)


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def lips(tmp_path: Path, reader: Reader) -> Wav2Lips:
    return Wav2Lips(tmp_path, reader)


def test_an_avatar_with_a_network_is_drawn_by_it_and_others_by_the_common_one(
    tmp_path: Path, lips: Wav2Lips
) -> None:
    put(tmp_path, "wav2lip.pth", "30")
    put_own(tmp_path, "anna")
    assert {lips.of(avatar(name)).name for name in ("anna", "boris")} == {"wav2lip.pth"}
    assert lips.rate == 30 and lips.ready() is lips


def test_without_a_common_network_other_avatars_are_told_how_to_get_one(
    tmp_path: Path, lips: Wav2Lips
) -> None:
    put_own(tmp_path, "anna")
    put_own(tmp_path, "ear", "bad")  # what they hear with is no network of an avatar's
    assert lips.ready().rate == 100
    with pytest.raises(EngineUnavailable, match="flask train --avatar boris") as raised:
        lips.prepare(avatar("boris"))
    assert raised.value.details["reason"] == "avatar-not-learned"


def test_without_any_network_it_is_said_which_is_missing(lips: Wav2Lips) -> None:
    with pytest.raises(EngineUnavailable) as raised:
        lips.ready()
    assert raised.value.details["reason"] == "checkpoint-missing"


def test_a_file_is_read_once_and_again_when_it_is_another(
    tmp_path: Path, lips: Wav2Lips, reader: Reader
) -> None:
    put_own(tmp_path, "anna", "bad")
    for _ in range(2):
        with pytest.raises(EngineUnavailable, match="bad"):
            lips.of(avatar("anna"))
    assert reader.reads == ["anna.safetensors"]
    put_own(tmp_path, "anna", "50.0")
    assert lips.of(avatar("anna")) is lips.of(avatar("anna"))
    assert lips.of(avatar("anna")).rate == 50 and len(reader.reads) == 2


def test_no_more_networks_are_kept_than_there_is_room_for(
    tmp_path: Path, lips: Wav2Lips, reader: Reader
) -> None:
    for number in range(LOADED + 1):
        put_own(tmp_path, f"a{number}")
        lips.of(avatar(f"a{number}"))
    lips.of(avatar("a0"))
    assert reader.reads.count("a0.safetensors") == 2 and reader.reads.count("a1.safetensors") == 1


def test_what_there_is_to_draw_with_is_told_without_reading_it(
    tmp_path: Path, lips: Wav2Lips, reader: Reader
) -> None:
    assert lips.networks.weights("anna") == ""
    put_own(tmp_path, "anna")
    put_own(tmp_path, "ear")
    assert [lips.networks.weights(name) for name in ("anna", "boris", "ear")] == ["own", "", ""]
    put(tmp_path, "wav2lip.pth", "30")
    put(tmp_path, "wav2lip_gan.pth", "30")
    assert {lips.networks.weights(name) for name in ("anna", "boris")} == {"wav2lip_gan"}
    assert reader.reads == []


def test_auto_passes_over_networks_that_learned_from_visemes_and_over_no_others(tmp_path: Path) -> None:
    put_own(tmp_path, "anna")
    taught = lip_engines(ModelFolder(tmp_path))
    objection = taught.objection("wav2lip")
    assert objection is not None and objection.details["reason"] == "taught-by-visemes"
    assert taught.best().name == "visemes" and taught.objection("visemes") is None
    put(tmp_path, "wav2lip.pth", "30")
    objection = taught.objection("wav2lip")
    assert objection is not None and objection.details["reason"] != "taught-by-visemes"
