"""Dates, years and times of day in Russian."""

import re

from voiceover.reading.draft import Draft
from voiceover.reading.russian.context import agreement, before_all, cases_before, counted_after, word_before
from voiceover.reading.russian.grammar import cardinal, ordinal

MONTHS = ["января", "февраля", "марта", "апреля", "мая", "июня"]
MONTHS += ["июля", "августа", "сентября", "октября", "ноября", "декабря"]
_MONTH = "|".join(MONTHS)
_SHORT_MONTHS = {"янв": 0, "февр": 1, "фев": 1, "апр": 3, "авг": 7, "сент": 8, "сен": 8, "окт": 9, "нояб": 10}
_SHORT_MONTHS |= {"дек": 11}
_SHORT_MONTH = re.compile(rf"(?<=\d )({'|'.join(_SHORT_MONTHS)})(?:\.|(?!\w))")

_DATE = re.compile(
    r"(?<![\d.])(?P<day>0?[1-9]|[12]\d|3[01])(?P<mark>[./])"
    r"(?P<month>0?[1-9]|1[0-2])(?P=mark)(?P<year>\d{4}|\d\d)"
    r"(?!\d|[./]\d)(?: ?(?:года|г\.|г(?!\w)))?"
    r"|(?<![\d-])(?P<iso_year>\d{4})-(?P<iso_month>0[1-9]|1[0-2])-(?P<iso_day>0[1-9]|[12]\d|3[01])(?![\d-])"
)
_DAY = re.compile(
    r"(?<![\d.,:])(?P<day>[12]\d|3[01]|0?[1-9])(?:-?(?P<ending>го|ого|е|ое|му|ому))?"
    rf"(?=(?: ?[-–—] ?\d{{1,2}}| (?:и|или|по|до) \d{{1,2}}|, \d{{1,2}}){{0,3}} (?:{_MONTH})(?!\w))",
    re.IGNORECASE,
)
_YEAR_OF_MONTH = re.compile(
    r"(?<!\w)(?i:январ|феврал|март|апрел|ма|июн|июл|август|сентябр|октябр|ноябр|декабр)"
    r"(?:[ьяюейа]|ем|ом|ём|у)? "
    r"(?P<year>1\d{3}|20\d\d)(?! ?(?:год|г\.|г(?!\w)|\d)|[\w:]|[.,]\d|[-–—]\d)"
)
_NOW = {
    "сегодня",
    "завтра",
    "вчера",
    "послезавтра",
    "позавчера",
    "это",
    "будет",
    "было",
    "наступило",
    "наступает",
}
_JOINED_DAYS = re.compile(r"^(?:(?: ?[-–—] ?| и | или |, )\d{1,2}){1,3}(?= )")
_ALONE_BEFORE = re.compile(r"(?:^|[:—–(\n])[ «„\"]*$")
_ALONE_AFTER = re.compile(r"(?:(?: \d{4})? ?(?:года|г\.)?)? ?(?:[.!?;)»\"]*$|[—–-] )")

_YEARS = re.compile(
    r"(?<![\d.,])(?P<number>\d{3,4})(?P<ending>-?(?:ые|ых|е|х))? ?"
    r"(?P<word>(?P<letters>гг|г\. ?г|г)(?P<dot>\.?))(?!\w)"
)
_YEAR_OF_BIRTH = re.compile(r"(?<=\d) ?г\. ?р\.")
_YEAR_FORMS = {"n": "год", "g": "года", "d": "году", "a": "год", "i": "годом", "p": "году"}
_YEARS_FORMS = {"n": "годы", "g": "годов", "d": "годам", "a": "годы", "i": "годами", "p": "годах"}
_YEAR_CASES = {"ap": "p", "gi": "g", "adp": "a", "ai": "a"}

_TIME = re.compile(
    r"(?<![\d:.,])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:])"
)
_DOTTED_TIME = re.compile(
    r"(?<!\w)(?i:в|к|до|с|после) (?P<time>(?P<hour>[01]?\d|2[0-3])\.(?P<minute>[0-5]\d)(?P<second>))"
    r"(?![\d%]|[.,:]\d| ?%)"
)
_SCORE = re.compile(r"(?<![\d:.,])(\d{1,4}):(\d{1,6})(?![\d:])")


def numeric(draft: Draft) -> Draft:
    """Read dates written in digits alone: "12.05.2024", "2024-05-12"."""
    return draft.sub(_DATE, _date)


def read(draft: Draft) -> Draft:
    """Read days of months, years and times of day."""
    draft = draft.sub(_SHORT_MONTH, lambda match: MONTHS[_SHORT_MONTHS[match[1]]])
    draft = draft.sub(_YEAR_OF_BIRTH, lambda _: " года рождения")
    draft = draft.sub(_YEARS, _years, "word")
    draft = draft.sub(_DAY, lambda match: ordinal(int(match["day"]), _day_case(match), "n"))
    draft = draft.sub(_YEAR_OF_MONTH, lambda match: ordinal(int(match["year"]), "g") + " года", "year")
    draft = draft.sub(_TIME, _time)
    draft = draft.sub(_DOTTED_TIME, _dotted_time, "time")
    return draft.sub(_SCORE, _score)


def _date(match: re.Match[str]) -> str:
    day, month, year = (int(match[name] or match[f"iso_{name}"]) for name in ("day", "month", "year"))
    if year < 100:
        year += 2000 if year < 50 else 1900
    return f"{ordinal(day, _day_case(match), 'n')} {MONTHS[month - 1]} {ordinal(year, 'g')} года"


def _day_case(match: re.Match[str]) -> str:
    """The case of a day: as its preposition has it, or "on the ninth", unless the day itself is meant."""
    text, start = match.string, match.start()
    ending = match.groupdict().get("ending")
    if ending:
        return {"го": "g", "му": "d"}.get(ending[-2:], "n")
    cases = cases_before(text, start)
    if cases:
        return "a" if cases == "ap" else cases[0]
    if word_before(text, start).lower() in _NOW:
        return "n"
    after = _JOINED_DAYS.sub("", text[match.end() : match.end() + 60]).removeprefix(" ").lower()
    for month in MONTHS:
        after = after.removeprefix(month)
    alone = _ALONE_BEFORE.search(before_all(text, start)) and _ALONE_AFTER.match(after)
    return "n" if alone else "g"


def _years(match: re.Match[str]) -> str | None:
    """ "г." and "гг." after a year; without a dot, or after another number, "г" may be grams."""
    text, start = match.string, match.start()
    several = len(match["letters"]) > 1 or match["ending"]
    before = word_before(text, start).lower()
    cases = cases_before(text, start)
    is_year = 1000 <= int(match["number"]) <= 2100 and (match["dot"] or cases or before in MONTHS)
    if not (several or is_year or (match["dot"] and before == "в")):
        return None
    if cases:
        case = _YEAR_CASES.get(cases, cases[0])
    elif match["ending"]:
        case = "g" if match["ending"].endswith("х") else "n"
    else:
        case = "g" if before else "n"
    dot = match["dot"] if match.end() >= len(text.rstrip()) else ""
    return (_YEARS_FORMS if several else _YEAR_FORMS)[case] + dot


def _time(match: re.Match[str]) -> str:
    start = match.start("hour")
    case = (cases_before(match.string, start) or "n")[0]
    hour, minute, second = int(match["hour"]), match["minute"], match["second"]
    words = [cardinal(hour, case), _minutes(minute, case)]
    if second:
        words.append(_minutes(second, case))
    return " ".join(words)


def _dotted_time(match: re.Match[str]) -> str | None:
    """ "в 10.30", unless something is measured: "до 3.14 метра"."""
    measured = agreement(counted_after(match.string, match.end(), 2), "n")
    return None if measured else _time(match)


def _minutes(digits: str, case: str) -> str:
    if digits == "00":
        return "ноль-ноль"
    zero = "ноль " if digits[0] == "0" else ""
    return zero + cardinal(int(digits), case)


def _score(match: re.Match[str]) -> str:
    """ "3:1", "1:100"."""
    first, second = int(match[1]), int(match[2])
    if second >= 100:
        return f"{cardinal(first)} к {cardinal(second, 'd')}"
    return f"{cardinal(first)} {cardinal(second)}"
