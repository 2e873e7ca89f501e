"""Speeches to practise on, and the mouths that visemes make for them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from service.practice.texts import text
from service.practice.tracks import shapes
from tts.base import SpeechEngine, Voice
from voiceover.audio import finish

if TYPE_CHECKING:
    from wav2lip.training.corpus import Lesson

TEXTS = {"en-us": "en", "en-gb-x-rp": "en", "ru": "ru", "ru-cl": "ru"}
"""Dialects that are practised → the language of what is said in them."""
VARIANTS = (
    "", "m1", "m2", "m3", "m4", "m5", "m6", "m8", "f1", "f2", "f3", "f5", "Alex", "Alicia", "Andrea", "Andy",
    "Annie", "Denis", "Diogo", "Gene", "Hugo", "Jacky", "Lee", "Mario", "Michael", "Mike", "Nguyen", "Reed",
    "Storm", "adam", "anika", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb", "croak", "david",
    "ed", "edward", "grandma", "grandpa", "gustave", "ian", "iven", "john", "kaukovalta", "klatt", "klatt3",
    "klatt6", "linda", "marcelo", "max", "michel", "miguel", "norbert", "pablo", "paul", "pedro", "quincy",
    "rob", "robert", "sandro", "shelby", "steph", "steph3", "travis", "victor", "whisper", "zac",
)  # fmt: skip
"""espeak's throats."""
HELD_OUT = ("m7", "f4")
"""espeak's throats that are never practised with: by them it is measured what was learned."""
QUICKER = (0.82, 1.22)  # and higher, as a tape that is played faster
PAUSES = (0.05, 0.7)  # s


def lessons(
    engine: SpeechEngine, voices: Sequence[Voice], count: int, copies: int, seed: int, examined: bool = False
) -> "Iterator[Lesson]":
    """Yield so many speeches by voices in turn, each in several copies of different pace and pitch.

    Args:
        examined: whether they are of the sentences that are never practised.
    """
    from wav2lip.training.corpus import Lesson

    for number in range(count):
        random = np.random.default_rng([seed, number])
        voice = voices[number % len(voices)]
        said = engine.synthesize(text(TEXTS[voice.language], random, examined), voice)
        for _ in range(copies):
            rate = round(said.sample_rate * random.uniform(*QUICKER))
            pause = random.uniform(*PAUSES)
            speech = finish(replace(said, sample_rate=rate), pause, follows=True, continues=True)
            yield Lesson(speech, shapes(speech))


def throats(engine: SpeechEngine, variants: Sequence[str]) -> list[Voice]:
    """Return espeak's voices of the languages that are practised, in each of the variants, shuffled."""
    plain = [v for v in engine.voices() if v.language in TEXTS and "+" not in v.id]
    voices = [replace(v, id=f"{v.id}+{variant}".removesuffix("+")) for variant in variants for v in plain]
    return [voices[index] for index in np.random.default_rng(0).permutation(len(voices))]


def natural(engine: SpeechEngine) -> list[Voice]:
    """Return an engine's voices of the languages that are practised."""
    return [voice for voice in engine.voices() if voice.language in TEXTS and voice.fault is None]
