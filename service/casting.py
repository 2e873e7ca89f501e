"""Casting: who there is to speak, and who is chosen."""

from collections.abc import Sequence

from service.registry import AUTO, Registry
from service.traits import keeps_up, paced_voices
from tts.base import CloningEngine, SpeechEngine, Voice, VoiceSample
from voiceover.errors import NotFound
from voiceover.takes import TAKE_RATE
from voiceover.voices import OwnVoice

OWN = "own"
"""Begins the name of a voice that imitates somebody."""
AUTO_IMITATOR = "xtts_v2"
"""The model that people are told to get when nothing here can imitate a voice."""
DIALECTS = {"en": "en-us", "es": "es-es", "fr": "fr-fr", "nl": "nl-nl", "pt": "pt-br"}
"""The dialect meant by the plain name of a language."""
SYNONYMS = {"cmn": "zh", "nb": "no"}
"""Codes for what people know by another: Mandarin, Bokmål."""


def all_voices(engines: Registry[SpeechEngine], own: Sequence[OwnVoice] = ()) -> list[Voice]:
    """Return every voice there is here, best engine first; then `own` ones, as engines imitate them.

    Voices that were found slower than speech come behind those that keep up, so that `AUTO` passes over them.
    """
    offers = [offer for engine in engines.working() for offer in paced_voices(engine)]
    theirs = [voice for voice, _ in sorted(offers, key=lambda offer: not keeps_up(offer[1]))]
    return theirs + [
        _imitation(engine, somebody, language)
        for engine in (imitators(engines) if own else ())
        for somebody in own
        for language in engine.cloned_languages()
    ]


def imitators(engines: Registry[SpeechEngine]) -> list[CloningEngine]:
    """Return the engines that can imitate anybody here and now."""
    return [
        engine
        for engine in engines.working()
        if isinstance(engine, CloningEngine) and engine.cloned_languages()
    ]


def _imitation(engine: CloningEngine, somebody: OwnVoice, language: str) -> Voice:
    voice_id = f"{engine.name}:{OWN}-{somebody.id}-{language}"
    sample = VoiceSample(somebody.digest, somebody.samples, TAKE_RATE)
    return Voice(voice_id, engine.name, language, somebody.name, "imitated", sample)


def languages(voices: list[Voice]) -> list[str]:
    """Return the languages, without dialects, that somebody speaks."""
    return sorted({base_language(voice.language) for voice in voices if voice.fault is None})


def choose_voice(voices: list[Voice], language: str, wanted: str = AUTO) -> Voice:
    """Return the voice of that id if it speaks the language; else, and by `AUTO`, the best one that does.

    Asked for a language, the best engine speaks in whatever dialect it has; asked for a dialect, that
    one is spoken by whoever can. `AUTO` imitates nobody unless nobody else speaks the language: people
    want to be asked. Somebody imitated in one language is imitated in another, too, by the same engine.

    Raises:
        NotFound: nobody speaks the language, or there is no such voice.
        VoiceoverError: the voice asked for has a fault, or all who speak the language have.
    """
    named = voice_by_id(voices, wanted) if wanted != AUTO else None
    if named and base_language(named.language) == base_language(language):
        return named
    speaking = [v for v in voices if base_language(v.language) == base_language(language)]
    able = [v for v in speaking if v.fault is None]
    if speaking and speaking[0].fault and not able:
        raise speaking[0].fault
    if not able:
        raise NotFound(
            f"no voice speaks {language!r}", kind="language", name=language, choices=languages(voices)
        )
    engines = list(dict.fromkeys(voice.engine for voice in able))

    def preference(voice: Voice) -> tuple[bool, int, int]:
        distance, rank = _distance(voice.language, language.lower()), engines.index(voice.engine)
        return "-" in language and distance > 0, rank, distance

    same = [v for v in able if named and named.sample and _imitated(v) == _imitated(named)]
    return min(same or [v for v in able if v.sample is None] or able, key=preference)


def _imitated(voice: Voice) -> tuple[str, str] | None:
    return (voice.engine, voice.sample.digest) if voice.sample else None


def base_language(tag: str) -> str:
    """Return a language without its dialect: "en" of "en-US", "zh" of "cmn"."""
    base = tag.lower().split("-")[0]
    return SYNONYMS.get(base, base)


def voice_by_id(voices: list[Voice], wanted: str) -> Voice:
    """Return the voice of that id.

    Raises:
        NotFound: there is none.
        VoiceoverError: it has a fault.
    """
    for voice in voices:
        if voice.id == wanted:
            if voice.fault is not None:
                raise voice.fault
            return voice
    raise NotFound(f"no voice {wanted!r}", kind="voice", name=wanted, choices=[v.id for v in voices])


def _distance(tag: str, language: str) -> int:
    """How far a voice's tag is from the language asked for; voices of equal distance keep their order."""
    if tag in (language, DIALECTS.get(language)):
        return 0
    return 2 if "-" in tag else 1
