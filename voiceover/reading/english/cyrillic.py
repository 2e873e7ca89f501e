"""Cyrillic words in English text, in the letters that an English voice can say."""

import re

from voiceover.reading.draft import Draft

_LETTERS = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh", "з": "z", "и": "i",
    "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ы": "y", "э": "e",
    "ю": "yu", "я": "ya", "і": "i", "ї": "yi", "є": "ye", "ґ": "g", "ў": "w", "ј": "y", "љ": "ly",
    "њ": "ny", "ђ": "dj", "ћ": "ch", "џ": "dzh",
}  # fmt: skip
_WORD = re.compile("[Ѐ-ӿ\u0301]+")
_SOFT_END = re.compile("(?:ий|ый)$")


def read(draft: Draft) -> Draft:
    """Write Cyrillic words in Latin letters: "Москва" → "Moskva"."""
    return draft.sub(_WORD, _word)


def _word(match: re.Match[str]) -> str:
    word = _SOFT_END.sub("ы", match[0].lower().replace("\u0301", ""))
    spoken = "".join(_LETTERS.get(letter, "") for letter in word)
    return spoken.capitalize() if match[0][0].isupper() else spoken
