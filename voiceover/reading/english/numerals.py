"""English numerals, by num2words. Safe to call from several threads."""

from functools import cache, lru_cache
from typing import Any

LARGEST = 10**15
"""Numbers from here on are read digit by digit."""


@lru_cache(maxsize=4096)
def cardinal(number: int) -> str:
    """Return "one hundred twenty-three"."""
    return _american(_numerals().to_cardinal(number))


@lru_cache(maxsize=4096)
def ordinal(number: int) -> str:
    """Return "twenty-third"."""
    return _american(_numerals().to_ordinal(number))


@lru_cache(maxsize=4096)
def year(number: int) -> str:
    """Return "nineteen ninety-nine", "two thousand five"."""
    return _american(_numerals().to_year(number)).replace("oh-", "oh ")


def digits(text: str) -> str:
    """Return the digits one by one."""
    return " ".join(cardinal(int(digit)) for digit in text)


def plural(words: str) -> str:
    """Return the plural of a numeral: "nineties", "sixes"."""
    if words.endswith("y"):
        return words[:-1] + "ies"
    return words + ("es" if words.endswith("x") else "s")


def _american(words: str) -> str:
    return words.replace(",", "").replace(" and ", " ")


@cache
def _numerals() -> Any:
    from num2words.lang_EN import Num2Word_EN

    return Num2Word_EN()
