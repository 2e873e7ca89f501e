"""Numbers in English: counts, years, decades, ordinals, fractions, telephone numbers."""

import re
from collections.abc import Iterator

from voiceover.reading.draft import Draft, Edit
from voiceover.reading.english.numerals import LARGEST, cardinal, digits, ordinal, plural, year

INTEGER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)"

_TELEPHONE = re.compile(
    r"(?<![\w+])(?:(?:\+?\d{1,3}[ .-]?)?(?:\(\d{3}\)[ .-]?|\d{3}[.-])\d{3}[ .-]\d{4}"
    r"|\+\d{1,3}(?:[ -]\d{2,4}){2,5}|\+?\d{1,3} \d{3} \d{3} \d{4}|\d{3}-\d{4})(?![\d-])"
)
_GROUP = re.compile(r"(\+?)(\d+)([^\d+]*)")

_SIGN = re.compile(r"(?<![\w)\]°%])[-−+±] ?(?=\d)|(?<=\d) ?− ?(?=\d)")
_SIGNS = {"-": "minus ", "−": " minus ", "+": "plus ", "±": "plus or minus "}

_RANGE = re.compile(rf"(?<![\d.,-])(?P<first>{INTEGER})(?P<dash> ?[–—] ?|-)(?=(?P<last>{INTEGER})(?![\d-]))")
_DECADE = re.compile(r"(?<![\d.,$])['’]?(\d{2}|\d{4})['’]?s(?!\w)")
_ORDINAL = re.compile(rf"(?<![\d.,])({INTEGER})(?:st|nd|rd|th)(?!\w)", re.IGNORECASE)
_VERSION = re.compile(r"(?<!\d)\d+(?:\.\d+){2,}")
_DECIMAL = re.compile(rf"(?<![\d.,])({INTEGER})?\.(\d+)(?!\.?\d)")
_SIGN_FRACTIONS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅛": "1/8", "⅕": "1/5"}
_SIGN_FRACTION = re.compile(rf"(?P<whole>(?<=\d))?[{''.join(_SIGN_FRACTIONS)}]")
_FRACTION = re.compile(r"(?<![\d/.,])(?:(\d+) )?(\d{1,3})/(\d{1,3})(?![\d/])")
_SAID_OTHERWISE = {"24/7": "twenty-four seven", "9/11": "nine eleven", "50/50": "fifty-fifty"}

_INTEGER = re.compile(INTEGER)
_YEAR_WORD = re.compile(
    r"(?<!\w)(?i:in|since|from|until|till|by|before|after|during|year|circa|early|late|mid|spring|summer|fall|autumn|"
    r"winter|of|to|between|and|class of|back in) $"
)
_COUNTED = re.compile(
    r" (?:(?!was |is |has |his |this |its |as |us |does )[a-z]+s|people|men|women|children)(?!\w)"
)
_SPACED = re.compile(r"(?<![\d.,-])\d{1,3}(?:(?: \d{3}){2,}|(?: 000)+)(?![\d-]|[.,]\d)")
_SIZE = re.compile(r"(?<=\d) ?[x×] ?(?=\d)")
_EMERGENCY = re.compile(r"(?i:call|dial|phone|a|the) $")


def telephones(draft: Draft) -> Draft:
    """Read telephone numbers digit by digit, with a rest after each group."""
    return draft.edit(edit for match in _TELEPHONE.finditer(draft.text) for edit in _telephone(match))


def read(draft: Draft) -> Draft:
    """Put every digit into words."""
    draft = draft.sub(
        _SIGN_FRACTION, lambda match: (" " if match["whole"] is not None else "") + _SIGN_FRACTIONS[match[0]]
    )
    draft = draft.sub(_SPACED, lambda match: match[0].replace(" ", ","))
    draft = draft.sub(_SIZE, lambda _: " by ")
    draft = draft.sub(_SIGN, lambda match: _SIGNS[match[0].strip()])
    draft = draft.sub(_FRACTION, _fraction)
    draft = draft.sub(_VERSION, lambda match: " point ".join(cardinal(int(n)) for n in match[0].split(".")))
    draft = draft.sub(_DECADE, _decade)
    draft = draft.sub(_ORDINAL, _ordinal)
    draft = draft.sub(_RANGE, _range, "dash")
    draft = draft.sub(_DECIMAL, _decimal)
    return draft.sub(_INTEGER, _integer)


def _telephone(match: re.Match[str]) -> Iterator[Edit]:
    if match[0].startswith("("):
        yield match.start(), match.start() + 1, ""
    for group in _GROUP.finditer(match[0]):
        start = match.start() + group.start()
        hundreds = len(group[2]) == 3 and group[2].endswith("00") and group[2] != "000"
        spoken = cardinal(int(group[2])) if hundreds else digits(group[2])
        rest = ", " if group.end() < len(match[0]) else ""
        yield start, match.start() + group.end(2), ("plus " if group[1] else "") + spoken
        yield match.start() + group.end(2), match.start() + group.end(), rest


def _fraction(match: re.Match[str]) -> str:
    whole, upper, lower = match[1], int(match[2]), int(match[3])
    said = _SAID_OTHERWISE.get(f"{match[2]}/{match[3]}")
    if said:
        return f"{cardinal(int(whole))} {said}" if whole else said
    if not 0 < upper < lower:
        return (f"{cardinal(int(whole))} " if whole else "") + f"{cardinal(upper)} over {cardinal(lower)}"
    names = {2: "half", 4: "quarter"}
    name = names.get(lower, ordinal(lower))
    if upper > 1:
        name = "halves" if lower == 2 else plural(name)
    if not whole:
        return f"{cardinal(upper)} {name}"
    article = "a" if upper == 1 and lower != 8 else cardinal(upper)
    return f"{_number(whole)} and {article} {name}"


def _decade(match: re.Match[str]) -> str:
    number = int(match[1])
    if number % 10:
        return plural(cardinal(number))
    words = year(number) if number > 100 else cardinal(number)
    return plural(words)


def _ordinal(match: re.Match[str]) -> str | None:
    number = int(match[1].replace(",", ""))
    return ordinal(number) if number < LARGEST else None


def _range(match: re.Match[str]) -> str | None:
    return " to " if match["dash"] != "-" or not match.string[: match.start()][-1:].isalpha() else None


def _decimal(match: re.Match[str]) -> str:
    return f"{_number(match[1]) if match[1] else 'zero'} point {digits(match[2])}"


def _number(typed: str) -> str:
    plain = typed.replace(",", "")
    return digits(plain) if len(plain) > 15 else cardinal(int(plain))


def _integer(match: re.Match[str]) -> str:
    text, (start, stop) = match.string, match.span()
    typed = match[0]
    if (len(typed) > 1 and typed[0] == "0") or (
        len(typed) >= 10 and "," not in typed and not typed.endswith("000")
    ):
        return digits(typed.replace(",", ""))
    before = text[max(0, start - 16) : start]
    if typed == "911" and _EMERGENCY.search(before):
        return digits(typed)
    if len(typed) == 4 and "1000" < typed <= "2099" and typed[1:] != "000":
        after_year_word = _YEAR_WORD.search(before)
        is_count = typed < "1100" or _COUNTED.match(text, stop) or before.endswith("number ")
        if after_year_word or not is_count:
            return year(int(typed))
    return _number(typed)
