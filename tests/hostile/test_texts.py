"""Texts that look like something else are spoken and shown as texts."""

import json
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from service.pipeline import ChunkRequest, Pipeline
from tests.clips import FFMPEG, complaints_about
from tests.hostile.texts import HOSTILE
from voiceover import audio
from voiceover.captions import JOINER, UNSEEN, Caption, captions, srt, webvtt
from voiceover.karaoke import ass
from voiceover.types import SAMPLE_RATE, Word

SIZE = (512, 512)
EACH = SAMPLE_RATE // 2


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_spoken(pipeline: Pipeline, name: str) -> None:
    text = HOSTILE[name]
    chunks = pipeline.split(text, "auto")
    assert "".join("".join(chunk.text.split()) for chunk in chunks) == "".join(text.split())
    for chunk in chunks:
        speech = pipeline.speak(ChunkRequest(chunk.text, chunk.language)).speech
        assert [word.text for word in speech.words] == chunk.text.split()
        assert audio.finish(speech, chunk.pause).duration < 60


@pytest.mark.parametrize("name", ["nul", "controls", "bidi", "ssml", "ass", "log"])
def test_its_clip_plays(client: FlaskClient, tmp_path: Path, name: str) -> None:
    answer = client.post("/api/generate_stream", json={"text": HOSTILE[name]})
    assert answer.status_code == 200
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(answer.data)
    assert complaints_about(clip) == ""
    assert "\n" not in "".join(value for _, value in answer.headers)


@pytest.mark.parametrize("text", ["\ud800", "раз \udfff два"])
@pytest.mark.parametrize("path", ["/api/split", "/api/generate_stream", "/api/generate"])
def test_half_a_character_is_refused(client: FlaskClient, path: str, text: str) -> None:
    answer = client.post(path, data=json.dumps({"text": text}), content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid-fields")


@pytest.mark.parametrize("name", HOSTILE)
def test_as_much_as_is_taken_is_split(client: FlaskClient, name: str) -> None:
    """In about a second; what took the square or the cube of its length would not end."""
    text = HOSTILE[name] + " "
    answer = client.post("/api/split", json={"text": (text * (50_000 // len(text) + 1)), "language": "ru"})
    assert answer.status_code == 200


@pytest.mark.parametrize("letter", ["а", "\0", "\u202e", "👩", "<", " "])
def test_a_megabyte_is_refused(client: FlaskClient, letter: str) -> None:
    for path in ("/api/split", "/api/generate_stream", "/api/generate"):
        answer = client.post(path, json={"text": letter * 2**20})
        assert (answer.status_code, answer.get_json()["code"]) == (413, "http-413")


@pytest.mark.parametrize("voice", ["espeak:en-us", "piper:en_US-joe-medium"])
def test_no_voice_takes_orders_from_a_text(pipeline: Pipeline, voice: str) -> None:
    """Phonemes, pauses of an hour and pitches are read as words, or left out as marks."""

    def seconds(text: str) -> float:
        spoken = pipeline.speak(ChunkRequest(text, "en", voice=voice))
        return audio.bare(spoken.speech).duration

    assert seconds("hello <break time='3600s'/> you") == pytest.approx(seconds("hello you"), abs=0.3)
    assert seconds("hello\0you") == pytest.approx(seconds("hello you"), abs=0.3)
    assert seconds("hello [[s i l @ n s]] you") > seconds("hello you") + 0.5, "letters are spelt"


@pytest.fixture(scope="module")
def shown() -> list[Caption]:
    """Captions of all hostile texts."""
    words = " ".join(HOSTILE.values()).split()
    return captions([Word(word, n * EACH, (n + 1) * EACH) for n, word in enumerate(words)])


def typed(shown: Iterable[Caption]) -> str:
    return " ".join(word.text for caption in shown for word in caption.words)


def read(path: Path) -> tuple[list[str], str]:
    """Return the times and the words that ffmpeg finds in captions."""
    command = [FFMPEG, "-v", "warning", "-i", path, "-f", "srt", "-"]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert done.stderr == b""
    blocks = [block.splitlines() for block in done.stdout.decode().strip().split("\n\n")]
    words = " ".join(line for _, _, *lines in blocks for line in lines).replace(JOINER, "").split()
    return [times for _, times, *_ in blocks], " ".join(words)


def test_no_word_is_lost_in_captions_but_what_nobody_sees(shown: list[Caption]) -> None:
    words = (UNSEEN.sub("", word) for text in HOSTILE.values() for word in text.split())
    assert typed(shown).split(" ") == [word for word in words if word]


def test_subrip_shows_markup_as_it_was_typed(shown: list[Caption], tmp_path: Path) -> None:
    path, film = tmp_path / "captions.srt", tmp_path / "film.mp4"
    path.write_text(srt(shown), encoding="utf-8")
    command = [FFMPEG, "-v", "warning", "-i", path, "-c:s", "mov_text", film]
    assert subprocess.run(command, check=True, capture_output=True, timeout=60).stderr == b""
    for times, words in (read(path), read(film)):
        assert words == typed(shown).replace(JOINER, "")
        assert len(times) == len(shown)


def test_webvtt_has_no_tags_and_times_but_its_own(shown: list[Caption]) -> None:
    text = webvtt(shown)
    assert not UNSEEN.search(text.replace("\n", ""))
    blocks = text.strip().split("\n\n")
    assert len(blocks) == len(shown) + 1
    for block in blocks[1:]:
        times, *lines = block.splitlines()
        assert re.fullmatch(r"[\d:.]+ --> [\d:.]+", times)
        for line in lines:
            assert re.fullmatch(r"(<[\d:.]+><c>([^<>&]|&(amp|lt|gt);)+</c> ?)+", line)


def test_burnt_captions_stay_where_they_belong(shown: list[Caption], tmp_path: Path) -> None:
    """A command that was obeyed would draw at the top, in another size or colour, or for an hour."""
    short = [caption for caption in shown if len(typed([caption])) < 100]
    (tmp_path / "captions.ass").write_text(ass(short, SIZE), encoding="utf-8")
    seconds = round(shown[-1].stop)
    black = f"color=black:s={SIZE[0]}x{SIZE[1]}:r=2:d={seconds + 2},format=bgr24,ass=captions.ass"
    command = [FFMPEG, "-v", "error", "-f", "lavfi", "-i", black, "-f", "rawvideo", "-"]
    raw = subprocess.run(command, check=True, capture_output=True, timeout=120, cwd=tmp_path).stdout
    frames = np.frombuffer(raw, np.uint8).reshape(-1, SIZE[1], SIZE[0], 3)
    lit = frames.max(axis=(2, 3)) > 64
    assert lit[:, SIZE[1] * 3 // 4 :].any(axis=1).mean() > 0.9, "there are captions all the time"
    assert not lit[:, : SIZE[1] * 3 // 4].any(), "and nothing above them"
    assert not lit[-2:].any(), "nor when all has been said"
