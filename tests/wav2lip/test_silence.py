"""What counts as silence, and what the mouth does in it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceover.types import SAMPLE_RATE, Samples, Speech
from wav2lip import mel, silence

RATE = mel.SAMPLE_RATE


def sound(*parts: tuple[float, float], rate: int = RATE) -> Samples:
    """Noise, given as (seconds, level) one after another."""
    random = np.random.default_rng(0)
    pieces = [
        random.normal(0, level, round(seconds * rate)) if level else np.zeros(round(seconds * rate))
        for seconds, level in parts
    ]
    return np.concatenate(pieces).astype(np.float32)


def test_speech_is_found_between_silences() -> None:
    heard = silence.heard_spans(sound((0.3, 0), (0.5, 0.1), (0.7, 0), (0.2, 0.1), (0.3, 0)), RATE)
    assert np.allclose(heard, [(0.3, 0.8), (1.5, 1.7)], atol=silence.STEP)


def test_a_stop_consonant_is_no_silence() -> None:
    heard = silence.heard_spans(sound((0.4, 0.1), (0.1, 0), (0.4, 0.1)), RATE)
    assert np.allclose(heard, [(0, 0.9)], atol=silence.STEP)


@pytest.mark.parametrize("level", [0.3, 0.01])
def test_a_noise_floor_is_silence_however_loud_the_voice(level: float) -> None:
    heard = silence.heard_spans(sound((0.5, level / 300), (0.5, level), (0.5, level / 300)), RATE)
    assert np.allclose(heard, [(0.5, 1.0)], atol=silence.STEP)


def test_nothing_is_heard_in_silence_nor_in_nothing() -> None:
    assert silence.heard_spans(np.zeros(RATE, np.float32), RATE) == []
    assert silence.heard_spans(np.zeros(0, np.float32), RATE) == []


def test_hushed_sound_is_silent_only_where_nothing_is_said() -> None:
    noisy = sound((0.5, 1e-4), (0.5, 0.1), (0.5, 1e-4))
    spectrogram = mel.mel_spectrogram(noisy)
    hushed = silence.hush(spectrogram, silence.heard_spans(noisy, RATE))
    columns = np.arange(spectrogram.shape[1]) / mel.COLUMNS_PER_SECOND
    said, quiet = (columns > 0.47) & (columns < 1.03), (columns < 0.45) | (columns > 1.05)
    assert np.array_equal(hushed[:, said], spectrogram[:, said])
    assert np.all(hushed[:, quiet] == mel.SILENCE) and not np.all(spectrogram[:, quiet] == mel.SILENCE)


@given(
    st.lists(st.tuples(st.floats(0.05, 1.5), st.sampled_from([0, 0.1])), min_size=1, max_size=8),
    st.booleans(),
    st.booleans(),
)
def test_gate_is_bounded_smooth_and_at_rest_where_nothing_adjoins(
    parts: list[tuple[float, float]], follows: bool, continues: bool
) -> None:
    samples = sound(*parts, rate=SAMPLE_RATE)
    said = Speech(samples, SAMPLE_RATE, (), (), follows, continues)
    gate = silence.rest_gate(said, silence.heard_spans(samples, SAMPLE_RATE))
    assert gate.shape == (said.frames,)
    if said.frames:
        assert gate.min() >= 0 and gate.max() <= 1
        assert follows or gate[0] == 0
        assert continues or gate[-1] == 0
        assert np.abs(np.diff(gate)).max(initial=0) < 0.8


def test_a_long_pause_is_rested_in_even_between_adjoining_speech() -> None:
    samples = sound((2.0, 0), (0.4, 0.1), rate=SAMPLE_RATE)
    said = Speech(samples, SAMPLE_RATE, (), (), follows=True)
    gate = silence.rest_gate(said, silence.heard_spans(samples, SAMPLE_RATE))
    assert gate[0] == 1 and np.all(gate[10:45] == 0) and gate[54] == 1
