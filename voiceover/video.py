"""The only home of ffmpeg: frames and sound become MP4 clips that join without a seam; recordings are read.

The clip is fragmented MP4 (ISO/IEC 14496-12): H.264 High, 25 fps, one slice and no B-frames so that
the encoder keeps no frame back, and sound as AAC (every player) or FLAC (sample-exact joints in a
browser). Settings are fixed and one thread encodes: equal frames give equal bytes.
"""

import errno
import os
import selectors
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, Literal, TypeAlias, TypeVar

import ffmpeg
import numpy as np

from voiceover.children import Limits, confine
from voiceover.errors import EncodeError, EngineUnavailable, InvalidRequest, StorageError, VoiceoverError
from voiceover.fonts import fonts_folder
from voiceover.scratch import scratch
from voiceover.types import FPS, FRAMES_PER_FRAGMENT, SAMPLE_RATE, SAMPLES_PER_FRAME, Frame, Samples

T = TypeVar("T")
SoundCodec: TypeAlias = Literal["aac", "flac"]

TIMESCALE = 12_800  # ticks a second of the video track: 512 a frame
AAC_FRAME = 1024  # samples
FLAC_FRAME = 960  # samples: half a video frame, so that no sound frame crosses a fragment
CHUNK_GOP = 250  # frames: longer than a chunk, so that only its first frame is a keyframe
JOIN_TIMEOUT = 120.0  # seconds
SILENCE = 10.0  # seconds after which ffmpeg hangs, if it takes no frame and gives nothing meanwhile
ATTENTION = 0.25  # seconds after which it is looked whether it does
FINISH_TIMEOUT = 300.0  # seconds for the end of a film: its index is put first, so it is written once more
READ_VIDEO_TIMEOUT = 300.0  # seconds
VIDEO_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,flv"  # none that names files
VIDEO_CODECS = (
    "h264,hevc,libdav1d,av1,vp8,vp9,libvpx,libvpx-vp9,mpeg4,mpeg1video,mpeg2video,h263,mjpeg,flv,vp6f,"
    "theora,prores,dvvideo,msmpeg4"
)
MOST_PIXELS = 8192 * 4320  # of one picture of a video
ENCODERS = {"libx264", "aac", "flac", "mov_text", "ppm"}
FILTERS = {"scale", "format", "setparams", "fps", "ass"}
PIPE_SIZE = 1 << 20  # bytes: a whole 512×512 frame fits

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


@dataclass(frozen=True, slots=True)
class Captions:
    """The words of a film."""

    track: str
    """SubRip: a track of its own."""
    burnt: str | None
    """Advanced SubStation Alpha: drawn into the picture."""


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
    with _scratch_file() as complaints:
        sound_end, sound_pipe = os.pipe()
        with os.fdopen(sound_end, "rb") as heard, os.fdopen(sound_pipe, "wb") as sound:
            command = _encode_command(size, sound_end, codec, keyframe_interval)
            process = _start(
                command, complaints, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(sound_end,)
            )
            heard.close()  # ffmpeg has its own now: when it ends, writing fails
            assert process.stdin and process.stdout
            feeder = _Feeder(moments, process.stdin, partial(_while_heard, pipe=sound, codec=codec))
            feeder.start()
            try:
                while data := _read(process.stdout, feeder, patience):
                    yield data
                feeder.join()
                feeder.check(_status(process, patience), complaints)
            finally:
                process.kill()  # harmless when it has ended; else it unblocks the feeder
                feeder.join()
                process.stdout.close()
                process.wait()


def write(
    frames: Iterable[Frame],
    size: tuple[int, int],
    sound: Samples,
    captions: Captions,
    path: Path,
    patience: float = SILENCE,
) -> None:
    """Encode a whole film into a file, in one go and at a higher quality than what streams.

    Args:
        frames, size, sound, patience: as for `encode`.
        captions: what goes into the picture, and what beside it as a track that players show when asked.
        path: where the MP4 goes; its index comes first, so that it plays while it is loaded. A film that
            failed leaves nothing there.

    Raises:
        EncodeError: ffmpeg failed, or hangs.
        StorageError: there is no room for it.
        EngineUnavailable: there is no ffmpeg.
    """
    with _workplace() as (folder, complaints):
        sound_path = folder / "sound.f32"
        sound.tofile(sound_path)
        (folder / "captions.srt").write_text(captions.track, encoding="utf-8")
        (folder / "captions.ass").write_text(captions.burnt or "", encoding="utf-8")
        command = _film_command(size, sound_path, captions, path)
        process = _start(command, complaints, stdin=subprocess.PIPE, folder=folder)
        assert process.stdin
        feeder = _Feeder(frames, process.stdin, iter)
        feeder.start()
        try:
            while feeder.is_alive() and feeder.owed_for < patience:
                feeder.join(ATTENTION)
            feeder.check(None if feeder.is_alive() else _status(process, FINISH_TIMEOUT), complaints)
        except BaseException:
            process.kill()
            path.unlink(missing_ok=True)
            raise
        finally:
            process.kill()  # harmless when it has ended; else it unblocks the feeder
            feeder.join()
            process.wait()


def join(clips: Iterable[bytes]) -> bytes:
    """Join clips made by `encode` into one MP4 whose picture is copied and whose sound becomes AAC.

    Raises:
        InvalidRequest: a clip is not one of ours.
        EncodeError: ffmpeg failed.
    """
    with _workplace() as (folder, complaints):
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
        process = _start(_join_command(folder / "list.ffconcat", result), complaints, limits=limits)
        try:
            status = process.wait(JOIN_TIMEOUT)
        except subprocess.TimeoutExpired as exc:
            raise EncodeError(f"ffmpeg did not join the clips in {JOIN_TIMEOUT:.0f} s") from exc
        finally:
            process.kill()
            process.wait()
        # ffmpeg passes over a clip that it cannot open, and only says so.
        told = _tail(complaints)
        if status != 0 or told:
            raise InvalidRequest(f"the clips cannot be joined: {told}", reason="not-a-clip")
        return result.read_bytes()


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
    with _workplace() as (folder, complaints):
        path = folder / "recording"
        path.write_bytes(recording)
        process = _start(_read_command(path, longest), complaints, stdout=subprocess.PIPE, limits=READING)
        try:
            sound, _ = process.communicate(timeout=READ_TIMEOUT)
        except subprocess.TimeoutExpired as exc:
            raise InvalidRequest("the recording takes too long to read", reason="not-sound") from exc
        finally:
            process.kill()
            process.wait()
        samples = np.frombuffer(sound, np.float32)
        if process.returncode != 0 or not len(samples) or not np.isfinite(samples).all():
            raise InvalidRequest(f"no sound can be read: {_tail(complaints)}", reason="not-sound")
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
    with tempfile.TemporaryFile() as complaints:
        command = _read_frames_command(source, longest, side)
        process = _start(command, complaints, stdout=subprocess.PIPE, limits=READING)
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
            raise InvalidRequest(f"the video cannot be read: {_tail(complaints)}", reason="video-unreadable")


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


class _Feeder(threading.Thread):
    """Writes what is drawn to ffmpeg; whatever goes wrong in drawing it is kept for `check`."""

    def __init__(
        self,
        drawn: Iterable[T],
        pipe: IO[bytes],
        frames: Callable[[Iterator[T]], Iterator[Frame]],
    ) -> None:
        """
        Args:
            frames: gives the frames of what is drawn, and may write what else there is of it elsewhere.
        """
        super().__init__(name="frames-to-ffmpeg", daemon=True)
        self._frames = frames(self._watched(drawn))
        self._pipe = pipe
        self._error: BaseException | None = None
        self._refused = False  # ffmpeg ended before the frames did
        self._owed: float | None = None  # since when ffmpeg may have been given what it does not take

    @property
    def owed_for(self) -> float:
        """Seconds for which it has been ffmpeg's turn; 0 while something is drawn."""
        return 0.0 if (owed := self._owed) is None else time.monotonic() - owed

    def run(self) -> None:
        try:
            for frame in self._frames:
                self._pipe.write(frame.data)
        except BrokenPipeError:
            self._refused = True  # its status tells why
        except BaseException as exc:  # carried over to the thread that reads
            self._error = exc
        with suppress(OSError):
            self._pipe.close()
        self._owed = time.monotonic()

    def _watched(self, drawn: Iterable[T]) -> Iterator[T]:
        for one in drawn:
            self._owed = time.monotonic()
            yield one
            self._owed = None

    def check(self, status: int | None, complaints: IO[bytes]) -> None:
        """Raise what went wrong.

        Args:
            status: ffmpeg's; None where it hangs.
        """
        if self._error:
            raise self._error
        if status is None:
            raise EncodeError(f"ffmpeg hangs: {_tail(complaints)}")
        if status != 0 or self._refused:
            raise _failure(f"ffmpeg failed with status {status}", complaints)


def _read(pipe: IO[bytes], feeder: _Feeder, patience: float) -> bytes:
    """Return what ffmpeg has made, as soon as there is something; nothing at the end.

    Raises:
        EncodeError: it hangs. Who reads late is not taken for that, nor who draws slowly.
    """
    begin = time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while not selector.select(ATTENTION):
            if min(feeder.owed_for, time.monotonic() - begin) > patience:
                raise EncodeError(f"ffmpeg hangs: nothing came of it for {patience:g} s")
    return os.read(pipe.fileno(), 65_536)


def _status(process: "subprocess.Popen[bytes]", patience: float) -> int | None:
    """Wait for the end of a process that has nothing more to do; None where it does not come."""
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        return None


def _failure(what: str, complaints: IO[bytes]) -> VoiceoverError:
    told = _tail(complaints)
    if any(os.strerror(number) in told for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)):
        return StorageError(f"{what}: {told}")
    return EncodeError(f"{what}: {told}")


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


@contextmanager
def _workplace() -> Iterator[tuple[Path, IO[bytes]]]:
    """A folder for what ffmpeg reads and writes, and a file for its complaints; gone afterwards.

    Raises:
        StorageError: the disk does not take what is written.
    """
    try:
        with scratch() as folder, tempfile.TemporaryFile() as complaints:
            yield folder, complaints
    except OSError as exc:
        raise StorageError(f"there is no room for temporary files: {exc}") from exc


def _scratch_file() -> IO[bytes]:
    """Return a file without a name.

    Raises:
        StorageError: no temporary folder can be written to.
    """
    try:
        return tempfile.TemporaryFile()
    except OSError as exc:
        raise StorageError(f"there is no room for temporary files: {exc}") from exc


def _start(
    command: list[str],
    complaints: IO[bytes],
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    folder: Path | None = None,
    pass_fds: tuple[int, ...] = (),
    limits: Limits | None = None,
) -> "subprocess.Popen[bytes]":
    try:
        process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=complaints,
            pipesize=PIPE_SIZE,
            cwd=folder,
            pass_fds=pass_fds,
        )
    except OSError as exc:
        raise EngineUnavailable(
            f"ffmpeg cannot be started: {exc}", engine="ffmpeg", reason="ffmpeg-missing"
        ) from exc
    if limits:
        confine(process.pid, limits)
    return process


def missing_parts() -> list[str]:
    """Return the encoders and filters that are needed here and that this machine's ffmpeg was built without.

    Raises:
        EngineUnavailable: there is no ffmpeg, or it does not run.
    """
    return sorted(ENCODERS - _parts("-encoders")) + sorted(FILTERS - _parts("-filters"))


def _parts(kind: str) -> set[str]:
    """Return the names in one of ffmpeg's lists: flags, name, description."""
    command = [_ffmpeg_path(), "-hide_banner", kind]
    try:
        told = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=READ_TIMEOUT
        ).stdout
    except (OSError, subprocess.SubprocessError) as exc:
        raise EngineUnavailable(
            f"ffmpeg cannot be started: {exc}", engine="ffmpeg", reason="ffmpeg-missing"
        ) from exc
    return {words[1] for line in told.splitlines() if len(words := line.split()) > 1}


def _ffmpeg_path() -> str:
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as exc:
        raise EngineUnavailable(
            f"there is no ffmpeg: {exc}", engine="ffmpeg", reason="ffmpeg-missing"
        ) from exc


def _encode_command(
    size: tuple[int, int], sound_pipe: int, codec: SoundCodec, keyframe_interval: int
) -> list[str]:
    picture, voice = _inputs(size, f"pipe:{sound_pipe}")
    picture = _as_video(picture)
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
    return _command(ffmpeg.output(picture, voice, "pipe:1", **settings))


def _film_command(size: tuple[int, int], sound: Path, captions: Captions, path: Path) -> list[str]:
    picture, voice = _inputs(size, str(sound))
    if captions.burnt:
        picture = picture.filter("ass", "captions.ass", fontsdir=str(fonts_folder()))
    settings = {
        "c:v": "libx264",
        "preset": "medium",
        "profile:v": "high",
        "crf": 17,
        "g": FPS * 5,
        "video_track_timescale": TIMESCALE,
        "c:a": "aac",
        "b:a": "192k",
        "c:s": "mov_text",
        "movflags": "+faststart",
        "fflags": "+bitexact",
        "f": "mp4",
    }
    words = ffmpeg.input("captions.srt", format="srt", sub_charenc="UTF-8")
    output = ffmpeg.output(_as_video(picture), voice, words["s"], str(path), **settings)
    return _command(output.overwrite_output())


def _inputs(size: tuple[int, int], sound: str) -> tuple["ffmpeg.nodes.FilterableStream", ...]:
    width, height = size
    # The format is told, so nothing is probed: probing would keep the first frames back.
    raw = {"format": "rawvideo", "pix_fmt": "bgr24", "s": f"{width}x{height}", "r": FPS, "probesize": 32}
    picture = ffmpeg.input("pipe:0", **raw)
    return picture, ffmpeg.input(sound, format="f32le", ar=SAMPLE_RATE, ac=1, probesize=32).audio


def _as_video(picture: "ffmpeg.nodes.FilterableStream") -> "ffmpeg.nodes.FilterableStream":
    picture = picture.filter("scale", out_color_matrix="bt709", out_range="tv").filter("format", "yuv420p")
    return picture.filter("setparams", color_primaries="bt709", color_trc="bt709")


def _join_command(listing: Path, result: Path) -> list[str]:
    clips = ffmpeg.input(str(listing), format="concat", safe=0, protocol_whitelist="file")
    settings = {"c:v": "copy", "c:a": "aac", "b:a": "160k", "movflags": "+faststart", "fflags": "+bitexact"}
    return _command(ffmpeg.output(clips.video, clips.audio, str(result), **settings))


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
    return _command(ffmpeg.output(sound, "pipe:1", f="f32le", ac=1, ar=SAMPLE_RATE, t=longest, fs=size))


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
    return _command(ffmpeg.output(picture, "pipe:1", **settings))


def _command(output: "ffmpeg.nodes.OutputStream") -> list[str]:
    quiet = output.global_args("-nostdin", "-hide_banner", "-loglevel", "error")
    return [str(part) for part in quiet.compile(cmd=_ffmpeg_path())]


def _tail(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return complaints.read()[-500:].decode("utf-8", "replace").strip()
