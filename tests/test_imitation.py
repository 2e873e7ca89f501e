"""Own voices, offered by every engine that can imitate."""

from pathlib import Path

import numpy as np
import pytest

from service.casting import all_voices, choose_voice, imitators, languages
from service.registry import AUTO
from tests.imitator import Imitator, engines_with_imitator, pitch
from tests.recordings import spoken
from tts.base import CloningEngine
from voiceover import takes
from voiceover.types import SAMPLE_RATE
from voiceover.voices import OwnVoice, VoiceStore

ENGINES = engines_with_imitator()
TEXT = "Привет, меня зовут Аватар, и я говорю чужим голосом."


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(tmp_path, most=5)


def recorded(store: VoiceStore, engine: str, language: str) -> OwnVoice:
    return store.add(takes.judge(spoken(engine, language)), f"{engine} {language}")


def test_only_engines_that_can_imitate_are_asked_to() -> None:
    (imitator,) = imitators(ENGINES)
    assert isinstance(imitator, Imitator)
    assert isinstance(imitator, CloningEngine)


def test_each_own_voice_is_offered_in_each_language(store: VoiceStore) -> None:
    own = [recorded(store, "piper", "en-us"), recorded(store, "espeak", "ru")]
    voices = [voice for voice in all_voices(ENGINES, store.all()) if voice.sample]
    assert {voice.id for voice in voices} == {
        f"imitator:own-{somebody.id}-{language}" for somebody in own for language in ("ru", "en-us")
    }
    digests = {somebody.name: somebody.digest for somebody in own}
    for voice in voices:
        assert voice.sample is not None
        assert voice.sample.digest == digests[voice.name]
    assert all_voices(ENGINES) == [v for v in all_voices(ENGINES, own) if not v.sample]


@pytest.mark.parametrize("whose", [("piper", "en-us"), ("espeak", "ru")])
def test_what_is_said_sounds_like_the_sample(store: VoiceStore, whose: tuple[str, str]) -> None:
    somebody = recorded(store, *whose)
    voice = choose_voice(all_voices(ENGINES, [somebody]), "ru", f"imitator:own-{somebody.id}-ru")
    speech = ENGINES.get(voice.engine).synthesize(TEXT, voice)
    assert pitch(speech.samples, speech.sample_rate) == pytest.approx(
        pitch(spoken(*whose), SAMPLE_RATE), rel=0.05
    )


def test_the_samples_differ_in_what_is_imitated() -> None:
    """Else the test before this one could not fail."""
    male, female = pitch(spoken("piper", "en-us"), SAMPLE_RATE), pitch(spoken("espeak", "ru"), SAMPLE_RATE)
    assert abs(np.log2(male / female)) > 0.2


@pytest.mark.parametrize("language", ["ru", "en", "en-us", "de"])
def test_nobody_is_imitated_unasked(store: VoiceStore, language: str) -> None:
    own = [recorded(store, "piper", "en-us")]
    assert choose_voice(all_voices(ENGINES, own), language, AUTO).sample is None


def test_own_voices_bring_no_language_of_their_own(store: VoiceStore) -> None:
    own = [recorded(store, "piper", "en-us")]
    assert languages(all_voices(ENGINES, own)) == languages(all_voices(ENGINES))
