"""Clips: real ffmpeg, read back."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.clips import boxes, complaints_about, frames_of, picture_stream_of, runs, sound_of
from tests.recordings import FORMATS, file
from voiceover import video
from voiceover.errors import EncodeError, EngineUnavailable, InvalidRequest
from voiceover.types import FRAMES_PER_FRAGMENT, SAMPLE_RATE, SAMPLES_PER_FRAME, Frame, Samples

SIZE = (96, 64)
VIDEO_TRACK = 1


def moving(count: int, first: int = 0) -> Iterator[Frame]:
    """Frames that can be told apart: a grey level and a bar that moves."""
    for index in range(first, first + count):
        frame = np.full((SIZE[1], SIZE[0], 3), 60 + index, np.uint8)
        frame[:, index % SIZE[0]] = 255
        yield frame


def tone(frames: int, first: int = 0) -> Samples:
    time = np.arange(first * SAMPLES_PER_FRAME, (first + frames) * SAMPLES_PER_FRAME)
    return (0.4 * np.sin(time * 0.02) * np.sin(time * 0.0003)).astype(np.float32)


def encoded(count: int, codec: video.SoundCodec = "flac", first: int = 0, interval: int = 250) -> bytes:
    return b"".join(video.encode(moving(count, first), SIZE, tone(count, first), codec, interval))


@pytest.mark.parametrize("codec", ["aac", "flac"])
@pytest.mark.parametrize("count", [5, 20, 35])
def test_every_frame_and_every_sample_is_there(codec: video.SoundCodec, count: int, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(encoded(count, codec))
    assert complaints_about(clip) == ""
    shown = frames_of(clip, SIZE)
    assert len(shown) == count
    greys = [float(np.median(frame)) for frame in shown]
    assert greys == pytest.approx([60 + index for index in range(count)], abs=2)
    sound = sound_of(clip)
    assert len(sound) >= count * SAMPLES_PER_FRAME
    error = np.abs(sound[: count * SAMPLES_PER_FRAME] - tone(count)).max()
    assert error < (0.05 if codec == "aac" else 1e-4)


def test_a_flac_clip_is_exactly_as_long_as_its_frames(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(encoded(35))
    assert len(sound_of(clip)) == 35 * SAMPLES_PER_FRAME


def test_a_chunk_begins_with_its_only_keyframe() -> None:
    pictures = [run for run in runs(encoded(20)) if run.track == VIDEO_TRACK]
    assert [run.samples for run in pictures] == [FRAMES_PER_FRAGMENT] * 4
    assert [run.first_is_keyframe for run in pictures] == [True, None, None, None]


def test_an_idle_loop_can_be_entered_at_every_fragment() -> None:
    pictures = [run for run in runs(encoded(20, interval=FRAMES_PER_FRAGMENT)) if run.track == VIDEO_TRACK]
    assert [run.samples for run in pictures] == [FRAMES_PER_FRAGMENT] * 4
    assert all(run.first_is_keyframe for run in pictures)


def test_fragments_leave_before_later_frames_are_drawn() -> None:
    more = threading.Event()

    def hesitating() -> Iterator[Frame]:
        yield from moving(15)
        assert more.wait(30), "nothing was read while the first frames were there"
        yield from moving(15, 15)

    data = video.encode(hesitating(), SIZE, tone(30), "flac")
    seen = b""
    while b"mdat" not in seen:
        seen += next(data)
    more.set()
    assert sum(kind == "moof" for kind, _ in boxes(seen + b"".join(data))) == 6


def test_equal_frames_give_equal_bytes() -> None:
    assert encoded(10, "aac") == encoded(10, "aac")


def test_closing_stops_ffmpeg_and_the_drawing_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    drawn = 0

    def endless() -> Iterator[Frame]:
        nonlocal drawn
        while True:
            drawn += 1
            yield from moving(1)

    data = video.encode(endless(), SIZE, tone(10), "flac")
    next(data)
    data.close()  # type: ignore[attr-defined]  # a generator
    count = drawn
    assert not [thread for thread in threading.enumerate() if thread.name == "frames-to-ffmpeg"]
    assert list(tmp_path.iterdir()) == []
    assert drawn == count


def test_what_goes_wrong_in_drawing_reaches_the_reader() -> None:
    def failing() -> Iterator[Frame]:
        yield from moving(7)
        raise RuntimeError("out of paint")

    with pytest.raises(RuntimeError, match="out of paint"):
        list(video.encode(failing(), SIZE, tone(10), "flac"))


def test_ffmpeg_says_why_it_fails() -> None:
    with pytest.raises(EncodeError, match=r"\w"):
        list(video.encode(moving(5), (95, 63), tone(5), "aac"))


def test_a_missing_ffmpeg_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/nowhere/ffmpeg")
    with pytest.raises(EngineUnavailable, match="ffmpeg"):
        list(video.encode(moving(5), SIZE, tone(5), "aac"))


def test_joining_copies_the_picture_and_continues_the_sound(tmp_path: Path) -> None:
    clips = [encoded(10, first=0), encoded(15, first=10), encoded(5, first=25)]
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(video.join(clips))
    assert complaints_about(joined) == ""
    greys = [float(np.median(frame)) for frame in frames_of(joined, SIZE)]
    assert greys == pytest.approx([60 + index for index in range(30)], abs=2)
    parts = []
    for number, clip in enumerate(clips):
        (tmp_path / f"{number}.mp4").write_bytes(clip)
        parts.append(picture_stream_of(tmp_path / f"{number}.mp4"))
    assert picture_stream_of(joined) == b"".join(parts), "the pictures were encoded again"
    sound = sound_of(joined)
    assert np.abs(sound[: 30 * SAMPLES_PER_FRAME] - tone(30)).max() < 0.05


@pytest.mark.parametrize(
    "intruder",
    [b"", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"\0\0\0\x18ftypmp42#EXTM3U\nfile:///etc/passwd\n"],
)
def test_only_our_clips_are_joined(intruder: bytes) -> None:
    with pytest.raises(InvalidRequest):
        video.join([encoded(5), intruder])


def test_joining_nothing_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="no clips"):
        video.join([])


@pytest.mark.parametrize("extension", FORMATS)
def test_recordings_of_every_kind_are_read(extension: str) -> None:
    sound = tone(50)
    read = video.read_sound(file(sound, extension), 60)
    assert read.dtype == np.float32
    assert len(read) == pytest.approx(len(sound), abs=3000)  # codecs add some
    lag = int(np.argmax(np.correlate(read[:60_000], sound[2000:40_000], "valid"))) - 2000
    assert np.corrcoef(read[2000 + lag : 40_000 + lag], sound[2000:40_000])[0, 1] > 0.98


def test_channels_are_mixed() -> None:
    sound = tone(25)
    assert np.abs(video.read_sound(file(sound, "wav", "-ac", "2"), 60) - sound).max() < 1e-3


def test_a_long_recording_is_read_no_further_than_asked() -> None:
    an_hour = file(np.zeros(1, np.float32), "flac", "-ar", "8000", "-af", "apad=pad_dur=3600")
    assert len(an_hour) < 2**20
    assert len(video.read_sound(an_hour, 2)) == 2 * SAMPLE_RATE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello " * 10_000,
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"PK\x03\x04" + bytes(1000),
        b"\xff\xfb\x90\x00" * 50_000,  # headers of MP3 frames and nothing in them
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\xff\xff\xff\xff\xff\xff",
        b"\0\0\0\x18ftypM4A \0\0\0\0\xff\xff\xff\xffmoov" + bytes(1000),
        np.random.default_rng(1).bytes(100_000),
    ],
    ids=["empty", "text", "picture", "archive", "mp3", "wav", "m4a", "noise"],
)
def test_what_is_no_recording_is_refused(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(InvalidRequest) as refused:
        video.read_sound(content, 60)
    assert refused.value.details["reason"] == "not-sound"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {path}\n",
        "[playlist]\nFile1={path}\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="x"><Period>'
        "<AdaptationSet><Representation><BaseURL>file://{path}</BaseURL></Representation></AdaptationSet>"
        "</Period></MPD>",
    ],
    ids=["hls", "concat", "pls", "dash"],
)
def test_a_playlist_opens_no_other_file(playlist: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(file(tone(50)))
    with pytest.raises(InvalidRequest) as refused:
        video.read_sound(playlist.format(path=secret).encode(), 60)
    assert refused.value.details["reason"] == "not-sound"


def test_half_a_recording_is_read_as_far_as_it_goes() -> None:
    sound = tone(50)
    whole = file(sound)
    read = video.read_sound(whole[: len(whole) // 2], 60)
    assert len(read) == pytest.approx(len(sound) / 2, abs=SAMPLES_PER_FRAME)
    with pytest.raises(InvalidRequest):
        video.read_sound(file(sound, "m4a")[:5000], 60)  # what says where the sound lies is at its end
