"""What limits do to a process, and that every one which reads what people send has them."""

import subprocess
import sys
from pathlib import Path

import pytest

from voiceover import video
from voiceover.children import Limits, confine
from voiceover.errors import InvalidRequest

WIDE = Limits(memory=2**40, seconds=1_000, written=2**40)


def child(code: str) -> "subprocess.Popen[bytes]":
    """Start a Python program that first waits for a line."""
    command = [sys.executable, "-c", f"input()\n{code}"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def outcome(code: str, limits: Limits) -> tuple[int, str]:
    """Run a program under limits; return its status, negative for a signal, and its last complaint."""
    with child(code) as process:
        confine(process.pid, limits)
        _, complaints = process.communicate(b"\n", timeout=60)
    return process.returncode, complaints.decode().strip().rpartition("\n")[2]


def test_nothing_is_in_the_way_of_what_takes_little() -> None:
    assert outcome("bytearray(10**8)", WIDE) == (0, "")


def test_memory_is_limited() -> None:
    limits = Limits(memory=2**30, seconds=1_000, written=2**40)
    assert outcome("bytearray(2 * 10**9)", limits) == (1, "MemoryError")


def test_processor_time_is_limited() -> None:
    status, _ = outcome("while True: pass", Limits(memory=2**40, seconds=1, written=2**40))
    assert status == -9, "killed"


def test_what_is_written_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "output"
    writes = f"""
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it, ffmpeg does not
open({str(path)!r}, "wb").write(bytes(10**6))
"""
    status, _ = outcome(writes, Limits(memory=2**40, seconds=1_000, written=10_000))
    assert status == -25, "SIGXFSZ"
    assert path.stat().st_size == 10_000


def test_a_process_that_has_ended_needs_no_limits() -> None:
    with child("") as process:
        process.communicate(b"\n", timeout=60)
        confine(process.pid, WIDE)


def test_limits_only_ever_get_narrower() -> None:
    narrow = Limits(memory=2**30, seconds=1_000, written=2**40)
    with child("bytearray(2 * 10**9)") as process:
        confine(process.pid, narrow)
        confine(process.pid, WIDE)
        _, complaints = process.communicate(b"\n", timeout=60)
    assert b"MemoryError" in complaints


def test_whatever_reads_what_people_send_is_confined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ffmpeg that does nothing but tell, after a moment, what it may."""
    teller = tmp_path / "ffmpeg"
    teller.write_text(f'#!/bin/sh\nsleep 0.5\ncat /proc/self/limits > "{tmp_path}/limits"\nexit 1\n')
    teller.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(teller))
    readers = {
        "sound": lambda: video.read_sound(b"?", 1),
        "frames": lambda: list(video.read_frames(teller, 1, 64)),
        "join": lambda: video.join([b"\0\0\0\x08ftyp" + bytes(1_000)]),
    }
    for name, reader in readers.items():
        with pytest.raises(InvalidRequest):
            reader()
        told = (tmp_path / "limits").read_text()
        (tmp_path / "limits").unlink()
        soft = {line[:26].strip(): line[26:].split()[0] for line in told.splitlines()}
        assert soft["Max address space"] == str(video.READING.memory), name
        assert soft["Max cpu time"] == str(video.READING.seconds), name
        assert int(soft["Max file size"]) <= video.READING.written, name
        assert soft["Max core file size"] == "0", name
