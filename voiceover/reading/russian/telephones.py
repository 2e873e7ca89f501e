"""Telephone numbers in Russian."""

import re
from collections.abc import Iterator

from voiceover.reading.draft import Draft, Edit
from voiceover.reading.russian.digits import plain

_TELEPHONE = re.compile(
    r"(?<![\w+])(?:\+\d{1,3}(?:[ -]?\(\d{2,5}\)|[ -]\d{2,5})(?:[ -]?\d{2,4}){2,4}"
    r"|8[ -]?\(?\d{3}\)?[ -]?\d{3}[ -]?\d\d[ -]?\d\d|\+7\d{10}|\d{2,3}-\d\d-\d\d)(?![\d-])"
)
_DIGITS_OF_TELEPHONE = re.compile(r"(\+?)(\d+)([^\d+]*)")
_LIKE_A_TELEPHONE = re.compile(r"^\d{1,5}$|^\d|(?<=^\d)\d{3}|(?<=^\d{4})\d{3}|\d\d?")
"""The groups of which a run of digits is read: "+79161234567" as "+7 916 123 45 67"."""


def read(draft: Draft) -> Draft:
    """Read telephone numbers group by group."""
    return draft.edit(edit for match in _TELEPHONE.finditer(draft.text) for edit in _telephone(match))


def _telephone(match: re.Match[str]) -> Iterator[Edit]:
    """Read the groups as they are written, with a rest after each."""
    start = match.start()
    for group in _DIGITS_OF_TELEPHONE.finditer(match[0]):
        plus = "плюс " if group[1] else ""
        rest = ", " if group.end() < len(match[0]) else ""
        spoken = plus + ", ".join(plain(digits) for digits in _LIKE_A_TELEPHONE.findall(group[2]))
        yield start + group.start(), start + group.end(2), spoken
        yield start + group.end(2), start + group.end(), rest
