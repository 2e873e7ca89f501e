"""Sound as Wav2Lip hears it: mel spectrograms, and the window of one that each video frame sees."""

import numpy as np
from numpy.typing import NDArray

from voiceover.types import Samples
from wav2lip.model import MEL_BANDS, MEL_COLUMNS

SAMPLE_RATE = 16_000
WINDOW = 800  # samples, 50 ms
HOP = 200  # samples, 12.5 ms
COLUMNS_PER_SECOND = SAMPLE_RATE // HOP  # 80
PREEMPHASIS = 0.97
LOWEST, HIGHEST = 55.0, 7600.0  # Hz
FLOOR = 1e-5  # amplitude; -100 dB
REFERENCE_LEVEL = 20.0  # dB
SILENCE = -4.0  # the value of a column without sound; the loudest is +4

Mel = NDArray[np.float32]
"""Mel spectrogram, float32 `(80, columns)` in [-4, 4], 80 columns a second."""


def mel_spectrogram(samples: Samples) -> Mel:
    """Return the mel spectrogram of 16 kHz sound, as the published weights were trained on it.

    Args:
        samples: float32 `(n,)` in [-1, 1] at 16 kHz, n > 400.

    Returns:
        float32 `(80, n // 200 + 1)` in [-4, 4].
    """
    import librosa

    emphasized = np.append(samples[:1], samples[1:] - PREEMPHASIS * samples[:-1])
    # librosa's own STFT is left aside: it takes seconds to compile itself when first called.
    mirrored = np.pad(emphasized, WINDOW // 2, mode="reflect")
    pieces = np.lib.stride_tricks.sliding_window_view(mirrored, WINDOW)[::HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    magnitudes = np.abs(np.fft.rfft(pieces * hann)).T
    bands = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=WINDOW, n_mels=MEL_BANDS, fmin=LOWEST, fmax=HIGHEST)
    level = 20 * np.log10(np.maximum(FLOOR, bands @ magnitudes)) - REFERENCE_LEVEL
    return np.asarray(np.clip(8 * (level + 100) / 100 - 4, SILENCE, -SILENCE), np.float32)


def window_starts(columns: int, fps: float) -> list[int]:
    """Return where the reference lets each frame's window begin in a spectrogram of that many columns.

    Its last frame sees the last window, and the sound under that window gets no further frames: 4 s of
    sound give 97 frames at 25 fps. `frame_windows` loses none.
    """
    starts: list[int] = []
    while (start := int(len(starts) * (COLUMNS_PER_SECOND / fps))) + MEL_COLUMNS <= columns:
        starts.append(start)
    return [*starts, columns - MEL_COLUMNS]


def framed(mel: Mel, frames: int, fps: float, before: int = 0) -> tuple[Mel, NDArray[np.int64]]:
    """Return a spectrogram with as much silence around it as its frames' windows need, and where they begin.

    Args:
        before: columns of each window that lie before its frame; the reference has none.
    """
    starts = (np.arange(frames) * (COLUMNS_PER_SECOND / fps)).astype(np.int64)
    missing = max(int(starts[-1]) + MEL_COLUMNS - before - mel.shape[1], 0) if frames else 0
    return np.pad(mel, ((0, 0), (before, missing)), constant_values=SILENCE), starts


def frame_windows(mel: Mel, frames: int, fps: float, before: int = 0) -> NDArray[np.float32]:
    """Cut out what each of `frames` video frames sees; before the sound and after it that is silence.

    Args:
        before: see `framed`.

    Returns:
        float32 `(frames, 1, 80, 16)`.
    """
    padded, starts = framed(mel, frames, fps, before)
    windows = np.lib.stride_tricks.sliding_window_view(padded, MEL_COLUMNS, axis=1)
    return np.ascontiguousarray(windows[:, starts].transpose(1, 0, 2)[:, None])
