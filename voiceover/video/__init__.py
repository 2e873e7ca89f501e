"""The only home of ffmpeg: frames and sound become MP4, recordings become frames and sound."""

from voiceover.video.clips import SoundCodec, encode, encode_moments, join
from voiceover.video.films import Captions, write
from voiceover.video.process import missing_parts
from voiceover.video.reading import READING, read_frames, read_sound

__all__ = [
    "READING",
    "Captions",
    "SoundCodec",
    "encode",
    "encode_moments",
    "join",
    "missing_parts",
    "read_frames",
    "read_sound",
    "write",
]
