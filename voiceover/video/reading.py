"""Recordings and videos that somebody sent. They are believed in nothing."""

import subprocess
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import ffmpeg
import numpy as np

from voiceover.children import Limits
from voiceover.errors import InvalidRequest
from voiceover.types import FPS, SAMPLE_RATE, Frame, Samples
from voiceover.video.process import command_line, scratch_file, start, tail, workplace

READING = Limits(memory=3 * 2**30, seconds=600, written=2**24)
"""For ffmpeg with what somebody sent: it takes 0.9 GiB for a video of 4K, and writes only complaints."""
READ_THREADS = 4  # more take more memory; so many decode 4K faster than faces are looked for in it
READ_TIMEOUT = 30.0  # seconds
READ_MEMORY = 1 << 26  # bytes that ffmpeg may take at once, whatever a file says of its size
SOUND_FORMATS = "mov,matroska,ogg,wav,mp3,flac,aiff,aac,amr"
"""Files that hold their sound themselves: playlists and scripts, which name other files, are not read."""
SOUND_CODECS = (
    "aac,alac,amrnb,amrwb,flac,mp3,mp3float,opus,vorbis,"
    "pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_f32le"
)
READ_VIDEO_TIMEOUT = 300.0  # seconds
VIDEO_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,flv"  # none that names files
VIDEO_CODECS = (
    "h264,hevc,libdav1d,av1,vp8,vp9,libvpx,libvpx-vp9,mpeg4,mpeg1video,mpeg2video,h263,mjpeg,flv,vp6f,"
    "theora,prores,dvvideo,msmpeg4"
)
MOST_PIXELS = 8192 * 4320  # of one picture of a video


def read_sound(recording: bytes, longest: float) -> Samples:
    """Read the first sound track of a file that somebody sent, mixed to one channel.

    The file is believed in nothing: not in its name, its type, its length or its size.

    Args:
        recording: WAV, AIFF, MP3, FLAC, Ogg, MP4/M4A/MOV or WebM/Matroska; pictures in it are passed over.
        longest: seconds after which reading stops.

    Returns float32 `(n,)` at 48 kHz; not clipped at ±1, because lossy codecs overshoot.

    Raises:
        InvalidRequest: no sound can be read from it.
        EngineUnavailable: there is no ffmpeg.
    """
    with workplace() as (folder, complaints):
        path = folder / "recording"
        path.write_bytes(recording)
        process = start(_read_command(path, longest), complaints, stdout=subprocess.PIPE, limits=READING)
        try:
            sound, _ = process.communicate(timeout=READ_TIMEOUT)
        except subprocess.TimeoutExpired as exc:
            raise InvalidRequest("the recording takes too long to read", reason="not-sound") from exc
        finally:
            process.kill()
            process.wait()
        samples = np.frombuffer(sound, np.float32)
        if process.returncode != 0 or not len(samples) or not np.isfinite(samples).all():
            raise InvalidRequest(f"no sound can be read: {tail(complaints)}", reason="not-sound")
        return samples


def read_frames(
    source: Path, longest: float, side: int, patience: float = READ_VIDEO_TIMEOUT
) -> Generator[Frame, None, None]:
    """Read the pictures of a video that somebody sent, 25 a second, the right way up.

    The file is believed in nothing; closing the iterator stops reading.

    Args:
        source: MP4/MOV, WebM/Matroska, AVI, MPEG or FLV.
        longest: seconds after which reading stops.
        side: larger pictures are made smaller, to so many pixels of their longer side.
        patience: seconds for which ffmpeg may be waited for in all; who takes the pictures has all the time.

    Raises:
        InvalidRequest: no picture can be read from it, or not in time.
        EngineUnavailable: there is no ffmpeg.
    """
    with scratch_file() as complaints:
        command = _read_frames_command(source, longest, side)
        process = start(command, complaints, stdout=subprocess.PIPE, limits=READING)
        assert process.stdout
        read = 0
        try:
            while True:
                begin = time.monotonic()
                with _killing(process, after=patience):
                    picture = _read_picture(process.stdout)
                patience -= time.monotonic() - begin
                if patience <= 0:
                    raise InvalidRequest("the video takes too long to read", reason="video-unreadable")
                if picture is None:
                    break
                read += 1
                yield picture
        finally:
            process.kill()
            process.stdout.close()
            process.wait()
        if not read:
            raise InvalidRequest(f"the video cannot be read: {tail(complaints)}", reason="video-unreadable")


@contextmanager
def _killing(process: "subprocess.Popen[bytes]", after: float) -> Iterator[None]:
    """Kill a process if what is done meanwhile takes longer than so many seconds."""
    watchdog = threading.Timer(after, process.kill)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _read_picture(pipe: IO[bytes]) -> Frame | None:
    """Return the next PPM picture that comes through a pipe, or None at the end or in the middle of one.

    Raises:
        InvalidRequest: something else comes.
    """
    if not (header := pipe.readline()):
        return None
    if header != b"P6\n":
        raise InvalidRequest("the video cannot be read", reason="video-unreadable")
    width, height = map(int, pipe.readline().split())
    pipe.readline()  # the largest value: 255
    picture = pipe.read(width * height * 3)
    if len(picture) < width * height * 3:
        return None
    return np.ascontiguousarray(np.frombuffer(picture, np.uint8).reshape(height, width, 3)[:, :, ::-1])


def _read_command(recording: Path, longest: float) -> list[str]:
    limits = {
        "protocol_whitelist": "file",
        "format_whitelist": SOUND_FORMATS,
        "codec_whitelist": SOUND_CODECS,
        "max_alloc": READ_MEMORY,
        "threads": 1,
    }
    sound = ffmpeg.input(str(recording), **limits)["a:0"]
    # The size bounds what comes even where a file's clock does not run.
    size = round(longest * SAMPLE_RATE) * np.dtype(np.float32).itemsize
    return command_line(ffmpeg.output(sound, "pipe:1", f="f32le", ac=1, ar=SAMPLE_RATE, t=longest, fs=size))


def _read_frames_command(source: Path, longest: float, side: int) -> list[str]:
    limits = {
        "protocol_whitelist": "file",
        "format_whitelist": VIDEO_FORMATS,
        "codec_whitelist": VIDEO_CODECS,
        "max_alloc": READ_MEMORY,
        "max_pixels": MOST_PIXELS,
        "threads": READ_THREADS,
    }
    picture = ffmpeg.input(str(source), **limits)["v:0"].filter("fps", FPS)
    picture = picture.filter(
        "scale", w=f"min(iw,{side})", h=f"min(ih,{side})", force_original_aspect_ratio="decrease"
    )
    settings = {"f": "image2pipe", "c:v": "ppm", "t": longest, "frames:v": round(longest * FPS)}
    return command_line(ffmpeg.output(picture, "pipe:1", **settings))
