"""Digits that are a name and count nothing."""

from voiceover.reading.russian.grammar import cardinal


def plain(digits: str) -> str:
    """Read a number that is only a name; zeros before it are read too, and a long one digit by digit."""
    zeros = len(digits) - len(digits.lstrip("0")) if len(digits) > 1 else 0
    rest = digits[zeros:]
    if len(rest) > 15 or zeros > 3:
        return one_by_one(digits)
    return " ".join([cardinal(0)] * zeros + ([cardinal(int(rest))] if rest else []))


def one_by_one(digits: str) -> str:
    """Return "семь семь ноль"."""
    return " ".join(cardinal(int(digit)) for digit in digits)
