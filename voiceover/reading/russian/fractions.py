"""Fractions in Russian: "2/3", "½", "3,5"."""

import re

from voiceover.reading.draft import Draft
from voiceover.reading.russian.context import INTEGER, cases_before, counted_after, is_named
from voiceover.reading.russian.digits import plain
from voiceover.reading.russian.grammar import LARGEST, cardinal, counted, is_one, ordinal

_FRACTION = re.compile(r"(?<![\d/.,])(?:(\d+) )?(\d{1,3})/(\d{1,3})(?![\d/])")
_SIGN_FRACTIONS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅛": "1/8", "⅕": "1/5"}
_SIGN_FRACTION = re.compile(rf"(?P<whole>(?<=\d))?[{''.join(_SIGN_FRACTIONS)}]")
_DECIMAL = re.compile(rf"(?<![\d.,])({INTEGER})[.,](\d{{1,6}})(?!\d|[.,]\d)")
_HALVES_OF = ("час", "минут", "год", "лет", "месяц", "недел", "дн", "раз", "тысяч", "милли", "век", "сут")


def read(draft: Draft) -> Draft:
    """Put fractions into words, in the case of what stands around them."""
    draft = draft.sub(
        _SIGN_FRACTION, lambda m: (" " if m["whole"] is not None else "") + _SIGN_FRACTIONS[m[0]]
    )
    draft = draft.sub(_FRACTION, _fraction)
    return draft.sub(_DECIMAL, _decimal)


def _fraction(match: re.Match[str]) -> str:
    whole, upper, lower = match[1], int(match[2]), int(match[3])
    text, start = match.string, match.start()
    if not 0 < upper < lower or is_named(text, start):
        joint = " на " if (upper, lower) == (24, 7) else " дробь "
        return (f"{plain(whole)} " if whole else "") + plain(match[2]) + joint + plain(match[3])
    case = (cases_before(text, start) or "n")[0]
    parts = [_whole(int(whole), case)] if whole else []
    if lower in (3, 4):
        noun = {3: "треть", 4: "четверть"}[lower]
        parts += [cardinal(upper, case, "f"), counted(noun, upper, case)]
    else:
        parts += [cardinal(upper, case, "f"), _parts(lower, upper, case)]
    return " ".join(parts)


def _whole(number: int, case: str) -> str:
    """ "три целых", "одной целой"."""
    return f"{cardinal(number, case, 'f')} {_part('цел', number, case)}"


def _parts(lower: int, upper: int, case: str) -> str:
    """The lower number of a fraction: "десятых", "одной десятой"."""
    if is_one(upper):
        return ordinal(lower, case, "f")
    return ordinal(lower, "g" if case in "na" else case, plural=True)


def _part(stem: str, number: int, case: str) -> str:
    one = {"n": "ая", "a": "ую"}.get(case, "ой")
    many = {"d": "ым", "i": "ыми"}.get(case, "ых")
    return stem + (one if is_one(number) else many)


def _decimal(match: re.Match[str]) -> str:
    text, (start, stop) = match.string, match.span()
    whole, digits = int(match[1].replace(" ", "")), match[2]
    if whole >= LARGEST:
        return f"{plain(match[1].replace(' ', ''))} запятая {plain(digits)}"
    cases = cases_before(text, start)
    case = cases[0] if cases else "n"
    following = counted_after(text, stop, 2)
    if digits == "5" and following.words:
        gender = following.forms[0].gender
        if whole == 1:
            return ("полторы" if gender == "f" else "полтора") if case in "na" else "полутора"
        if 1 < whole <= 20 and following.words[-1].lower().startswith(_HALVES_OF):
            return f"{cardinal(whole, case, gender)} с половиной"
    if not digits.strip("0"):
        return _whole(whole, case) + f" {cardinal(0, case)} {ordinal(10 ** len(digits), 'g', plural=True)}"
    upper = int(digits)
    return f"{_whole(whole, case)} {cardinal(upper, case, 'f')} {_parts(10 ** len(digits), upper, case)}"
