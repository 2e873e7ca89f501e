"""Speech that grows: what has been given does not change, and in the end all of it is there."""

import threading
from collections.abc import Iterator
from itertools import pairwise, takewhile

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from service.settings import Settings
from tests.clips import complaints_about, frames_of, runs, sound_of
from tests.streamer import Streamer, engines_with_streamer
from voiceover import audio
from voiceover.errors import InvalidRequest
from voiceover.growing import finish
from voiceover.types import FRAMES_PER_FRAGMENT, SAMPLE_RATE, SAMPLES_PER_FRAME, Speech, SpeechSoFar

TEXT = "Сегодня хорошая погода, и мы пойдём гулять по набережной до самого вечера."


@pytest.fixture(scope="module")
def streamer() -> Streamer:
    return engines_with_streamer()[1]


@pytest.fixture(scope="module")
def growing(streamer: Streamer) -> list[SpeechSoFar]:
    return list(streamer.stream(TEXT, streamer.voices()[0]))


@pytest.fixture(scope="module")
def finished(growing: list[SpeechSoFar]) -> list[SpeechSoFar]:
    return list(finish(growing, pause=0.3))


def test_it_grows_and_is_complete_at_last(finished: list[SpeechSoFar]) -> None:
    assert len(finished) >= 4
    assert [so_far.complete for so_far in finished] == [False] * (len(finished) - 1) + [True]
    for before, after in pairwise(so_far.speech.samples for so_far in finished):
        assert len(before) < len(after)
        assert np.array_equal(after[: len(before)], before), "what was sent cannot be taken back"


def test_it_is_a_whole_number_of_frames_and_in_the_end_of_fragments(finished: list[SpeechSoFar]) -> None:
    lengths = [len(so_far.speech.samples) for so_far in finished]
    assert all(length % SAMPLES_PER_FRAME == 0 for length in lengths)
    assert lengths[-1] % (FRAMES_PER_FRAGMENT * SAMPLES_PER_FRAME) == 0
    assert all(so_far.speech.sample_rate == SAMPLE_RATE for so_far in finished)


def test_it_ends_as_what_was_spoken_in_one_piece(
    growing: list[SpeechSoFar], finished: list[SpeechSoFar]
) -> None:
    whole = audio.finish(growing[-1].speech, 0.3)
    grown = finished[-1].speech
    assert abs(grown.frames - whole.frames) <= FRAMES_PER_FRAGMENT
    assert [word.text for word in grown.words] == TEXT.split()
    for a, b in zip(grown.words, whole.words, strict=True):
        assert a.start == pytest.approx(b.start, abs=SAMPLE_RATE / 25)
    assert audio.loudness(grown.samples) == pytest.approx(audio.LOUDNESS, abs=3)
    assert np.abs(grown.samples).max() <= audio.PEAK


def test_unfinished_speech_is_followed_by_more(growing: list[SpeechSoFar]) -> None:
    pieces = [so_far.speech for so_far in finish(growing, 0.3, follows=True, continues=False)]
    assert all(piece.follows for piece in pieces)
    assert [piece.continues for piece in pieces] == [True] * (len(pieces) - 1) + [False]


def test_silence_alone_is_refused() -> None:
    hush = Speech(np.zeros(SAMPLE_RATE, np.float32), SAMPLE_RATE, (), ())
    with pytest.raises(InvalidRequest):
        next(finish([SpeechSoFar(hush, complete=False), SpeechSoFar(hush, complete=True)], 0.3))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> tuple[Flask, Streamer]:
    engines, streamer = engines_with_streamer()
    return create_app(Settings(data=tmp_path_factory.mktemp("data"), max_cache=0), speech=engines), streamer


@pytest.fixture
def client(server: tuple[Flask, Streamer]) -> Iterator[FlaskClient]:
    with server[0].test_client() as client:
        yield client


REQUEST = {"text": TEXT, "language": "ru", "voice": "streamer:ru", "audio": "flac"}


def test_pieces_of_sound_become_fragments_before_the_sentence_is_done(
    client: FlaskClient, server: tuple[Flask, Streamer]
) -> None:
    streamer = server[1]
    ready, streamer.clock = streamer.clock, threading.Semaphore(0)  # the voice stops after its first second
    try:
        answer = client.post("/api/generate_stream", json=REQUEST | {"stream": True}, buffered=False)
        assert answer.status_code == 200
        assert "Chunk-Frames" not in answer.headers
        assert "Next-Start-Frame" not in answer.headers
        assert "Chunk-Words" not in answer.headers
        assert answer.headers["Voice"] == "streamer:ru"
        pieces = iter(answer.response)
        first = bytearray()
        while sum(run.samples for run in runs(bytes(first)) if run.track == 1) < 3 * FRAMES_PER_FRAGMENT:
            first += next(pieces)
        streamer.clock.release(10**6)  # only now it goes on
        clip = bytes(first) + b"".join(pieces)
    finally:
        streamer.clock = ready
    pictures = sum(run.samples for run in runs(clip) if run.track == 1)
    assert pictures % FRAMES_PER_FRAGMENT == 0
    assert pictures > 100


def test_a_streamed_clip_is_sound_and_picture_to_the_end(client: FlaskClient, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("clips")
    clips = {}
    for stream in (False, True):
        answer = client.post("/api/generate_stream", json=REQUEST | {"stream": stream})
        clips[stream] = folder / f"{stream}.mp4"
        clips[stream].write_bytes(answer.data)
        assert complaints_about(clips[stream]) == ""
    frames = {stream: frames_of(clip, (512, 512)) for stream, clip in clips.items()}
    assert abs(len(frames[True]) - len(frames[False])) <= FRAMES_PER_FRAGMENT
    assert len(sound_of(clips[True])) == len(frames[True]) * SAMPLES_PER_FRAME
    mouth = np.s_[:, 280:420, 180:330]
    moves = {
        stream: np.abs(np.diff(np.stack(f)[mouth].astype(int), axis=0)).mean() for stream, f in frames.items()
    }
    assert moves[True] == pytest.approx(moves[False], rel=0.3), "the mouth moves as much"


def test_equal_streams_are_equal(client: FlaskClient) -> None:
    first, second = (
        client.post("/api/generate_stream", json=REQUEST | {"stream": True}).data for _ in range(2)
    )
    assert len(first) == pytest.approx(len(second), rel=0.02)


def test_a_voice_that_cannot_stream_speaks_in_one_piece(client: FlaskClient) -> None:
    answer = client.post("/api/generate_stream", json=REQUEST | {"voice": "espeak:ru", "stream": True})
    assert int(answer.headers["Chunk-Frames"]) > 0


def test_whoever_stops_listening_stops_the_work(client: FlaskClient, server: tuple[Flask, Streamer]) -> None:
    streamer = server[1]
    ready, streamer.clock = streamer.clock, threading.Semaphore(0)
    try:
        answer = client.post("/api/generate_stream", json=REQUEST | {"stream": True}, buffered=False)
        pieces = iter(answer.response)
        list(takewhile(lambda piece: b"mdat" not in piece, pieces))
        before = {thread.name for thread in threading.enumerate()}
        assert "frames-to-ffmpeg" in before
        streamer.clock.release(10**6)
        answer.close()
    finally:
        streamer.clock = ready
    assert "frames-to-ffmpeg" not in {thread.name for thread in threading.enumerate()}
