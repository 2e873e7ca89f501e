"""From a voice's sound to the sound of a clip: trimmed, evened out in loudness, 48 kHz, whole fragments."""

import warnings
from dataclasses import replace

import numpy as np

from voiceover.errors import InvalidRequest
from voiceover.types import (
    FRAMES_PER_FRAGMENT,
    SAMPLE_RATE,
    SAMPLES_PER_FRAME,
    Phone,
    Samples,
    Speech,
    Word,
)

LOUDNESS = -18.0  # LUFS of every chunk, near what streaming services use for speech
PEAK = 0.89  # -1 dBFS: the encoder may overshoot a little
MEASURABLE = 0.4  # seconds: the gating block of BS.1770
LEAD_IN = 0.1  # seconds of silence in which the mouth gets ready
ATTACK, RELEASE = 0.02, 0.06  # seconds kept around the first and last phone
FADE = 0.005  # seconds


def finish(speech: Speech, pause: float, follows: bool = False, continues: bool = False) -> Speech:
    """Make a voice's speech ready to be a chunk of a clip.

    The silence around it becomes `LEAD_IN` seconds before and at least `pause` seconds after; loudness
    becomes `LOUDNESS`; the result is 48 kHz and a whole number of fragments long. `follows` and
    `continues` tell whether other speech adjoins it.

    Raises:
        InvalidRequest: there is nothing to hear.
    """
    speech = bare(speech)
    return framed(replace(speech, samples=evened(speech.samples)), pause, follows, continues)


def bare(speech: Speech) -> Speech:
    """Return speech at 48 kHz without the silence around it.

    Raises:
        InvalidRequest: there is nothing to hear.
    """
    return _resampled(_trimmed(speech))


def framed(speech: Speech, pause: float, follows: bool, continues: bool) -> Speech:
    """Put the silences of a chunk around bare speech; see `finish`."""
    sound = faded(speech.samples)
    before = round(LEAD_IN * SAMPLE_RATE)
    fragment = FRAMES_PER_FRAGMENT * SAMPLES_PER_FRAME
    fragments = -(-(before + len(sound) + round(pause * SAMPLE_RATE)) // fragment)
    samples = np.zeros(fragments * fragment, np.float32)
    samples[before : before + len(sound)] = sound
    placed = moved(speech, 1.0, before, len(samples))
    return replace(placed, samples=samples, follows=follows, continues=continues)


def load() -> None:
    """Import the libraries that `finish` needs: half a second, once, that a user need not wait for."""
    import pyloudnorm  # noqa: F401
    import soxr  # noqa: F401


def silence(frames: int) -> Speech:
    """Return finished speech in which nothing is said."""
    return Speech(np.zeros(frames * SAMPLES_PER_FRAME, np.float32), SAMPLE_RATE, (), ())


def _trimmed(speech: Speech) -> Speech:
    voiced = [phone for phone in speech.phones if phone.symbol]
    if not voiced or not np.any(speech.samples):
        raise InvalidRequest("there is nothing to speak in this text", reason="nothing-to-speak")
    start = max(voiced[0].start - round(ATTACK * speech.sample_rate), 0)
    stop = min(voiced[-1].stop + round(RELEASE * speech.sample_rate), len(speech.samples))
    kept = replace(speech, samples=speech.samples[start:stop])
    return moved(kept, 1.0, -start, stop - start)


def _resampled(speech: Speech) -> Speech:
    samples = resample(speech.samples, speech.sample_rate)
    placed = moved(speech, SAMPLE_RATE / speech.sample_rate, 0, len(samples))
    return replace(placed, samples=samples, sample_rate=SAMPLE_RATE)


def resample(samples: Samples, sample_rate: int) -> Samples:
    """Bring a sound to 48 kHz."""
    import soxr

    return np.asarray(soxr.resample(samples, sample_rate, SAMPLE_RATE), np.float32)


def moved(speech: Speech, scale: float, offset: int, length: int) -> Speech:
    """Scale and move all times, and cut off what falls outside `length` samples."""

    def place(position: int) -> int:
        return min(max(round(position * scale) + offset, 0), length)

    phones = (Phone(p.symbol, place(p.start), place(p.stop)) for p in speech.phones)
    words = (Word(w.text, place(w.start), place(w.stop)) for w in speech.words)
    return replace(speech, phones=tuple(p for p in phones if p.stop > p.start), words=tuple(words))


def loudness(sound: Samples) -> float:
    """Measure a sound at 48 kHz in LUFS (ITU-R BS.1770, EBU R128); -inf where there is only silence."""
    from pyloudnorm import Meter

    # A sound shorter than the meter's window is measured in repetition.
    repeats = -(-round(MEASURABLE * 1.5 * SAMPLE_RATE) // len(sound))
    with warnings.catch_warnings():  # the meter warns where it finds only silence
        warnings.simplefilter("ignore")
        return float(Meter(SAMPLE_RATE).integrated_loudness(np.tile(sound, repeats)))


def evened(sound: Samples) -> Samples:
    """Bring the loudness of a sound at 48 kHz to `LOUDNESS`, its peak to at most `PEAK`."""
    return sound * gain(sound)


def gain(sound: Samples, headroom: float = 1.0) -> np.float32:
    """Return the factor by which `evened` makes a sound louder; `headroom` keeps its peak below `PEAK`."""
    measured = loudness(sound)
    wanted = 10 ** ((LOUDNESS - measured) / 20) if np.isfinite(measured) else 1.0
    return np.float32(min(wanted, PEAK / headroom / float(np.abs(sound).max())))


def faded(sound: Samples, into: bool = True, out: bool = True) -> Samples:
    """Fade the edges of a sound at 48 kHz, so that it neither begins nor ends with a click."""
    length = min(round(FADE * SAMPLE_RATE), len(sound) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, length))).astype(np.float32)
    soft = sound.copy()
    if into:
        soft[:length] *= ramp
    if out:
        soft[len(soft) - length :] *= ramp[::-1]
    return soft
