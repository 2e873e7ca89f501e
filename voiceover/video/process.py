"""ffmpeg as a process: found, started, confined, waited for, and what it complains of."""

import errno
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import ffmpeg

from voiceover.children import Limits, confine
from voiceover.errors import EncodeError, EngineUnavailable, StorageError, VoiceoverError
from voiceover.scratch import scratch

PIPE_SIZE = 1 << 20  # bytes: a whole 512×512 frame fits
TELLING_TIMEOUT = 30.0  # seconds for ffmpeg to tell what it was built with
ENCODERS = {"libx264", "aac", "flac", "mov_text", "ppm"}
FILTERS = {"scale", "format", "setparams", "fps", "ass"}


def start(
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


def status(process: "subprocess.Popen[bytes]", patience: float) -> int | None:
    """Wait for the end of a process that has nothing more to do; None where it does not come."""
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        return None


def command_line(output: "ffmpeg.nodes.OutputStream") -> list[str]:
    quiet = output.global_args("-nostdin", "-hide_banner", "-loglevel", "error")
    return [str(part) for part in quiet.compile(cmd=program())]


def program() -> str:
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as exc:
        raise EngineUnavailable(
            f"there is no ffmpeg: {exc}", engine="ffmpeg", reason="ffmpeg-missing"
        ) from exc


def missing_parts() -> list[str]:
    """Return the encoders and filters that are needed here and that this machine's ffmpeg was built without.

    Raises:
        EngineUnavailable: there is no ffmpeg, or it does not run.
    """
    return sorted(ENCODERS - _parts("-encoders")) + sorted(FILTERS - _parts("-filters"))


def _parts(kind: str) -> set[str]:
    """Return the names in one of ffmpeg's lists: flags, name, description."""
    command = [program(), "-hide_banner", kind]
    try:
        told = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=TELLING_TIMEOUT
        ).stdout
    except (OSError, subprocess.SubprocessError) as exc:
        raise EngineUnavailable(
            f"ffmpeg cannot be started: {exc}", engine="ffmpeg", reason="ffmpeg-missing"
        ) from exc
    return {words[1] for line in told.splitlines() if len(words := line.split()) > 1}


@contextmanager
def workplace() -> Iterator[tuple[Path, IO[bytes]]]:
    """A folder for what ffmpeg reads and writes, and a file for its complaints; gone afterwards.

    Raises:
        StorageError: the disk does not take what is written.
    """
    try:
        with scratch() as folder, tempfile.TemporaryFile() as complaints:
            yield folder, complaints
    except OSError as exc:
        raise StorageError(f"there is no room for temporary files: {exc}") from exc


def scratch_file() -> IO[bytes]:
    """Return a file without a name.

    Raises:
        StorageError: no temporary folder can be written to.
    """
    try:
        return tempfile.TemporaryFile()
    except OSError as exc:
        raise StorageError(f"there is no room for temporary files: {exc}") from exc


def failure(what: str, complaints: IO[bytes]) -> VoiceoverError:
    told = tail(complaints)
    if any(os.strerror(number) in told for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)):
        return StorageError(f"{what}: {told}")
    return EncodeError(f"{what}: {told}")


def tail(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return complaints.read()[-500:].decode("utf-8", "replace").strip()
