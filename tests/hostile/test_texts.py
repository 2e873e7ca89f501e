"""Texts that look like something else are spoken and shown as texts."""

import re
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from flask.testing import FlaskClient

from service.film import FilmFiles, FilmRequest, shoot
from service.models import ModelFolder
from service.pipeline import Pipeline
from tests.clips import FFMPEG, complaints_about, frames_of
from tests.hostile.texts import HOSTILE
from voiceover.avatarstore import AvatarStore
from voiceover.captions import JOINER, UNSEEN
from voiceover.voices import VoiceStore

MARKUP = "{\\an8\\fs200\\p1}раз <b>два\0три {\\r}\\N <script>x</script> 00:00:00,000 --> 00:59:00,000 \u202eраз"
SIZE = (512, 512)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_spoken(client: FlaskClient, tmp_path: Path, name: str) -> None:
    text = HOSTILE[name]
    chunks = client.post("/api/split", json={"text": text}).get_json()["chunks"]
    assert "".join("".join(chunk["text"].split()) for chunk in chunks) == "".join(text.split())
    chunk = max(chunks, key=lambda chunk: len(chunk["text"]))
    answer = client.post("/api/generate_stream", json={"text": chunk["text"], "language": chunk["language"]})
    assert answer.status_code == 200
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(answer.data)
    assert complaints_about(clip) == ""
    assert len(answer.headers["Chunk-Words"].split()) == len(chunk["text"].split())


@pytest.mark.parametrize("text", ["\ud800", "раз \udfff два"])
@pytest.mark.parametrize("path", ["/api/split", "/api/generate_stream", "/api/generate"])
def test_half_a_character_is_refused(client: FlaskClient, path: str, text: str) -> None:
    answer = client.post(path, json={"text": text})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid-fields")


@pytest.mark.parametrize("name", HOSTILE)
def test_as_much_as_is_taken_is_split_soon(client: FlaskClient, name: str) -> None:
    """It takes about a second; what took its square or cube would not end."""
    text = HOSTILE[name] + " "
    answer = client.post("/api/split", json={"text": (text * (100_000 // len(text) + 1))[:100_000]})
    assert answer.status_code == 200


@pytest.mark.parametrize("letter", ["а", "\0", "\u202e", "👩", "<", " "])
def test_a_megabyte_is_refused(client: FlaskClient, letter: str) -> None:
    for path in ("/api/split", "/api/generate_stream", "/api/generate"):
        answer = client.post(path, json={"text": letter * 2**20})
        assert (answer.status_code, answer.get_json()["code"]) == (413, "http-413")


@pytest.mark.parametrize("engine", ["espeak", "piper"])
def test_no_voice_takes_orders_from_a_text(client: FlaskClient, engine: str) -> None:
    """Phonemes, pauses of an hour and pitches are read as words, or left out as marks."""

    def seconds(text: str) -> float:
        voice = {"espeak": "espeak:en-us", "piper": "piper:en_US-joe-medium"}[engine]
        answer = client.post("/api/generate_stream", json={"text": text, "language": "en", "voice": voice})
        assert answer.status_code == 200
        return int(answer.headers["Chunk-Frames"]) / 25

    assert seconds("hello <break time='3600s'/> you") == pytest.approx(seconds("hello you"), abs=0.3)
    assert seconds("hello\0you") == pytest.approx(seconds("hello you"), abs=0.3)
    assert seconds("hello [[s i l @ n s]] you") > seconds("hello you") + 0.5, "letters are spelt"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[FilmFiles, FilmFiles]:
    """The same film, without and with its words in the picture."""
    data = tmp_path_factory.mktemp("films")
    pipeline = Pipeline(AvatarStore(data), ModelFolder(), VoiceStore(data / "voices", 0))
    made = []
    for burnt in (False, True):
        folder = data / str(burnt)
        folder.mkdir()
        request = FilmRequest(MARKUP, "ru", burn_captions=burnt)
        made.append(shoot(pipeline, request, folder, lambda _: None))
    return made[0], made[1]


def shown_in(path: Path, *options: str) -> str:
    """Return all words that ffmpeg finds in captions, without times and joiners."""
    command = [FFMPEG, "-v", "error", "-i", path, *options, "-f", "srt", "-"]
    read = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode()
    blocks = [block.splitlines()[2:] for block in read.strip().split("\n\n")]
    return " ".join(" ".join(line for block in blocks for line in block).replace(JOINER, "").split())


def test_markup_in_captions_is_shown_as_it_was_typed(films: tuple[FilmFiles, FilmFiles]) -> None:
    film, _ = films
    typed = " ".join(UNSEEN.sub("", MARKUP).split())
    assert shown_in(film.srt) == typed
    assert shown_in(film.film, "-map", "0:s") == typed


def test_webvtt_has_no_tags_and_times_but_its_own(films: tuple[FilmFiles, FilmFiles]) -> None:
    text = films[0].webvtt.read_text()
    assert not UNSEEN.search(text.replace("\n", ""))
    for block in text.strip().split("\n\n")[1:]:
        times, *lines = block.splitlines()
        assert re.fullmatch(r"[\d:.]+ --> [\d:.]+", times)
        for line in lines:
            assert re.fullmatch(r"(<[\d:.]+><c>([^<>&]|&(amp|lt|gt);)+</c> ?)+", line)


def test_burnt_captions_stay_where_they_belong(films: tuple[FilmFiles, FilmFiles]) -> None:
    """A command that was obeyed would draw large letters at the top, for an hour."""
    plain, burnt = (frames_of(film.film, SIZE) for film in films)
    assert len(plain) == len(burnt)
    changed = np.max([cv2.absdiff(a, b) for a, b in zip(plain, burnt, strict=True)], axis=(0, 3))
    assert changed[SIZE[1] // 2 :].max() > 100, "there are captions"
    assert changed[: SIZE[1] // 2].max() < 60, "and nothing above them"
