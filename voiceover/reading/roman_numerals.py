"""Roman numerals."""

import re

NUMERAL = r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
"""A pattern; it matches the empty string too."""

_VALUES = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}
_WELL_FORMED = re.compile(NUMERAL)


def value(numeral: str) -> int | None:
    """Return what a numeral in capital letters is worth; None for what is none."""
    if not numeral or not _WELL_FORMED.fullmatch(numeral):
        return None
    worth = [_VALUES[letter] for letter in numeral]
    following = [*worth[1:], 0]
    return sum(-this if this < after else this for this, after in zip(worth, following, strict=True))
