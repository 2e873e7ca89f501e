"""Recordings as people send them: spoken here, spoilt on purpose, in every format."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from service.casting import choose_voice
from service.engines import speech_engines
from service.models import ModelFolder
from tests.clips import FFMPEG
from voiceover.types import SAMPLE_RATE, Samples

TEXT = (
    "The quick brown fox jumps over the lazy dog, and then it rests. I read this text aloud so that a"
    " machine can hear my voice. It should take about ten seconds."
)
FORMATS = {
    "wav": ["-c:a", "pcm_s16le"],
    "flac": ["-c:a", "flac"],
    "mp3": ["-c:a", "libmp3lame"],
    "m4a": ["-c:a", "aac"],
    "ogg": ["-c:a", "libvorbis"],
    "webm": ["-c:a", "libopus"],  # as Chrome and Firefox record
    "mp4": ["-c:a", "aac", "-movflags", "empty_moov+frag_keyframe"],  # as Safari records
}


@cache
def spoken(engine: str = "piper", language: str = "en-us") -> Samples:
    """About nine seconds of speech at 48 kHz with its peak at half of full scale."""
    import soxr

    voices = speech_engines(ModelFolder()).get(engine)
    speech = voices.synthesize(TEXT, choose_voice(list(voices.voices()), language))
    sound = soxr.resample(speech.samples, speech.sample_rate, SAMPLE_RATE)
    return np.asarray(sound * (0.5 / np.abs(sound).max()), np.float32)


def noise(count: int, level: float) -> Samples:
    """White noise with a mean square of `level` squared."""
    return (level * np.random.default_rng(7).standard_normal(count)).astype(np.float32)


def silence(seconds: float) -> Samples:
    """What a microphone hears where nobody speaks."""
    return noise(round(seconds * SAMPLE_RATE), 1e-5)


def file(sound: Samples, extension: str = "wav", *options: str) -> bytes:
    """Write a sound at 48 kHz as a file of that kind."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"recording.{extension}"
        command = [FFMPEG, "-v", "error", "-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1", "-i", "-"]
        command += [*FORMATS[extension], *options, path]
        subprocess.run(command, input=sound.astype(np.float32).tobytes(), check=True, timeout=60)
        return path.read_bytes()
