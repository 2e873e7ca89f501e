"""Voices kept on disk: whole or not at all."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.recordings import spoken
from voiceover import takes
from voiceover.errors import InvalidRequest, NotFound, StorageError
from voiceover.names import LONGEST_NAME
from voiceover.takes import TAKE_RATE, Take
from voiceover.voices import VoiceStore

MOST = 5


def tone(number: int) -> Take:
    """A take that is another one for each number."""
    sound = 0.3 * np.sin(np.arange(TAKE_RATE // 100) * (0.01 + number / 1000))
    return Take(sound.astype(np.float32), -20.0, 40.0, 0.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "voices"


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_nothing_is_written_before_there_is_something_to_keep(folder: Path) -> None:
    assert VoiceStore(folder, MOST).all() == []
    assert not folder.exists()


def test_a_voice_outlives_the_server(folder: Path) -> None:
    take = takes.judge(spoken())
    kept = VoiceStore(folder, MOST).add(take, "Анна")
    (found,) = VoiceStore(folder, MOST).all()
    assert (found.id, found.name, found.digest) == (kept.id, "Анна", kept.digest)
    assert np.array_equal(found.samples, kept.samples)
    assert np.abs(found.samples - take.samples).max() < 2 / 32_767
    assert found.seconds == pytest.approx(take.seconds)
    about = json.loads((folder / kept.id / "voice.json").read_text())
    assert about["agreed"].endswith("+00:00"), "when consent was given is kept with the voice"


def test_its_recording_can_be_heard(folder: Path) -> None:
    import io
    import wave

    store = VoiceStore(folder, MOST)
    voice = store.add(tone(1), "a")
    with wave.open(io.BytesIO(store.sound(voice.id))) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (TAKE_RATE, 1)
        assert sound.getnframes() == len(voice.samples)


def test_stores_that_share_a_folder_know_the_same_voices(folder: Path) -> None:
    here, there = VoiceStore(folder, MOST), VoiceStore(folder, MOST)
    assert there.all() == []
    voice = here.add(tone(1), "a")
    assert [known.id for known in there.all()] == [voice.id]
    there.add(tone(1), "renamed")
    assert [known.name for known in here.all()] == ["renamed"]
    there.delete(voice.id)
    assert here.all() == []
    with pytest.raises(NotFound):
        here.get(voice.id)


def test_the_same_recording_is_the_same_voice(folder: Path) -> None:
    store = VoiceStore(folder, MOST)
    first, second = store.add(tone(1), "before"), store.add(tone(1), "after")
    assert first.id == second.id
    assert [voice.name for voice in store.all()] == ["after"]
    assert [voice.name for voice in VoiceStore(folder, MOST).all()] == ["after"]
    assert store.add(tone(2), "other").id != first.id


def test_a_deleted_voice_leaves_nothing(folder: Path) -> None:
    store = VoiceStore(folder, MOST)
    voice = store.add(tone(1), "a")
    store.delete(voice.id)
    assert store.all() == []
    assert everything_in(folder) == []
    with pytest.raises(NotFound):
        store.delete(voice.id)


def test_many_may_bring_voices_at_once(folder: Path) -> None:
    store = VoiceStore(folder, MOST)
    with ThreadPoolExecutor(8) as threads:
        brought = list(threads.map(lambda number: store.add(tone(number % 3), "a").id, range(24)))
    assert len(set(brought)) == 3
    assert {voice.id for voice in VoiceStore(folder, MOST).all()} == set(brought)
    assert len(everything_in(folder)) == 3 * 3


@pytest.mark.parametrize("voice_id", ["", ".", "..", "../voices", "/etc", "voice.json", "\0", "a" * 5000])
def test_an_unknown_id_is_never_a_path(folder: Path, voice_id: str) -> None:
    store = VoiceStore(folder, MOST)
    store.add(tone(1), "a")
    before = everything_in(folder.parent)
    for ask in (store.get, store.delete, store.sound):
        with pytest.raises(NotFound):
            ask(voice_id)
    assert everything_in(folder.parent) == before


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("  Анна \n Мария\t", "Анна Мария"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("<b>x</b>", "<b>x</b>"),
        ("a\u202egnp.exe\x00\x1b[31m", "a gnp.exe [31m"),
        ("e\u0301", "\u00e9"),
        ("名前", "名前"),
    ],
)
def test_a_name_is_one_visible_line_and_no_path(folder: Path, name: str, kept: str) -> None:
    voice = VoiceStore(folder, MOST).add(tone(1), name)
    assert voice.name == kept
    assert everything_in(folder) == [voice.id, f"{voice.id}/sample.wav", f"{voice.id}/voice.json"]
    assert VoiceStore(folder, MOST).get(voice.id).name == kept


@pytest.mark.parametrize("name", ["", " \n", "\u200b\u202e", "\ud800", "я" * (LONGEST_NAME + 1)])
def test_what_is_no_name_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        VoiceStore(folder, MOST).add(tone(1), name)
    assert refused.value.details["reason"] == "bad-name"
    assert not folder.exists()


def test_the_number_of_voices_is_bounded(folder: Path) -> None:
    store = VoiceStore(folder, MOST)
    voices = [store.add(tone(number), str(number)) for number in range(MOST)]
    with pytest.raises(StorageError) as refused:
        store.add(tone(MOST), "one more")
    assert refused.value.details["reason"] == "too-many-voices"
    assert store.add(tone(0), "known").id == voices[0].id
    store.delete(voices[1].id)
    store.add(tone(MOST), "one more")
    assert len(VoiceStore(folder, MOST).all()) == MOST


def test_what_a_killed_server_left_is_removed(folder: Path) -> None:
    store = VoiceStore(folder, MOST)
    voice = store.add(tone(1), "a")
    (folder / ".scratch-1").mkdir()
    (folder / ".scratch-1" / "sample.wav").write_bytes(b"half")
    assert [known.id for known in VoiceStore(folder, MOST).all()] == [voice.id]
    assert ".scratch-1/sample.wav" in everything_in(folder), "another server may be writing it"
    os.utime(folder / ".scratch-1", (0, 0))
    assert [known.id for known in VoiceStore(folder, MOST).all()] == [voice.id]
    assert everything_in(folder) == [voice.id, f"{voice.id}/sample.wav", f"{voice.id}/voice.json"]


@pytest.mark.parametrize("file", ["sample.wav", "voice.json"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff\xff", b"RIFF\x04\0\0\0WAVE", None])
def test_a_damaged_voice_is_passed_over(folder: Path, file: str, content: bytes | None) -> None:
    store = VoiceStore(folder, MOST)
    broken, whole = store.add(tone(1), "a"), store.add(tone(2), "b")
    place = folder / broken.id / file
    place.unlink()
    if content is not None:
        place.write_bytes(content)
    assert [voice.id for voice in VoiceStore(folder, MOST).all()] == [whole.id]


def test_a_disk_that_refuses_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = VoiceStore(tmp_path / "file" / "voices", MOST)
    with pytest.raises(StorageError):
        store.add(tone(1), "a")
    assert store.all() == []
    assert everything_in(tmp_path) == ["file"]
