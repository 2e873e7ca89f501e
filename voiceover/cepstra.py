"""Sound as an ear tells vowels from consonants: mel-frequency cepstra.

Source: Davis & Mermelstein, "Comparison of parametric representations for monosyllabic word
recognition" (1980); deltas as in Furui, "Speaker-independent isolated word recognition" (1986).
"""

import numpy as np
from numpy.typing import NDArray

from voiceover.types import Samples

Matrix = NDArray[np.float32]

WINDOW = 0.02  # seconds
PREEMPHASIS = 0.97
BANDS, LOWEST, HIGHEST = 24, 80.0, 7600.0  # Hz
COEFFICIENTS = 10
RANGE = 60.0  # dB below the loudest frames: what is softer counts as silence
DECIBELS = 10 / np.log(10)  # in one neper of power
LEVEL_WEIGHT = 1.5  # of the first coefficient; the others tell the spectrum's shape


def mel_spectrum(samples: Samples, sample_rate: int, times: NDArray[np.floating]) -> Matrix:
    """Return the logarithm of the power in mel bands, `(len(times), 24)`, around each time in seconds."""
    window = round(WINDOW * sample_rate)
    silence = np.zeros(window, np.float32)
    sound = np.concatenate([silence, samples, silence])
    sound[1:] -= PREEMPHASIS * sound[:-1]
    starts = np.round(times * sample_rate).astype(int) + window - window // 2
    pieces = np.lib.stride_tricks.sliding_window_view(sound, window)[np.clip(starts, 0, len(sound) - window)]
    size = 1 << (window - 1).bit_length()
    power = np.abs(np.fft.rfft(pieces * np.hanning(window).astype(np.float32), size)) ** 2
    return np.asarray(np.log(power @ _mel_bank(sample_rate, size) + 1e-8), np.float32)


def loudness(spectrum: Matrix) -> NDArray[np.float32]:
    """Return each frame's level in dB below the loud frames of a `mel_spectrum`, `(n,)`."""
    level = DECIBELS * np.log(np.exp(spectrum).sum(axis=1))
    return np.asarray(level - np.percentile(level, 95), np.float32)


def cepstra(spectrum: Matrix, voiced: NDArray[np.bool_]) -> Matrix:
    """Return the cepstra of a `mel_spectrum`, `(n, 10)`: level first, then shape, coarse to fine.

    Means and spreads of the `voiced` frames are taken out: voices and microphones differ in them.
    """
    floor = np.percentile(spectrum[voiced], 95) - RANGE / DECIBELS
    order = np.arange(COEFFICIENTS)[:, None]
    cosines = np.cos(np.pi * order * (np.arange(BANDS) + 0.5) / BANDS)
    values = np.maximum(spectrum, floor) @ cosines.T
    values = (values - values[voiced].mean(axis=0)) / (values[voiced].std(axis=0) + 1e-3)
    values[:, 0] *= LEVEL_WEIGHT
    return np.asarray(values, np.float32)


def _mel_bank(sample_rate: int, size: int) -> Matrix:
    """Triangular bands, evenly spaced in mel: `(size // 2 + 1, BANDS)`."""
    lowest, highest = (2595 * np.log10(1 + hertz / 700) for hertz in (LOWEST, HIGHEST))
    edges = 700 * (10 ** (np.linspace(lowest, highest, BANDS + 2) / 2595) - 1)
    bins = np.arange(size // 2 + 1)[:, None] * sample_rate / size
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
