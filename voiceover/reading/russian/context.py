"""What stands around a number in a Russian sentence, and so the case and gender in which it is read."""

import re
from dataclasses import dataclass

from voiceover.reading.russian.grammar import Form, agrees, forms

WORD = "[а-яёА-ЯЁ\u0301]+"
INTEGER = r"(?:\d{1,3}(?: \d{3})+(?!\d)|\d+)"
_REACH = 60  # characters: as far as a number looks around

_GOVERNED_CASES = {
    "ap": "в во на",
    "gi": "с со",
    "ai": "за под подо",
    "adp": "по",
    "d": "к ко благодаря согласно вопреки подобно равен равна равно равны равняется равнялась равнялся",
    "i": "над надо перед передо между",
    "p": "о об обо при",
    "a": "через про сквозь спустя",
    "g": "из изо от ото до без для у около после кроме вместо вокруг среди против ради из-за из-под "
    "более менее больше меньше свыше выше ниже старше младше порядка позже раньше позднее ранее дальше ближе "
    "течение течении продолжение протяжении возрасте размере количестве объёме сумме достигает достиг "
    "достигла достигло достигли исполнения",
}
"""Words and the cases, the commonest first, in which a number after them may stand."""
_CASES_AFTER = {word: cases for cases, words in _GOVERNED_CASES.items() for word in words.split()}

_WORD = re.compile(rf"{WORD}(?:-{WORD})?")
_OPENERS = '«„"('
_JOINED_BEFORE = re.compile(
    rf"(?<![\d.,:]){INTEGER}(?:[.,:]\d+|-[а-я]{{1,3}})?(?: ?[-–—] ?| (?:и|или|либо) )$"
)
_JOINED_AFTER = re.compile(
    rf"(?P<joint> ?[-–—] ?| (?:и|или|либо) | (?:до|по) )(?P<number>{INTEGER})"
    r"(?:-?(?:го|е|му|м|й|я|х))?(?![\d.,:]\d)"
)
_SIGN_BEFORE = re.compile("(?:(?:минус|плюс) |[-−+±~≈])$")
_NEXT_WORD = re.compile(rf" ({WORD})(?![-\w])")


_IN_A_BOOK = re.compile(
    r"(?<!\w)(?i:рисун|таблиц|пункт|стать|глав|част|страниц|раздел|параграф|абзац|том)\w{0,4} $"
)
_NAMED = re.compile(
    r"(?:[A-Za-z]\.? ?|\w-|№ |(?<!\w)(?i:номер|дом|квартир|верси|маршрут|автобус|рейс|палат|кабинет|корпус|"
    r"строени|офис|школ|выпуск|канал|пример|вариант|задани|упражнени|урок|уров|тест|модел|поезд|трамва|"
    r"троллейбус)\w{0,5} )$"
)


def is_in_a_book(text: str, start: int) -> bool:
    """Tell whether a number there is that of a page, a chapter, an article: it is read as it is."""
    return bool(_IN_A_BOOK.search(text[max(0, start - 20) : start]))


def is_named(text: str, start: int) -> bool:
    """Tell whether what stands before bears the number: "школа 5", "Ту-154"; no noun after it does."""
    return bool(_NAMED.search(text[max(0, start - 20) : start]))


def before_all(text: str, start: int) -> str:
    """Return what stands before a number and the numbers that are joined to it: of "с 3–5 мая" it is "с "."""
    before = text[max(0, start - _REACH) : start]
    for _ in range(3):
        joined = _JOINED_BEFORE.search(before)
        if not joined:
            break
        before = before[: joined.start()]
    return _SIGN_BEFORE.sub("", before)


def cases_before(text: str, start: int) -> str:
    """Return the cases in which a number that begins there may stand, the likeliest first; "" if any."""
    before = before_all(text, start)
    word = _last_word(before).lower()
    if word in _CASES_AFTER:
        return _CASES_AFTER[word]
    plural = [form.case for form in forms(word) if form.adjective and form.plural] if word else []
    return "".join(dict.fromkeys(plural))


def word_before(text: str, start: int) -> str:
    """Return the word right before a place, "" where a mark or nothing stands there."""
    return _last_word(text[max(0, start - _REACH) : start])


def _last_word(before: str) -> str:
    pieces = before.rstrip(" \n" + _OPENERS).split()
    word = pieces[-1].lstrip(_OPENERS) if pieces else ""
    return word if _WORD.fullmatch(word) else ""


@dataclass(frozen=True, slots=True)
class Counted:
    """What a number counts, or is the ordinal number of."""

    number: int
    """The number that stands right before the noun: of "3–5 дней" it is 5."""
    own: bool
    """Whether this is the number itself, or joined to it so that both are in one case."""
    words: tuple[str, ...]
    """The noun, after its adjectives."""
    forms: tuple[Form, ...]
    """What the noun, then its adjectives, may be."""


def counted_after(text: str, stop: int, number: int) -> Counted:
    """Find what a number that ends there counts."""
    after = text[stop : stop + _REACH]
    own = True
    for _ in range(3):
        joined = _JOINED_AFTER.match(after)
        if not joined:
            break
        own = own and joined["joint"].strip() not in ("до", "по")
        number = int(joined["number"].replace(" ", ""))
        after = after[joined.end() :]
    words: list[str] = []
    found: list[Form] = []
    while len(words) < 3:
        following = _NEXT_WORD.match(after)
        understood = forms(following[1]) if following else ()
        if not following or not understood:
            break
        words.append(following[1])
        found = [*understood, *found]
        after = after[following.end() :]
        if not understood[0].adjective:
            break
    return Counted(number, own, tuple(words), tuple(found))


@dataclass(frozen=True, slots=True)
class Agreement:
    """The form in which a numeral is read."""

    case: str = "n"
    gender: str = "m"
    animate: bool = False


def agreement(counted: Counted, cases: str) -> Agreement | None:
    """Return how a number is read that counts a noun and may stand in one of these cases.

    Returns None where the noun is not in a form that this number can count.
    """
    for case in dict.fromkeys(cases + "nagdip"):
        for form in counted.forms:
            if agrees(counted.number, case, form):
                return Agreement(case, form.gender, form.animate)
    return None
