"""Recordings judged: each fault is put into clean speech, and only that fault is found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recordings import FORMATS, file, noise, silence, spoken
from voiceover import audio, takes
from voiceover.errors import RecordingRefused
from voiceover.types import SAMPLE_RATE, Samples

SPOKEN = [("piper", "en-us"), ("espeak", "ru"), ("espeak", "en-us")]


def refusal(sound: Samples) -> dict[str, object]:
    with pytest.raises(RecordingRefused) as refused:
        takes.judge(sound.astype(np.float32))
    return refused.value.details


def level_of_speech(sound: Samples) -> float:
    """Root mean square of what is not a pause."""
    frames = sound[: len(sound) // 1536 * 1536].reshape(-1, 1536)
    power = (frames.astype(np.float64) ** 2).mean(axis=1)
    return float(np.sqrt(power[power > 0.02 * power.max()].mean()))


@pytest.mark.parametrize(("engine", "language"), SPOKEN)
def test_clean_speech_is_good(engine: str, language: str) -> None:
    take = takes.judge(spoken(engine, language))
    assert take.flaws == []
    assert take.above_noise > 20
    assert take.samples.dtype == np.float32
    assert np.abs(take.samples).max() <= 1


@pytest.mark.parametrize("extension", FORMATS)
def test_every_format_of_a_recording_gives_the_same_judgement(extension: str) -> None:
    plain, take = takes.judge(spoken()), takes.read(file(spoken(), extension))
    assert take.flaws == []
    assert take.seconds == pytest.approx(plain.seconds, abs=0.3)
    assert take.loudness == pytest.approx(plain.loudness, abs=0.5)


def test_silence_around_and_long_pauses_within_are_cut() -> None:
    speech = spoken()
    plain = takes.judge(speech)
    take = takes.judge(np.concatenate([silence(3), speech, silence(4), speech, silence(8)]))
    assert take.seconds == pytest.approx(2 * plain.seconds, abs=0.5)


def test_what_is_kept_is_equally_loud() -> None:
    import soxr

    for spoken_by in SPOKEN:
        kept = [takes.judge(spoken(*spoken_by) * np.float32(gain)).samples for gain in (0.08, 0.3, 1.9)]
        loudness = [audio.loudness(soxr.resample(sound, takes.TAKE_RATE, SAMPLE_RATE)) for sound in kept]
        assert max(loudness) - min(loudness) < 0.1
        as_loud_as_asked = abs(loudness[0] - audio.LOUDNESS) < 0.5
        as_loud_as_may_be = abs(np.abs(kept[0]).max() - audio.PEAK) < 0.03
        assert as_loud_as_asked or as_loud_as_may_be


def test_loudness_is_that_of_the_recording() -> None:
    loud, quiet = takes.judge(spoken()), takes.judge(spoken() * np.float32(0.1))
    assert loud.loudness - quiet.loudness == pytest.approx(20, abs=0.1)
    assert quiet.flaws == ["quiet"]
    assert refusal(spoken() * np.float32(0.01))["reason"] == "recording-quiet"


@pytest.mark.parametrize(("engine", "language"), SPOKEN)
@pytest.mark.parametrize("decibels", [5, 15, 25])
def test_noise_is_measured(engine: str, language: str, decibels: int) -> None:
    clean = spoken(engine, language)
    noisy = clean + noise(len(clean), level_of_speech(clean) * 10 ** (-decibels / 20))
    if decibels < takes.TOO_NOISY - 3:
        facts = refusal(noisy)
        assert facts["reason"] == "recording-noisy"
        assert facts["decibels"] == pytest.approx(decibels, abs=4)
    else:
        take = takes.judge(noisy)
        assert take.above_noise == pytest.approx(decibels, abs=4)
        assert ("noisy" in take.flaws) == (decibels < takes.NOISY)


@pytest.mark.parametrize("extension", ["wav", "webm", "mp3"])
@pytest.mark.parametrize(("gain", "verdict"), [(1.9, "good"), (3.0, "flawed"), (8.0, "refused")])
def test_clipping_is_measured_in_any_codec(extension: str, gain: float, verdict: str) -> None:
    recording = file(np.clip(spoken() * gain, -1, 1), extension)
    if verdict == "refused":
        with pytest.raises(RecordingRefused) as refused:
            takes.read(recording)
        assert refused.value.details["reason"] == "recording-clipped"
    else:
        assert ("clipped" in takes.read(recording).flaws) == (verdict == "flawed")


def test_too_little_and_too_much_speech_are_told() -> None:
    speech = spoken()
    facts = refusal(np.concatenate([silence(20), speech[: 4 * SAMPLE_RATE], silence(20)]))
    assert facts["reason"] == "recording-short"
    assert 2 <= int(str(facts["seconds"])) <= 4
    assert refusal(np.tile(speech, 4))["reason"] == "recording-long"


TIME = np.arange(10 * SAMPLE_RATE) / SAMPLE_RATE
CHORDS = [[220 * 2 ** (key / 12) for key in chord] for chord in ((0, 4, 7), (5, 9, 12))]
MUSIC = sum(
    np.where((TIME // 1).astype(int) % 2 == turn, np.sin(2 * np.pi * pitch * TIME), 0)
    for turn, chord in enumerate(CHORDS)
    for pitch in chord
) * np.exp(-4 * (TIME % 0.5))


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        (np.zeros(SAMPLE_RATE, np.float32), "recording-silent"),
        (silence(10), "recording-silent"),
        (noise(10 * SAMPLE_RATE, 0.1), "recording-no-speech"),
        (0.3 * np.sin(2 * np.pi * 220 * TIME), "recording-no-speech"),
        (0.1 * MUSIC, "recording-no-speech"),
        (noise(len(TIME), 0.5) * (TIME % 0.5 < 0.002), "recording-no-speech"),
        (np.full(10 * SAMPLE_RATE, 0.5, np.float32), "recording-no-speech"),
        (np.ones(1, np.float32), "recording-no-speech"),
    ],
    ids=["zeros", "silence", "noise", "tone", "music", "clicks", "constant", "one sample"],
)
def test_what_is_not_speech_is_refused(sound: Samples, reason: str) -> None:
    assert refusal(sound)["reason"] == reason


@given(st.integers(0, 2**32 - 1), st.floats(-8, 1), st.integers(1, 200_000))
@settings(max_examples=25)
def test_any_sound_is_judged(seed: int, level: float, count: int) -> None:
    sound = np.random.default_rng(seed).standard_normal(count) * 10**level
    assert str(refusal(sound)["reason"]).startswith("recording-")
