"""Dates and times of day in English."""

import re

from voiceover.reading.draft import Draft
from voiceover.reading.english.numerals import cardinal, ordinal, year

MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September"]
MONTHS += ["October", "November", "December"]
_MONTH = "|".join(MONTHS)
_SHORT_MONTHS = {month[:3]: month for month in MONTHS if month != "May"} | {"Sept": "September"}
_SHORT_MONTH = re.compile(
    rf"(?<!\w)(?P<month>{'|'.join(sorted(_SHORT_MONTHS, reverse=True))})(?:\.|(?!\w))(?= ?\d)"
    rf"|(?<=\d )(?P<after>{'|'.join(sorted(_SHORT_MONTHS, reverse=True))})(?:\.|(?!\w))"
)

_NUMERIC = re.compile(
    r"(?<![\d/.-])(?P<first>\d{1,2})(?P<mark>[./-])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4}|\d\d)(?![\d/]|[.-]\d)"
    r"|(?<![\d-])(?P<iso_year>\d{4})-(?P<iso_month>0[1-9]|1[0-2])-(?P<iso_day>0[1-9]|[12]\d|3[01])(?![\d-])"
)
_DAY = r"(?:[12]\d|3[01]|0?[1-9])"
_MONTH_FIRST = re.compile(
    rf"(?<!\w)(?:{_MONTH}) (?P<day>{_DAY})(?:st|nd|rd|th)?"
    rf"(?P<range>[-–](?P<last>{_DAY})(?:st|nd|rd|th)?)?(?![\d:%]|[.,]\d)(?P<year>,? \d{{4}}(?!\d))?"
)
_DAY_FIRST = re.compile(
    rf"(?<![\d.,:/-])(?P<the>(?:[Tt]he |[Tt]his )?)(?P<day>{_DAY})(?:st|nd|rd|th)?(?: of)? "
    rf"(?P<month>{_MONTH})(?!\w)(?P<year>,? \d{{4}}(?!\d))?"
)
_MONTH_YEAR = re.compile(rf"(?<!\w)(?:{_MONTH}),? (?P<year>1\d{{3}}|20\d\d)(?!\d|[,.]\d)")

_HALF = r"(?: ?(?P<half>[AaPp])\.?[Mm](?P<dot>\.?)(?!\w))"
_TIME = re.compile(
    rf"(?<![\d:.,])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:]){_HALF}?"
)
_HOUR = re.compile(rf"(?<![\d:.,])(?P<hour>1[0-2]|0?[1-9]){_HALF}")
_SCORE = re.compile(r"(?<![\d:.,])(\d{1,4}):(\d{1,6})(?![\d:])")


def read(draft: Draft) -> Draft:
    """Read dates, and times of day."""
    draft = draft.sub(_SHORT_MONTH, lambda match: _SHORT_MONTHS[match["month"] or match["after"]])
    draft = draft.sub(_NUMERIC, _numeric)
    draft = draft.sub(_DAY_FIRST, _day_first)
    draft = draft.edit(edit for match in _MONTH_FIRST.finditer(draft.text) for edit in _month_first(match))
    draft = draft.sub(_MONTH_YEAR, lambda match: year(int(match["year"])), "year")
    draft = draft.sub(_TIME, _time)
    draft = draft.sub(_HOUR, lambda match: cardinal(int(match["hour"])) + _half(match))
    return draft.sub(_SCORE, lambda match: f"{cardinal(int(match[1]))} to {cardinal(int(match[2]))}")


def _numeric(match: re.Match[str]) -> str | None:
    if match["iso_year"]:
        month, day, its_year = int(match["iso_month"]), int(match["iso_day"]), int(match["iso_year"])
    else:
        month, day, its_year = int(match["first"]), int(match["second"]), int(match["year"])
        if month > 12 or match["mark"] == ".":
            month, day = day, month
        if its_year < 100:
            its_year += 2000 if its_year < 50 else 1900
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{MONTHS[month - 1]} {ordinal(day)}, {year(its_year)}"


def _month_first(match: re.Match[str]) -> list[tuple[int, int, str]]:
    words = ordinal(int(match["day"]))
    if match["last"]:
        words += f" to {ordinal(int(match['last']))}"
    stop = match.end("range") if match["range"] else match.end("day")
    after = match.start("year") if match["year"] else match.end()
    edits = [(match.start("day"), max(stop, after), words)]
    if match["year"]:
        edits.append((*match.span("year"), _year(match)))
    return edits


def _day_first(match: re.Match[str]) -> str:
    the = match["the"] or "the "
    return f"{the}{ordinal(int(match['day']))} of {match['month']}{_year(match)}"


def _year(match: re.Match[str]) -> str:
    return f", {year(int(match['year'][-4:]))}" if match["year"] else ""


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match["hour"]), match["minute"]
    words = cardinal(hour)
    if minute == "00":
        words += "" if match["half"] else " o'clock" if 0 < hour <= 12 else " hundred"
    else:
        words += " " + _sixty(minute)
    if match["second"]:
        words += f" {_sixty(match['second'])}"
    return words + _half(match)


def _sixty(typed: str) -> str:
    return ("oh " if typed[0] == "0" else "") + cardinal(int(typed))


def _half(match: re.Match[str]) -> str:
    """ "a.m." or "p.m.", as typed with dots; its last dot ends the text where it did before."""
    return f" {match['half'].lower()}.m." if match["half"] else ""
