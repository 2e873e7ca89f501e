"""Sound of a chunk."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyloudnorm import Meter

from voiceover import audio
from voiceover.errors import InvalidRequest
from voiceover.types import FRAMES_PER_FRAGMENT, SAMPLE_RATE, SAMPLES_PER_FRAME, Phone, Speech, Word

FRAGMENT = FRAMES_PER_FRAGMENT * SAMPLES_PER_FRAME


def spoken(seconds: float = 1.3, level: float = 0.1, rate: int = 22_050, silence: float = 0.4) -> Speech:
    """A voice-like buzz between two silences, one phone and one word long."""
    quiet = np.zeros(round(silence * rate), np.float32)
    time = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 12))
    sound = (level * buzz * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time))).astype(np.float32)
    start, stop = len(quiet), len(quiet) + len(sound)
    phones = (Phone("", 0, start), Phone("a", start, stop), Phone("", stop, stop + len(quiet)))
    return Speech(np.concatenate([quiet, sound, quiet]), rate, phones, (Word("Aaa!", start, stop),))


@given(st.floats(0.02, 3), st.floats(0, 1), st.sampled_from([16_000, 22_050, 24_000, 48_000]))
def test_speech_becomes_whole_fragments_with_the_pause_after_it(
    seconds: float, pause: float, rate: int
) -> None:
    speech = audio.finish(spoken(seconds, rate=rate, silence=0), pause)
    assert speech.sample_rate == SAMPLE_RATE
    assert len(speech.samples) % FRAGMENT == 0
    assert speech.samples.dtype == np.float32
    assert len(speech.samples) - speech.phones[-1].stop >= int(pause * SAMPLE_RATE)
    assert speech.duration < seconds + pause + 0.6


@pytest.mark.parametrize("level", [0.003, 0.05, 0.3])
def test_loud_and_quiet_voices_end_up_equally_loud(level: float) -> None:
    speech = audio.finish(spoken(2.0, level), 0.3)
    heard = Meter(SAMPLE_RATE).integrated_loudness(speech.samples)
    assert heard == pytest.approx(audio.LOUDNESS, abs=1)
    assert np.abs(speech.samples).max() <= audio.PEAK + 1e-6


def test_silence_around_speech_is_trimmed_and_times_move_with_it() -> None:
    speech = audio.finish(spoken(1.0, silence=2.0), 0.2)
    phone = next(phone for phone in speech.phones if phone.symbol == "a")
    assert phone.start / SAMPLE_RATE == pytest.approx(audio.LEAD_IN + audio.ATTACK, abs=0.002)
    assert (phone.stop - phone.start) / SAMPLE_RATE == pytest.approx(1.0, abs=0.002)
    assert (speech.words[0].start, speech.words[0].stop) == (phone.start, phone.stop)
    assert not np.any(speech.samples[: round(audio.LEAD_IN * SAMPLE_RATE)])
    loud = np.flatnonzero(np.abs(speech.samples) > 0.01)
    assert phone.start - SAMPLE_RATE * 0.01 < loud[0] < phone.start + SAMPLE_RATE * 0.01
    assert abs(loud[-1] - phone.stop) < SAMPLE_RATE * 0.03


def test_edges_are_faded() -> None:
    rate = 22_050
    tone = np.full(rate, 0.5, np.float32)  # starts and ends with a step
    speech = audio.finish(Speech(tone, rate, (Phone("a", 0, rate),), ()), 0.2)
    assert np.abs(np.diff(speech.samples)).max() < 0.05


@pytest.mark.parametrize(
    "nothing",
    [
        Speech(np.zeros(0, np.float32), 22_050, (), ()),
        Speech(np.zeros(22_050, np.float32), 22_050, (Phone("a", 0, 22_050),), ()),
        Speech(np.ones(22_050, np.float32), 22_050, (Phone("", 0, 22_050),), ()),
    ],
)
def test_nothing_to_hear_is_refused(nothing: Speech) -> None:
    with pytest.raises(InvalidRequest) as refused:
        audio.finish(nothing, 0.3)
    assert refused.value.details["reason"] == "nothing-to-speak"


def test_silence_says_nothing() -> None:
    speech = audio.silence(10)
    assert speech.frames == 10
    assert speech.phones == speech.words == ()
