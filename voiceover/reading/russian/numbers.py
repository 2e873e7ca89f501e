"""Numbers in Russian: counted things, years, ordinals, fractions, telephone numbers."""

import re
from collections.abc import Iterator

from voiceover.reading.draft import Draft, Edit
from voiceover.reading.russian.context import (
    INTEGER,
    Counted,
    agreement,
    cases_before,
    counted_after,
    word_before,
)
from voiceover.reading.russian.grammar import LARGEST, cardinal, counted, ordinal

_TELEPHONE = re.compile(
    r"(?<![\w+])(?:\+\d{1,3}(?:[ -]?\(\d{2,5}\)|[ -]\d{2,5})(?:[ -]?\d{2,4}){2,4}"
    r"|8[ -]?\(?\d{3}\)?[ -]?\d{3}[ -]?\d\d[ -]?\d\d|\+7\d{10}|\d{2,3}-\d\d-\d\d)(?![\d-])"
)
_DIGITS_OF_TELEPHONE = re.compile(r"(\+?)(\d+)([^\d+]*)")

_SIZE = re.compile(r"(?<=\d) ?[xхXХ×] ?(?=\d)")
_SIGN = re.compile(r"(?<![\w)\]°%])[-−+±] ?(?=\d)|(?<=\d) ?− ?(?=\d)")
_SIGNS = {"-": "минус ", "−": " минус ", "+": "плюс ", "±": "плюс-минус "}

_RANGE = re.compile(r"(?<![\d.,])(?P<first>\d+)(?P<dash>[-–—]|(?<=\d)…)(?=(?P<last>\d+)(?!\d))")

_VERSION = re.compile(r"(?<!\d)\d+(?:\.\d+){2,}|(?:(?<=[A-Za-z] )|(?<=верси[яиюе] ))\d+\.\d+(?![\d%])")
_FRACTION = re.compile(r"(?<![\d/.,])(?:(\d+) )?(\d{1,3})/(\d{1,3})(?![\d/])")
_SIGN_FRACTIONS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅛": "1/8", "⅕": "1/5"}
_SIGN_FRACTION = re.compile(rf"(?P<whole>(?<=\d))?[{''.join(_SIGN_FRACTIONS)}]")
_DECIMAL = re.compile(rf"(?<![\d.,])({INTEGER})[.,](\d{{1,6}})(?!\d|[.,]\d)")
_HALVES_OF = ("час", "минут", "год", "лет", "месяц", "недел", "дн", "раз", "тысяч", "милли", "век", "сут")

_ENDING = re.compile(
    rf"(?<![\d.,])({INTEGER})(?:[-‑](?P<ending>[оыи]?го|[оеи]?му|[ыио]?м|[оые]м|[ыио]?й|[аь]?я|[оьы]?е|[уь]?ю|"
    r"ы?х|[ыи]?ми|ти|мя|ью|а)|(?P<glued>[оыи]?го|[оы]?му|ый|ой|ий|[аь]я|[оы]е|ых))(?![\w-])"
)
_COMPOUND = re.compile(r"(?<![\d.,])(\d{1,7})[-‑]?(?:ти|х|и)?[-‑]?([а-яё]{4,})")
_COMPOUND_PARTS = {
    "одного": "одно",
    "ста": "сто",
    "девяноста": "девяносто",
    "тысячи": "тысяче",
    "тысяч": "тысяче",
}

_INTEGER = re.compile(INTEGER)
_SHORTEST_CODE = 10**9
"""So long a number without blanks between its thousands is a code, read digit by digit."""
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:(?:,\d{3})+(?=\.\d)|(?:[.,]\d{3}){2,}(?![.,]?\d))")
"""Thousands as they are divided in other countries."""
_IN_A_BOOK = re.compile(
    r"(?<!\w)(?i:рисун|таблиц|пункт|стать|глав|част|страниц|раздел|параграф|абзац|том)\w{0,4} $"
)
_NAMED = re.compile(
    r"(?:[A-Za-z]\.? ?|\w-|№ |(?<!\w)(?i:номер|дом|квартир|верси|маршрут|автобус|рейс|палат|кабинет|корпус|"
    r"строени|офис|школ|выпуск|канал|пример|вариант|задани|упражнени|урок|уров|тест|модел|поезд|трамва|"
    r"троллейбус)\w{0,5} )$"
)
"""What stands before a number that is a name: no noun after it is numbered by it."""
_HOURS = ("утра", "вечера", "ночи", "дня")
_ORDINALS = re.compile(
    r"(?:этаж|век|класс|курс|квартал|тур|раунд|мест|страниц|глав|стать|пункт|сезон)"
    r"(?:а|у|ом|е|о|ы|и|ой|ей|ю|я|ь)?"
)
"""Singular nouns of which "21" is the twenty-first rather than a count."""
_YEAR_BEFORE = {"в": "p", "во": "p", "к": "d", "ко": "d", "на": "a", "по": "a"} | dict.fromkeys(
    ("с", "до", "от", "после", "около", "из"), "g"
)


def telephones(draft: Draft) -> Draft:
    """Read telephone numbers group by group."""
    return draft.edit(edit for match in _TELEPHONE.finditer(draft.text) for edit in _telephone(match))


def unify(draft: Draft) -> Draft:
    """Write "10–15" with a hyphen, which is said without a rest, and "1,000.50" as "1000.50"."""
    draft = draft.sub(_GROUPED, lambda match: re.sub("[.,]", "", match[0]))
    return draft.sub(_RANGE, _dash, "dash")


def read(draft: Draft) -> Draft:
    """Put every digit into words."""
    draft = draft.sub(
        _SIGN_FRACTION, lambda m: (" " if m["whole"] is not None else "") + _SIGN_FRACTIONS[m[0]]
    )
    draft = draft.sub(_SIZE, lambda _: " на ")
    draft = draft.sub(_VERSION, lambda match: " точка ".join(map(_plain, match[0].split("."))))
    draft = draft.sub(_SIGN, lambda match: _SIGNS[match[0].strip()])
    draft = draft.sub(_FRACTION, _fraction)
    draft = draft.sub(_DECIMAL, _decimal)
    draft = draft.sub(_ENDING, _with_ending)
    draft = draft.sub(_COMPOUND, _compound)
    return draft.sub(_INTEGER, _integer)


def _plain(digits: str) -> str:
    """Read a number that is only a name; zeros before it are read too, and a long one digit by digit."""
    zeros = len(digits) - len(digits.lstrip("0")) if len(digits) > 1 else 0
    rest = digits[zeros:]
    if len(rest) > 15 or zeros > 3:
        return _one_by_one(digits)
    return " ".join([cardinal(0)] * zeros + ([cardinal(int(rest))] if rest else []))


def _one_by_one(digits: str) -> str:
    return " ".join(cardinal(int(digit)) for digit in digits)


def _telephone(match: re.Match[str]) -> Iterator[Edit]:
    """Read the groups as they are written, with a rest after each."""
    start = match.start()
    for group in _DIGITS_OF_TELEPHONE.finditer(match[0]):
        plus = "плюс " if group[1] else ""
        groups = (
            [group[2]]
            if len(group[2]) <= 5
            else [group[2][:1], group[2][1:4], group[2][4:7], *_pairs(group[2][7:])]
        )
        rest = ", " if group.end() < len(match[0]) else ""
        spoken = plus + ", ".join(map(_plain, filter(None, groups)))
        yield start + group.start(), start + group.end(2), spoken
        yield start + group.end(2), start + group.end(), rest


def _pairs(digits: str) -> list[str]:
    return [digits[i : i + 2] for i in range(0, len(digits), 2)]


def _dash(match: re.Match[str]) -> str:
    long = max(len(match["first"]), len(match["last"])) > 2
    return " — " if long else "-"


def _fraction(match: re.Match[str]) -> str:
    whole, upper, lower = match[1], int(match[2]), int(match[3])
    text, start = match.string, match.start()
    if not 0 < upper < lower or _NAMED.search(text[max(0, start - 20) : start]):
        joint = " на " if (upper, lower) == (24, 7) else " дробь "
        return (f"{_plain(whole)} " if whole else "") + _plain(match[2]) + joint + _plain(match[3])
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
    if _is_one(upper):
        return ordinal(lower, case, "f")
    return ordinal(lower, "g" if case in "na" else case, plural=True)


def _part(stem: str, number: int, case: str) -> str:
    one = {"n": "ая", "a": "ую"}.get(case, "ой")
    many = {"d": "ым", "i": "ыми"}.get(case, "ых")
    return stem + (one if _is_one(number) else many)


def _is_one(number: int) -> bool:
    return number % 10 == 1 and number % 100 != 11


def _decimal(match: re.Match[str]) -> str:
    text, (start, stop) = match.string, match.span()
    whole, digits = int(match[1].replace(" ", "")), match[2]
    if whole >= LARGEST:
        return f"{_plain(match[1].replace(' ', ''))} запятая {_plain(digits)}"
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


def _with_ending(match: re.Match[str]) -> str | None:
    """ "21-й", "5-ти": the form with this ending that fits what stands around it."""
    number = int(match[1].replace(" ", ""))
    ending = match["ending"] or match["glued"]
    if number >= LARGEST:
        return None
    cases = cases_before(match.string, match.start())
    following = counted_after(match.string, match.end(), number)
    found: list[tuple[int, str]] = []
    for case in "ngdaip":
        governed = 1 if case in cases else 0
        like_noun = 2 * any(form.case == case for form in following.forms)
        for gender in "mfnp":
            plural = gender == "p"
            word = ordinal(number, case, "m" if plural else gender, plural)
            if word.endswith(ending):
                fits = any(
                    form.case == case and form.plural == plural and (plural or form.gender == gender)
                    for form in following.forms
                )
                decade = plural and number % 10 == 0 and number > 10 and not following.words
                found.append(
                    (4 * fits + like_noun + 2 * (decade and governed == bool(cases)) + governed, word)
                )
        word = cardinal(number, case)
        if word.endswith(ending) and (number < 5 or ending not in ("м", "х")):
            fits = any(form.plural and form.case == case for form in following.forms)
            small = number < 5 and ending in ("х", "мя")
            found.append((4 * fits + like_noun + 3 * small + governed, word))
    return max(found, key=lambda scored: scored[0])[1] if found else None


def _compound(match: re.Match[str]) -> str:
    """ "5-летний" → "пятилетний"."""
    parts = cardinal(int(match[1]), "g").split()
    return "".join(_COMPOUND_PARTS.get(part, part) for part in parts) + match[2]


def _integer(match: re.Match[str]) -> str:
    text, (start, stop) = match.string, match.span()
    digits = match[0].replace(" ", "")
    if len(digits) > 15 or (digits[0] == "0" and len(digits) > 1):
        return _plain(digits)
    number = int(digits)
    if number >= _SHORTEST_CODE and digits == match[0] and number % 1000:
        return _one_by_one(digits)
    cases = cases_before(text, start)
    if _IN_A_BOOK.search(text[max(0, start - 20) : start]):
        return cardinal(number)
    following = counted_after(text, stop, number)
    agreed = agreement(following, cases) if following.words else None
    before = word_before(text, start).lower()
    if before in _YEAR_BEFORE and _is_bare_year(match[0], following, agreed is not None):
        return ordinal(number, _YEAR_BEFORE[before])
    if not _NAMED.search(text[max(0, start - 20) : start]):
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
    if counts and not year and not (_is_one(number) and _ORDINALS.fullmatch(noun)):
        return None
    if not following.own and cases:
        return ordinal(number, cases[0], following.forms[0].gender)
    for case in dict.fromkeys(cases + "nagdip"):
        for form in following.forms:
            if form.case == case and (year or not form.plural):
                return ordinal(number, case, form.gender)
    return None
