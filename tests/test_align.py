"""Times carried over from a reference: how true they are, and what is done with odd sounds."""

import logging
from itertools import pairwise

import numpy as np
import pytest

from service.engines import EspeakAligner, speech_engines
from service.models import ModelFolder
from tests.alignment import HELD_OUT, boundary_errors
from tts.base import SpeechEngine, Voice
from voiceover.align import align, spelled, stretch
from voiceover.errors import EngineUnavailable
from voiceover.types import FPS, Speech

TEXT = "Good evening, everybody — here is the news!"
RATE = 22050


@pytest.fixture(scope="module")
def english(espeak: SpeechEngine) -> Speech:
    voice = next(voice for voice in espeak.voices() if voice.language == "en-us")
    return espeak.synthesize(TEXT, voice)


@pytest.fixture(scope="module")
def aligner(espeak: SpeechEngine) -> EspeakAligner:
    return EspeakAligner(lambda: espeak)


def test_times_are_within_a_video_frame_of_what_piper_tells(aligner: EspeakAligner) -> None:
    piper = speech_engines(ModelFolder()).get("piper")
    voice = piper.voices()[0]
    errors: list[float] = []
    for text in HELD_OUT:
        speech = piper.synthesize(text, voice)
        phones, words = aligner(speech.samples, speech.sample_rate, text, "en")
        found = boundary_errors(phones, speech.sample_rate, speech.phones, speech.sample_rate)
        assert len(found) > len(speech.phones) / 2, "the two are about the same phones"
        assert [word.text for word in words] == text.split()
        errors += found
    assert np.mean(np.abs(errors)) < 1 / FPS
    assert np.percentile(np.abs(errors), 90) < 2 / FPS


def test_another_voice_of_the_same_synthesizer_is_followed_closely(
    espeak: SpeechEngine, russian: Voice, aligner: EspeakAligner
) -> None:
    text = "Сегодня хорошая погода, и мы пойдём гулять по набережной."
    man = next(voice for voice in espeak.voices() if voice.id == "espeak:ru")
    speech = espeak.synthesize(text, man)
    phones, _ = aligner(speech.samples, speech.sample_rate, text, "ru")
    errors = boundary_errors(phones, speech.sample_rate, speech.phones, speech.sample_rate)
    assert np.mean(np.abs(errors)) < 0.02


def test_phones_fill_the_sound_and_words_cover_them(english: Speech) -> None:
    phones, words = align(english.samples, english.sample_rate, english)
    assert phones[0].start == 0
    assert phones[-1].stop == len(english.samples)
    assert all(a.stop == b.start for a, b in pairwise(phones))
    assert [p.symbol for p in phones if p.symbol] == [p.symbol for p in english.phones if p.symbol]
    assert [word.text for word in words] == TEXT.split()
    assert all(a.stop <= b.start for a, b in pairwise(words))
    assert all((word.stop > word.start) == (word.text != "—") for word in words)


@pytest.mark.parametrize("said", [4, 9, 14, 20])
def test_the_beginning_of_a_sound_is_known_before_its_end(english: Speech, said: int) -> None:
    last = [phone for phone in english.phones if phone.symbol][said - 1]
    heard = english.samples[: last.stop]
    phones, words = align(heard, english.sample_rate, english, whole=False)
    found = [phone for phone in phones if phone.symbol]
    assert abs(len(found) - said) <= 1
    for phone, true in zip(found[:-1], [p for p in english.phones if p.symbol], strict=False):
        assert phone.start == pytest.approx(true.start, abs=english.sample_rate / FPS)
    spoken = [word.text for word in english.words if word.start < last.start]
    assert [word.text for word in words][: len(spoken)] == spoken
    assert len(words) <= len(spoken) + 1


def test_a_pause_that_only_the_sound_has_is_found(english: Speech) -> None:
    before, after = 5, 6
    assert (TEXT.split()[before], TEXT.split()[after]) == ("is", "the"), "nobody pauses between them"
    at = english.words[before].stop
    pause = np.zeros(RATE // 2, np.float32)
    sound = np.concatenate([pause, english.samples[:at], pause, english.samples[at:], pause])
    phones, words = align(sound, english.sample_rate, english)
    pauses = [p for p in phones if not p.symbol and p.stop - p.start > 0.4 * RATE]
    assert len(pauses) == 3
    assert words[0].start == pytest.approx(RATE / 2, abs=0.06 * RATE)
    assert words[before].stop == pytest.approx(at + RATE / 2, abs=0.06 * RATE)
    assert words[after].start == pytest.approx(at + RATE, abs=0.06 * RATE)


def test_a_missing_pause_is_found_missing(english: Speech) -> None:
    spoken = [english.samples[p.start : p.stop] for p in english.phones if p.symbol]
    sound = np.concatenate(spoken)
    assert len(sound) < len(english.samples) - 0.3 * RATE
    phones, _ = align(sound, english.sample_rate, english)
    assert not [p for p in phones[1:-1] if not p.symbol and p.stop - p.start > 0.1 * RATE]


@pytest.mark.parametrize("text", ["", "…", "—"])
def test_nothing_said_has_no_phones(aligner: EspeakAligner, text: str) -> None:
    phones, words = aligner(np.ones(RATE, np.float32) * 0.1, RATE, text, "en")
    assert phones == ()
    assert [word.text for word in words] == text.split()


@pytest.mark.parametrize("samples", [np.zeros(0, np.float32), np.zeros(RATE, np.float32)])
def test_silence_has_no_phones(english: Speech, samples: np.ndarray) -> None:
    phones, words = align(samples, RATE, english)
    assert phones == ()
    assert [word.text for word in words] == TEXT.split()


@pytest.mark.parametrize("seconds", [0.001, 0.05, 2.0, 20.0])
def test_a_sound_that_says_something_else_is_timed_evenly_and_the_log_says_so(
    english: Speech, seconds: float, caplog: pytest.LogCaptureFixture
) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)
    with caplog.at_level(logging.WARNING):
        phones, words = align(noise, RATE, english)
    assert caplog.records
    assert (phones, words) == stretch(noise, RATE, english)
    assert all(0 <= p.start < p.stop <= len(noise) for p in phones)
    assert len(words) == len(TEXT.split())


def test_a_language_that_espeak_lacks_is_timed_by_letters(
    aligner: EspeakAligner, caplog: pytest.LogCaptureFixture
) -> None:
    sound = np.concatenate([np.zeros(RATE), np.random.default_rng(1).normal(0, 0.1, RATE)]).astype(np.float32)
    with caplog.at_level(logging.WARNING):
        phones, words = aligner(sound, RATE, "abc d5!", "xx")
    assert "letters" in caplog.text
    assert [p.symbol for p in phones] == ["", "a", "b", "c", "d", "ə"]
    assert [word.text for word in words] == ["abc", "d5!"]
    assert words[0].start == pytest.approx(RATE, abs=0.03 * RATE)
    assert words[1].stop - words[1].start == pytest.approx(0.4 * RATE, abs=0.03 * RATE)


def test_letters_are_used_where_espeak_is_missing() -> None:
    def missing() -> SpeechEngine:
        raise EngineUnavailable("not here", engine="espeak")

    phones, _ = EspeakAligner(missing)(np.ones(RATE, np.float32), RATE, "ab", "en")
    assert [p.symbol for p in phones if p.symbol] == ["a", "b"]


def test_letters_of_a_text_are_its_reference() -> None:
    reference = spelled("Да, 7 — да")
    assert [p.symbol for p in reference.phones] == ["д", "а", "ə", "д", "а"]
    assert [word.text for word in reference.words] == ["Да,", "7", "—", "да"]
