"""Keeping the mouth still while nothing is said: what silence is, and how the face comes to rest."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from voiceover.types import FPS, Samples, Speech
from wav2lip.mel import COLUMNS_PER_SECOND, SILENCE, Mel

Span = tuple[float, float]
"""Start and stop of something heard, in seconds."""

STEP = 0.01  # s between the points at which loudness is measured
QUIET = -35.0  # dB below the loud parts of the speech: quieter than any speech sound
QUIETEST = -60.0  # dBFS: a voice's own noise floor
STOP_CLOSURE = 0.15  # s: a shorter silence belongs to a consonant
REVERBERATION = 0.04  # s of hearing kept around what is heard
PAUSE = 0.6  # s: in a longer silence the face comes to rest
EASE_IN, EASE_OUT = 0.10, 0.24  # s from rest to speech and back
SEAM = 0.08  # s within which the face is brought to rest at the clip's ends


def heard_spans(samples: Samples, sample_rate: int) -> list[Span]:
    """Return when something is said; the silences inside consonants count as said."""
    size = round(STEP * sample_rate)
    blocks = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    level = 10 * np.log10(np.maximum((blocks**2).mean(axis=1), 1e-12))
    if not len(level):
        return []
    loud = level > max(np.percentile(level, 95) + QUIET, QUIETEST)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], loud.astype(np.int8), [0])))) * STEP
    return _joined([(float(start), float(stop)) for start, stop in edges.reshape(-1, 2)], STOP_CLOSURE)


def hush(mel: Mel, heard: list[Span]) -> Mel:
    """Return a mel spectrogram in which silence is silence: no noise floor that could move the lips."""
    times = np.arange(mel.shape[1]) / COLUMNS_PER_SECOND
    kept = np.zeros(mel.shape[1], bool)
    for start, stop in heard:
        kept |= (times > start - REVERBERATION) & (times < stop + REVERBERATION)
    return np.where(kept, mel, np.float32(SILENCE))


def rest_gate(speech: Speech, heard: list[Span]) -> NDArray[np.float64]:
    """Return how much of the drawn mouth each frame shows, `(frames,)`: 0 is the picture untouched, 1 speech.

    Where other speech adjoins, the face stays in its speaking posture; else the clip begins and ends at rest.
    """
    times, left = np.arange(speech.frames) / FPS, np.arange(speech.frames)[::-1] / FPS
    end = speech.frames / FPS
    before = [(-np.inf, 0.0)] if speech.follows else []
    after = [(end, np.inf)] if speech.continues else []
    gate = np.zeros(speech.frames)
    for start, stop in _joined([*before, *heard, *after], PAUSE):
        rise = _smooth((times - (start - EASE_IN)) / EASE_IN)
        fall = _smooth((stop + EASE_OUT - times) / EASE_OUT)
        gate = np.maximum(gate, np.minimum(rise, fall))
    if not speech.follows:
        gate = np.minimum(gate, _smooth(times / SEAM))
    if not speech.continues:
        gate = np.minimum(gate, _smooth(left / SEAM))
    return gate


def _joined(spans: list[Span], shortest: float) -> list[Span]:
    """Return the spans with all gaps shorter than `shortest` seconds closed."""
    if not spans:
        return []
    parts = [index + 1 for index, (one, other) in enumerate(pairwise(spans)) if other[0] - one[1] >= shortest]
    bounds = pairwise([0, *parts, len(spans)])
    return [(spans[first][0], spans[last - 1][1]) for first, last in bounds]


def _smooth(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smoothstep: 0 below 0, 1 above 1, level at both ends."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)
