"""Clips that stream while they are drawn and join without a seam.

A clip is fragmented MP4 (ISO/IEC 14496-12): H.264 High, 25 fps, one slice and no B-frames so that the encoder
keeps no frame back, and sound as AAC (every player) or FLAC (sample-exact joints in a browser). Settings are
fixed and one thread encodes: equal frames give equal bytes.
"""

import os
import subprocess
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Literal, TypeAlias

import ffmpeg
import numpy as np

from voiceover.errors import EncodeError, InvalidRequest
from voiceover.types import FPS, FRAMES_PER_FRAGMENT, SAMPLES_PER_FRAME, Frame, Samples
from voiceover.video.feeder import SILENCE, Feeder, next_piece
from voiceover.video.process import command_line, scratch_file, start, status, tail, workplace
from voiceover.video.raw import TIMESCALE, as_video, inputs
from voiceover.video.reading import READING

SoundCodec: TypeAlias = Literal["aac", "flac"]

AAC_FRAME = 1024  # samples
FLAC_FRAME = 960  # samples: half a video frame, so that no sound frame crosses a fragment
CHUNK_GOP = 250  # frames: longer than a chunk, so that only its first frame is a keyframe
JOIN_TIMEOUT = 120.0  # seconds


def encode(
    frames: Iterable[Frame],
    size: tuple[int, int],
    sound: Samples,
    codec: SoundCodec = "aac",
    keyframe_interval: int = CHUNK_GOP,
    patience: float = SILENCE,
) -> Generator[bytes, None, None]:
    """Encode frames while they are drawn; yield the clip's bytes as they are made.

    Args:
        frames: uint8 `(height, width, 3)` BGR, 25 a second; read in another thread.
        size: (width, height), both even.
        sound: float32 `(n,)` at 48 kHz, as long as the frames: 1920 samples each.
        codec: "aac" for files, "flac" for playing chunk after chunk.
        keyframe_interval: frames from keyframe to keyframe.
        patience: seconds after which ffmpeg is taken to hang.

    Closing the iterator stops ffmpeg at once. Nothing is left on disk. What `frames` raises is
    raised here.

    Raises:
        EncodeError: ffmpeg failed, or hangs.
        EngineUnavailable: there is no ffmpeg.
    """
    moments = zip(frames, sound.reshape(-1, SAMPLES_PER_FRAME), strict=True)
    return encode_moments(moments, size, codec, keyframe_interval, patience)


def encode_moments(
    moments: Iterable[tuple[Frame, Samples]],
    size: tuple[int, int],
    codec: SoundCodec = "aac",
    keyframe_interval: int = CHUNK_GOP,
    patience: float = SILENCE,
) -> Generator[bytes, None, None]:
    """Encode what comes as each frame with its 1920 samples of sound; how long it will be need not be known.

    Else as `encode`.
    """
    with scratch_file() as complaints:
        sound_end, sound_pipe = os.pipe()
        with os.fdopen(sound_end, "rb") as heard, os.fdopen(sound_pipe, "wb") as sound:
            command = _encode_command(size, sound_end, codec, keyframe_interval)
            process = start(
                command, complaints, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(sound_end,)
            )
            heard.close()  # ffmpeg has its own now: when it ends, writing fails
            assert process.stdin and process.stdout
            feeder = Feeder(moments, process.stdin, partial(_while_heard, pipe=sound, codec=codec))
            feeder.start()
            try:
                while data := next_piece(process.stdout, feeder, patience):
                    yield data
                feeder.join()
                feeder.check(status(process, patience), complaints)
            finally:
                process.kill()  # harmless when it has ended; else it unblocks the feeder
                feeder.join()
                process.stdout.close()
                process.wait()


def join(clips: Iterable[bytes]) -> bytes:
    """Join clips made by `encode` into one MP4 whose picture is copied and whose sound becomes AAC.

    Raises:
        InvalidRequest: a clip is not one of ours.
        EncodeError: ffmpeg failed.
    """
    with workplace() as (folder, complaints):
        listing = ["ffconcat version 1.0"]
        for number, clip in enumerate(clips):
            if clip[4:8] != b"ftyp":
                raise InvalidRequest(f"clip {number} is not an MP4 file", reason="not-a-clip", clip=number)
            (folder / f"{number}.mp4").write_bytes(clip)
            # Only the MP4 reader may open it: a playlist in disguise could name other files.
            listing += [f"file {number}.mp4", "option format_whitelist mov,mp4,m4a,3gp,3g2,mj2"]
            listing += ["option codec_whitelist h264,aac,flac"]
        if len(listing) == 1:
            raise InvalidRequest("there are no clips to join", reason="no-clips")
        (folder / "list.ffconcat").write_text("\n".join(listing) + "\n")
        result = folder / "joined.mp4"
        # The sound is encoded again, at a higher rate than that of `encode`, or from FLAC, which is larger.
        size = sum(path.stat().st_size for path in folder.iterdir())
        limits = replace(READING, written=2 * size + 2**20)
        process = start(_join_command(folder / "list.ffconcat", result), complaints, limits=limits)
        try:
            status = process.wait(JOIN_TIMEOUT)
        except subprocess.TimeoutExpired as exc:
            raise EncodeError(f"ffmpeg did not join the clips in {JOIN_TIMEOUT:.0f} s") from exc
        finally:
            process.kill()
            process.wait()
        # ffmpeg passes over a clip that it cannot open, and only says so.
        told = tail(complaints)
        if status != 0 or told:
            raise InvalidRequest(f"the clips cannot be joined: {told}", reason="not-a-clip")
        return result.read_bytes()


def _while_heard(
    moments: Iterable[tuple[Frame, Samples]], pipe: IO[bytes], codec: SoundCodec
) -> Iterator[Frame]:
    """Yield the frames of moments; the sound of each goes to ffmpeg before it.

    Sound first: ffmpeg waits for the picture and the sound of a moment, never for what is far behind.
    """
    samples = 0
    with pipe:
        for frame, sound in moments:
            pipe.write(np.ascontiguousarray(sound).data)
            pipe.flush()
            samples += len(sound)
            yield frame
        if codec == "aac":
            # A last AAC frame that is not full would be filled up by the encoder, audibly at a joint.
            pipe.write(np.zeros(-samples % AAC_FRAME, np.float32).data)


def _encode_command(
    size: tuple[int, int], sound_pipe: int, codec: SoundCodec, keyframe_interval: int
) -> list[str]:
    picture, voice = inputs(size, f"pipe:{sound_pipe}")
    picture = as_video(picture)
    settings: dict[str, object] = {
        "c:v": "libx264",
        "preset": "veryfast",
        "tune": "zerolatency",
        "profile:v": "high",
        "crf": 21,
        "bf": 0,
        "g": keyframe_interval,
        "keyint_min": keyframe_interval,
        "sc_threshold": 0,
        "threads:v": 1,
        "video_track_timescale": TIMESCALE,
        "frag_duration": FRAMES_PER_FRAGMENT * 1_000_000 // FPS,  # microseconds
        "flush_packets": 1,
        "fflags": "+bitexact",
        "map_metadata": -1,
        "f": "mp4",
    }
    if codec == "flac":
        settings |= {
            "c:a": "flac",
            "sample_fmt": "s16",
            "frame_size": FLAC_FRAME,
            "movflags": "empty_moov+default_base_moof",
        }
    else:
        settings |= {"c:a": "aac", "b:a": "128k", "movflags": "delay_moov+default_base_moof"}
    return command_line(ffmpeg.output(picture, voice, "pipe:1", **settings))


def _join_command(listing: Path, result: Path) -> list[str]:
    clips = ffmpeg.input(str(listing), format="concat", safe=0, protocol_whitelist="file")
    settings = {"c:v": "copy", "c:a": "aac", "b:a": "160k", "movflags": "+faststart", "fflags": "+bitexact"}
    return command_line(ffmpeg.output(clips.video, clips.audio, str(result), **settings))
