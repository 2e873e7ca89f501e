"""What is said in practice: sentences as they are written, words at random, and words that nobody says."""

from functools import cache
from pathlib import Path

import numpy as np

WORDS = (4, 11)  # in a made-up sentence: at least, and fewer than
NEW_WORDS = (3, 8)  # of which nobody says any
SYLLABLES = (1, 4)  # in such a word
LIPS = 0.25  # share of syllables that begin with lips that touch: what is seen most, and heard least
ENDING = 0.4  # share of such words that end with a consonant
EXAMINED = 10  # one in so many sentences is never practised: by those it is measured what was learned

ONSETS = {
    "en": "b c d f g h j k l m n p r s t v w y z sh ch th st br pl tr gr fl sp sm mb mp nd",
    "ru": "б в г д ж з к л м н п р с т ф х ц ч ш щ бр пл тр гр сп см мб мп нд ст",
}
LABIALS = {"en": "b m p", "ru": "б м п"}
ENDINGS = {"en": "b d f g k l m n p r s t v z", "ru": "б в г д ж з к л м н п р с т ф х"}
VOWELS = {
    "en": "a e i o u ee oo ai ow ar or ea oa er",
    "ru": "а е и о у ы э ю я ё ай ой",
}


def text(language: str, random: np.random.Generator, examined: bool) -> str:
    """Return something to say: a sentence, words of several, or words that nobody says.

    Some sixty sentences have few of the neighbourhoods in which a sound can be; made-up words have them all.

    Args:
        language: "en" or "ru".
        examined: whether it is of the sentences that are never practised; then all its words are real.
    """
    written = sentences(language, examined)
    kind = random.integers(2 if examined else 4)
    if kind == 0:
        return written[random.integers(len(written))]
    if kind == 1:
        return " ".join(random.choice(" ".join(written).split(), random.integers(*WORDS)))
    return " ".join(_word(language, random) for _ in range(random.integers(*NEW_WORDS)))


@cache
def sentences(language: str, examined: bool) -> list[str]:
    """Return the written sentences that are practised, or those that are not."""
    lines = Path(__file__).with_name(f"{language}.txt").read_text("utf-8").splitlines()
    return [line for number, line in enumerate(lines) if (number % EXAMINED == 0) == examined]


def _word(language: str, random: np.random.Generator) -> str:
    word = "".join(_syllable(language, random) for _ in range(random.integers(*SYLLABLES)))
    return word + random.choice(ENDINGS[language].split()) if random.random() < ENDING else word


def _syllable(language: str, random: np.random.Generator) -> str:
    onsets = LABIALS if random.random() < LIPS else ONSETS
    return str(random.choice(onsets[language].split()) + random.choice(VOWELS[language].split()))
