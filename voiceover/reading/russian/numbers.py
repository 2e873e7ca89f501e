"""Whole numbers in Russian: counted things, years, places in an order."""

import re

from voiceover.reading.draft import Draft
from voiceover.reading.russian import endings, fractions
from voiceover.reading.russian.context import (
    INTEGER,
    Counted,
    agreement,
    cases_before,
    counted_after,
    is_in_a_book,
    is_named,
    word_before,
)
from voiceover.reading.russian.digits import one_by_one, plain
from voiceover.reading.russian.grammar import cardinal, is_one, ordinal

_SIZE = re.compile(r"(?<=\d) ?[xхXХ×] ?(?=\d)")
_SIGN = re.compile(r"(?<![\w)\]°%])[-−+±] ?(?=\d)|(?<=\d) ?− ?(?=\d)")
_SIGNS = {"-": "минус ", "−": " минус ", "+": "плюс ", "±": "плюс-минус "}

_RANGE = re.compile(r"(?<![\d.,])(?P<first>\d+)(?P<dash>[-–—]|(?<=\d)…)(?=(?P<last>\d+)(?!\d))")

_VERSION = re.compile(r"(?<!\d)\d+(?:\.\d+){2,}|(?:(?<=[A-Za-z] )|(?<=верси[яиюе] ))\d+\.\d+(?![\d%])")
_INTEGER = re.compile(INTEGER)
_SHORTEST_CODE = 10**9
"""So long a number without blanks between its thousands is a code, read digit by digit."""
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:(?:,\d{3})+(?=\.\d)|(?:[.,]\d{3}){2,}(?![.,]?\d))")
"""Thousands as they are divided in other countries."""
_HOURS = ("утра", "вечера", "ночи", "дня")
_ORDINALS = re.compile(
    r"(?:этаж|век|класс|курс|квартал|тур|раунд|мест|страниц|глав|стать|пункт|сезон)"
    r"(?:а|у|ом|е|о|ы|и|ой|ей|ю|я|ь)?"
)
"""Singular nouns of which "21" is the twenty-first rather than a count."""
_YEAR_BEFORE = {"в": "p", "во": "p", "к": "d", "ко": "d", "на": "a", "по": "a", "за": "a"} | dict.fromkeys(
    ("с", "до", "от", "после", "около", "из"), "g"
)


def unify(draft: Draft) -> Draft:
    """Write "10–15" with a hyphen, which is said without a rest, and "1,000.50" as "1000.50"."""
    draft = draft.sub(_GROUPED, lambda match: re.sub("[.,]", "", match[0]))
    return draft.sub(_RANGE, _dash, "dash")


def read(draft: Draft) -> Draft:
    """Put every digit into words."""
    draft = draft.sub(_SIZE, lambda _: " на ")
    draft = draft.sub(_VERSION, lambda match: " точка ".join(map(plain, match[0].split("."))))
    draft = draft.sub(_SIGN, lambda match: _SIGNS[match[0].strip()])
    draft = fractions.read(draft)
    draft = endings.read(draft)
    return draft.sub(_INTEGER, _integer)


def _dash(match: re.Match[str]) -> str:
    long = max(len(match["first"]), len(match["last"])) > 2
    return " — " if long else "-"


def _integer(match: re.Match[str]) -> str:
    text, (start, stop) = match.string, match.span()
    digits = match[0].replace(" ", "")
    if len(digits) > 15 or (digits[0] == "0" and len(digits) > 1):
        return plain(digits)
    number = int(digits)
    if number >= _SHORTEST_CODE and digits == match[0] and number % 1000:
        return one_by_one(digits)
    cases = cases_before(text, start)
    if is_in_a_book(text, start):
        return cardinal(number)
    following = counted_after(text, stop, number)
    agreed = agreement(following, cases) if following.words else None
    before = word_before(text, start).lower()
    if before in _YEAR_BEFORE and _is_bare_year(match[0], following, agreed is not None):
        return ordinal(number, _YEAR_BEFORE[before])
    if not is_named(text, start):
        order = _as_ordinal(number, following, cases, agreed is not None)
        if order:
            return order
    if agreed:
        return cardinal(number, agreed.case, agreed.gender, agreed.animate)
    return cardinal(number, cases[0] if cases else "n")


def _is_bare_year(digits: str, following: Counted, counts: bool) -> bool:
    year_named = following.words and following.words[-1].lower().startswith("год")
    return len(digits) == 4 and "1000" <= digits <= "2100" and not counts and not year_named


def _as_ordinal(number: int, following: Counted, cases: str, counts: bool) -> str | None:
    """Read "5 класс" as the fifth one: where the noun cannot be counted, its number is its place."""
    if not following.words or following.words[-1] in _HOURS or following.words[-1][0].isupper():
        return None
    noun = following.words[-1].lower()
    year = noun.startswith("год") and following.number > 100
    if counts and not year and not (is_one(number) and _ORDINALS.fullmatch(noun)):
        return None
    if not following.own and cases:
        return ordinal(number, cases[0], following.forms[0].gender)
    for case in dict.fromkeys(cases + "nagdip"):
        for form in following.forms:
            if form.case == case and (year or not form.plural):
                return ordinal(number, case, form.gender)
    return None
