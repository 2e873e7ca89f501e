"""Reading clips back, with ffmpeg and by their boxes."""

import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from voiceover.types import SAMPLE_RATE, Frame, Samples

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def sound_of(clip: Path) -> Samples:
    """Decode the sound: float32 `(n,)` at 48 kHz."""
    command = [FFMPEG, "-v", "error", "-i", clip, "-f", "f32le", "-ac", "1", "-ar", str(SAMPLE_RATE), "-"]
    return np.frombuffer(
        subprocess.run(command, check=True, capture_output=True, timeout=60).stdout, np.float32
    )


def frames_of(clip: Path, size: tuple[int, int]) -> list[Frame]:
    """Decode the pictures."""
    command = [FFMPEG, "-v", "error", "-i", clip, "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
    raw = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    width, height = size
    return list(np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3))


def picture_stream_of(clip: Path) -> bytes:
    """Return the encoded pictures as they are."""
    command = [FFMPEG, "-v", "error", "-i", clip, "-map", "0:v", "-c", "copy", "-f", "h264", "-"]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def complaints_about(clip: Path) -> str:
    """Decode everything strictly and return what ffmpeg has to say about it."""
    command = [FFMPEG, "-v", "warning", "-xerror", "-i", clip, "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stderr


def boxes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Split MP4 data into its boxes: (type, content)."""
    position = 0
    while position < len(data):
        length = struct.unpack_from(">I", data, position)[0]
        yield data[position + 4 : position + 8].decode(), data[position + 8 : position + length]
        position += length


@dataclass(frozen=True)
class Run:
    """A `trun` box: samples of one track in one fragment."""

    track: int
    samples: int
    first_is_keyframe: bool | None


def runs(clip: bytes) -> Iterator[Run]:
    """Tell what each fragment holds."""
    for kind, moof in boxes(clip):
        if kind != "moof":
            continue
        for traf in (content for name, content in boxes(moof) if name == "traf"):
            parts = dict(boxes(traf))
            track = struct.unpack_from(">I", parts["tfhd"], 4)[0]
            flags, count = struct.unpack_from(">II", parts["trun"])
            first = None
            if flags & 0x4:  # first-sample-flags-present, after the optional data offset
                sample_flags = struct.unpack_from(">I", parts["trun"], 12 if flags & 0x1 else 8)[0]
                first = not sample_flags & 0x10000  # sample_is_non_sync_sample
            yield Run(track, count, first)
