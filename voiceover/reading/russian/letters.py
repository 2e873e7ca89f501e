"""Words in capital letters: read as words, or by the names of their letters."""

import re

from voiceover.reading.draft import Draft
from voiceover.reading.russian.grammar import is_word


def _names(alphabet: str, names: str) -> dict[str, str]:
    return dict(zip(alphabet, names.split(), strict=True))


_CYRILLIC = _names(
    "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ",
    "а бэ вэ гэ дэ е ё жэ зэ и и-краткое ка эль эм эн о пэ эр эс тэ у эф ха цэ че ша ща твёрдый-знак ы "
    "мягкий-знак э ю я",
)
_LATIN = _names(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "эй би си ди и эф джи эйч ай джей кей эл эм эн оу пи кью ар эс ти ю ви дабл-ю икс уай зед",
)
_KNOWN = {"США": "сэ-шэ-а", "ФРГ": "фэ-эр-гэ", "ГИБДД": "ги-бэ-дэ-дэ", "ЦСКА": "цэ-эс-ка", "ВУЗ": "вуз"}
_SAID_AS_WORDS = {"СМИ", "МКАД", "МХАТ", "СПИД", "СНИЛС", "ТАСС", "ГРЭС", "БРИКС"}

_CAPITALS = re.compile(r"(?<![\w-])[А-ЯЁ]{2,6}(?![\w])|(?<=-)[А-ЯЁ]{2,6}(?![\w])")
_VOWEL = "АЕЁИОУЫЭЮЯ"
_SYLLABLES = re.compile(
    rf"[^{_VOWEL}]?(?:[{_VOWEL}][^{_VOWEL}]{{1,2}})*[{_VOWEL}](?:[^{_VOWEL}]{{0,2}}|[{_VOWEL}][^{_VOWEL}]?)"
)
_DOUBLED_END = re.compile(r"(.)\1$")


def read(draft: Draft) -> Draft:
    """Spell abbreviations in capitals."""
    return draft.sub(_CAPITALS, _capitals)


def spell(letters: str) -> str:
    """Return the names of letters, Cyrillic or Latin, joined by hyphens: "МГУ" → "эм-гэ-у"."""
    names = _CYRILLIC | _LATIN
    return "-".join(names[letter] for letter in letters.upper() if letter in names)


def _capitals(match: re.Match[str]) -> str | None:
    word = match[0]
    if word in _KNOWN:
        return _KNOWN[word]
    if word in _SAID_AS_WORDS or is_word(word) or _is_sayable(word):
        return word.lower()
    return spell(word)


def _is_sayable(word: str) -> bool:
    """Whether it is made of syllables, as "НАТО" is and "МГУ" is not."""
    return len(word) > 2 and bool(_SYLLABLES.fullmatch(word)) and not _DOUBLED_END.search(word)
