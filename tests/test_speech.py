"""The contract that every speech engine keeps, by real voices."""

import threading
from pathlib import Path

import numpy as np
import pytest

from service.casting import choose_voice
from service.engines import speech_engines
from service.models import ModelFolder
from tests.coquimodels import build_vits
from tts.base import SpeechEngine, Voice
from tts.espeak import EspeakEngine
from voiceover.errors import NotFound, SynthesisError
from voiceover.types import Speech

ENGINES = speech_engines(ModelFolder())
TEXTS = {
    "en-us": "Hello, my friend! There are 25 of the best — and 3.5% more.",
    "ru": "Привет, мой друг! Здесь 25 лучших — и ещё три.",
}


def cases() -> list[tuple[str, str]]:
    return [("espeak", "ru"), ("espeak", "en-us"), ("piper", "en-us"), ("coqui", "en-us")]


@pytest.fixture(params=cases(), ids="-".join, scope="module")
def spoken(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SpeechEngine, Voice, str, Speech]:
    name, language = request.param
    engine = ENGINES.get(name) if name != "coqui" else untrained_vits(tmp_path_factory.mktemp("checkpoints"))
    voice = choose_voice(list(engine.voices()), language)
    text = TEXTS[language]
    return engine, voice, text, engine.synthesize(text, voice)


def untrained_vits(checkpoints: Path) -> SpeechEngine:
    build_vits(checkpoints / "coqui" / "untrained", phonemes=True)
    return speech_engines(ModelFolder(checkpoints)).get("coqui")


def test_there_is_sound(spoken: tuple[SpeechEngine, Voice, str, Speech]) -> None:
    speech = spoken[3]
    assert speech.samples.dtype == np.float32
    assert speech.samples.ndim == 1
    assert np.abs(speech.samples).max() <= 1
    assert 2 < speech.duration < 8


def test_phones_follow_each_other_within_the_sound(spoken: tuple[SpeechEngine, Voice, str, Speech]) -> None:
    speech = spoken[3]
    assert all(phone.start < phone.stop for phone in speech.phones)
    assert all(a.stop <= b.start for a, b in zip(speech.phones, speech.phones[1:], strict=False))
    assert speech.phones[-1].stop <= len(speech.samples)
    assert sum(bool(phone.symbol) for phone in speech.phones) > 25


def test_phones_are_where_the_sound_is(spoken: tuple[SpeechEngine, Voice, str, Speech]) -> None:
    if spoken[0].name == "coqui":
        pytest.skip("who has learnt nothing makes noise all the time")
    speech = spoken[3]
    vowels = [p for p in speech.phones if any(letter in "aeiouɑɛɪɔʌə" for letter in p.symbol)]
    silences = [p for p in speech.phones if not p.symbol and (p.stop - p.start) > 0.1 * speech.sample_rate]
    energy = speech.samples.astype(np.float64) ** 2

    def level(phones: list) -> float:
        return float(np.mean(np.concatenate([energy[p.start : p.stop] for p in phones])))

    assert silences, "the comma makes a pause"
    assert level(vowels) > 10 * level(silences)


def test_words_are_the_typed_pieces_in_order(spoken: tuple[SpeechEngine, Voice, str, Speech]) -> None:
    _, _, text, speech = spoken
    assert [word.text for word in speech.words] == text.split()
    assert all(word.start <= word.stop for word in speech.words)
    assert all(a.stop <= b.start for a, b in zip(speech.words, speech.words[1:], strict=False))
    by_text = {word.text: word for word in speech.words}
    assert by_text["—"].start == by_text["—"].stop
    number = by_text["25"]
    assert number.stop - number.start > 0.3 * speech.sample_rate, "a number is read in full"


def test_words_cover_their_phones(spoken: tuple[SpeechEngine, Voice, str, Speech]) -> None:
    speech = spoken[3]
    for word in (speech.words[0], speech.words[-1]):
        inside = [p for p in speech.phones if p.symbol and word.start <= p.start < word.stop]
        assert len(inside) >= 2


@pytest.mark.parametrize("text", ["", "   ", "...", "—"])
def test_marks_alone_say_nothing(spoken: tuple[SpeechEngine, Voice, str, Speech], text: str) -> None:
    engine, voice, _, _ = spoken
    speech = engine.synthesize(text, voice)
    assert not [phone for phone in speech.phones if phone.symbol]
    assert [word.text for word in speech.words] == text.split()


@pytest.mark.parametrize(
    "text",
    ["a\0b", "\u202eabc\u200b", "<speak><b>hi</b></speak>", "[[pri]] {x}", "\ud800", "😀 ok", "$(ls) ; `id`"],
)
def test_odd_texts_are_spoken_or_refused(spoken: tuple[SpeechEngine, Voice, str, Speech], text: str) -> None:
    engine, voice, _, _ = spoken
    try:
        speech = engine.synthesize(text, voice)
    except SynthesisError:
        return
    assert [word.text for word in speech.words] == text.split()


def test_many_threads_may_speak_at_once(spoken: tuple[SpeechEngine, Voice, str, Speech]) -> None:
    engine, voice, text, alone = spoken
    results: list[Speech] = []
    threads = [
        threading.Thread(target=lambda: results.append(engine.synthesize(text, voice))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for speech in results:
        assert [phone.symbol for phone in speech.phones] == [phone.symbol for phone in alone.phones]
        assert speech.duration == pytest.approx(alone.duration, rel=0.02)


def test_piper_is_deterministic() -> None:
    engine = ENGINES.get("piper")
    voice = engine.voices()[0]
    first, second = (engine.synthesize("Same words, same sound.", voice) for _ in range(2))
    assert np.array_equal(first.samples, second.samples)


def test_espeak_stresses_the_vowel_before_an_acute(espeak: SpeechEngine) -> None:
    voice = choose_voice(list(espeak.voices()), "ru")

    def stressed(text: str) -> list[bool]:
        phones = espeak.synthesize(text, voice).phones
        return ["ˈ" in phone.symbol for phone in phones if any(vowel in phone.symbol for vowel in "aɑoʌ")]

    assert stressed("за\u0301мок") == [True, False]
    assert stressed("замо\u0301к") == [False, True]


def test_espeak_speaks_a_hundred_languages(espeak: SpeechEngine) -> None:
    assert len({voice.language for voice in espeak.voices()}) > 100


def test_every_voice_that_espeak_lists_can_be_found(espeak: SpeechEngine) -> None:
    for voice in espeak.voices():
        assert len(espeak.synthesize("1", voice).samples), voice.id


def test_a_voice_speaks_at_its_own_pace_whoever_spoke_before(espeak: SpeechEngine) -> None:
    voices = {voice.id: voice for voice in espeak.voices()}

    def pace() -> float:
        return espeak.synthesize("Eins, zwei, drei, vier.", voices["espeak:de"]).duration

    before = pace()
    espeak.synthesize("1", voices["espeak:chr-US-Qaaa-x-west"])  # slower by itself
    assert pace() == pytest.approx(before, rel=0.02)


def test_voices_have_names_of_their_own() -> None:
    ids = [voice.id for engine in ENGINES.working() for voice in engine.voices()]
    assert len(ids) == len(set(ids))
    assert all(voice_id.split(":")[0] in ENGINES.names() for voice_id in ids)


VOICES = [voice for engine in ENGINES.working() for voice in engine.voices()]


@pytest.mark.parametrize(
    ("language", "chosen"),
    [
        ("en", "piper:en_US-joe-medium"),
        ("en-US", "piper:en_US-joe-medium"),
        ("ru", "espeak:ru+f2"),
        ("en-gb", "espeak:en-gb+f2"),
        ("fr", "espeak:fr-fr+f2"),
        ("zh", "espeak:cmn+f2"),
        ("de-at", "espeak:de+f2"),
    ],
)
def test_auto_takes_the_best_voice_of_the_language(language: str, chosen: str) -> None:
    assert choose_voice(VOICES, language).id == chosen


def test_unknown_voice_and_language_are_told() -> None:
    with pytest.raises(NotFound) as voice:
        choose_voice(VOICES, "ru", "nobody")
    assert voice.value.details["kind"] == "voice"
    with pytest.raises(NotFound) as language:
        choose_voice(VOICES, "xx")
    assert language.value.details["kind"] == "language"


def test_espeak_survives_another_engine_in_the_process(espeak: SpeechEngine, russian: Voice) -> None:
    before = espeak.synthesize("Привет, мир!", russian)
    for _ in range(5):
        other = EspeakEngine()
        assert [phone.symbol for phone in espeak.synthesize("Привет, мир!", russian).phones] == [
            phone.symbol for phone in before.phones
        ]
        assert other.voices() == espeak.voices()
