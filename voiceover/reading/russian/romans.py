"""Roman numerals in Russian: centuries, rulers, chapters."""

import re

from voiceover.reading import roman_numerals
from voiceover.reading.draft import Draft
from voiceover.reading.russian.context import WORD, cases_before
from voiceover.reading.russian.grammar import Form, cardinal, forms, ordinal

_NUMERAL = "(?:[IVXLХІ][IVXLCХІ]{1,7}|[IVXХІ])"
_LOOKS_LATIN = str.maketrans("ХІ", "XI")  # Cyrillic letters that are typed for Latin ones

_CENTURY = re.compile(
    rf"(?<!\w)(?P<first>{_NUMERAL})(?: ?[-–—] ?{_NUMERAL}| и {_NUMERAL})? ?"
    r"(?P<word>(?P<letters>вв?)(?P<dot>\.?))(?!\w)"
)
_CENTURY_FORMS = {"n": "век", "g": "века", "d": "веку", "a": "век", "i": "веком", "p": "веке"}
_CENTURIES_FORMS = {"n": "века", "g": "веков", "d": "векам", "a": "века", "i": "веками", "p": "веках"}
_PLACE_CASES = {"ap": "p", "gi": "g", "adp": "a", "ai": "a"}

_ROMAN = re.compile(
    rf"(?P<before>(?<![\w-]){WORD} )?(?<![\w.])(?P<number>{_NUMERAL})(?![\w+#-])"
    rf"(?=(?: ?[-–—] ?| и ){_NUMERAL} (?P<shared>{WORD})| (?P<after>{WORD})|)"
)
_NUMBERED = (
    "глав",
    "част",
    "том",
    "раздел",
    "книг",
    "акт",
    "действи",
    "сери",
    "степен",
    "тип",
    "класс",
    "групп",
)
_SHARING = re.compile(rf"{_NUMERAL}(?: — | и |-)$")
_DASH = re.compile(rf"(?<![\w-]){_NUMERAL}(?P<dash>[-–—])(?={_NUMERAL}(?!\w))")


def read(draft: Draft) -> Draft:
    """Read Roman numerals beside a noun or a name, and those that can be nothing else."""
    draft = draft.sub(_CENTURY, _century, "word")
    draft = draft.sub(_DASH, lambda _: " — ", "dash")
    return draft.sub(_ROMAN, _roman, "number")


def _century(match: re.Match[str]) -> str:
    cases = cases_before(match.string, match.start())
    case = _PLACE_CASES.get(cases, cases[:1]) or (
        "g" if match.string[: match.start()][-2:-1].isalpha() else "n"
    )
    dot = match["dot"] if match.end() >= len(match.string.rstrip()) else ""
    return (_CENTURIES_FORMS if match["letters"] == "вв" else _CENTURY_FORMS)[case] + dot


def _roman(match: re.Match[str]) -> str | None:
    number = roman_numerals.value(match["number"].translate(_LOOKS_LATIN))
    if number is None:
        return None
    before, after = (match["before"] or "").strip(), match["shared"] or match["after"] or ""
    if before.lower().startswith(_NUMBERED):
        found = tuple(form for form in forms(before) if not form.animate and not form.adjective)
        return _agreeing(number, found or (Form("n", False, "m", False),), "")
    if _is_name(before):
        return _agreeing(number, forms(before), "")
    if after and after[0].islower() and forms(after):
        found = forms(after)
        if match["shared"] or _SHARING.search(match.string[: match.start("number")][-12:]):
            found = tuple(form for form in found if form.plural) or found
        return _agreeing(number, found, cases_before(match.string, match.start("number")))
    certain = len(match["number"]) > 1 and set(match["number"]) <= set("IVXХІ")
    return cardinal(number) if certain else None


def _is_name(word: str) -> bool:
    """Whether a word may be a ruler's name."""
    return len(word) > 2 and word[0].isupper() and any(not form.adjective for form in forms(word))


def _agreeing(number: int, found: tuple[Form, ...], cases: str) -> str:
    for case in cases:
        for form in found:
            if form.case == case:
                return ordinal(number, case, form.gender)
    return ordinal(number, found[0].case, found[0].gender)
