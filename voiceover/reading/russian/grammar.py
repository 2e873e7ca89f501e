"""Russian forms: of numerals (by num2words) and of nouns (by pymorphy3's dictionary).

Cases are one letter each, as num2words has them: nominative, genitive, dative, accusative,
instrumental ("i"), prepositional ("p"). Genders are "m", "f", "n". Safe to call from several threads.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

LARGEST = 10**15
"""Numbers from here on are read digit by digit."""

_CASES = {
    "nomn": "n", "gent": "g", "gen2": "g", "datv": "d", "accs": "a", "ablt": "i", "loct": "p", "loc2": "p",
}  # fmt: skip
_GRAMMEMES = {"n": "nomn", "g": "gent", "d": "datv", "a": "accs", "i": "ablt", "p": "loct"}
_GENDERS = {"masc": "m", "femn": "f", "neut": "n"}
_NEVER_COUNTED = {"PREP", "CONJ", "PRCL", "NPRO", "COMP", "ADVB", "INTJ", "PRED"}
_NO_COMMON_WORDS = {"Abbr", "Name", "Surn", "Patr", "Geox"}
_SURE = 0.001  # an interpretation of a word that is less likely than this is left out

_COUNTED_FORMS = {
    "год": "лет", "человек": "человек", "вольт": "вольт", "ампер": "ампер", "герц": "герц",
    "килогерц": "килогерц", "мегагерц": "мегагерц", "гигагерц": "гигагерц", "байт": "байт",
    "килобайт": "килобайт", "мегабайт": "мегабайт", "гигабайт": "гигабайт", "терабайт": "терабайт",
}  # fmt: skip
"""Nouns whose genitive plural after a number is not that of the dictionary."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a noun, or an adjective, may be in its context."""

    case: str
    plural: bool
    gender: str
    animate: bool
    adjective: bool = False


@lru_cache(maxsize=4096)
def forms(word: str) -> tuple[Form, ...]:
    """Return what a noun or an adjective may be; nothing for other words."""
    parses = _dictionary().parse(word.replace("\u0301", "").lower())
    if str(parses[0].tag.POS) in _NEVER_COUNTED:
        return ()
    adjective = parses[0].tag.POS in ("ADJF", "PRTF")
    wanted = ("ADJF", "PRTF") if adjective else ("NOUN",)
    found = [parse.tag for parse in parses if parse.tag.POS in wanted and _is_usual(parse)]
    found = found or [parse.tag for parse in parses if parse.tag.POS in wanted]
    return tuple(
        Form(
            _CASES[tag.case],
            tag.number == "plur",
            _GENDERS.get(str(tag.gender), "m"),
            tag.animacy == "anim",
            adjective,
        )
        for tag in found
        if tag.case in _CASES
    )


@lru_cache(maxsize=4096)
def is_word(word: str) -> bool:
    """Tell whether the dictionary has a word, and not as an abbreviation or a name."""
    dictionary = _dictionary()
    return dictionary.word_is_known(word.lower()) and not (
        _NO_COMMON_WORDS & dictionary.parse(word.lower())[0].tag.grammemes
    )


@lru_cache(maxsize=4096)
def inflect(phrase: str, case: str, plural: bool) -> str:
    """Put a noun with its adjectives into a case; what stands after the noun stays ("километр в час")."""
    words = phrase.split()
    number = "plur" if plural else "sing"
    done: list[str] = []
    while words:
        lemma = _lemma(words)
        if plural and case == "g" and words[0] in _COUNTED_FORMS:
            form = _COUNTED_FORMS[words[0]]
        else:
            inflected = lemma.inflect({number, _GRAMMEMES[case]})
            form = inflected.word if inflected else words[0]
        done.append(form)
        del words[0]
        if lemma.tag.POS == "NOUN":
            break
    return " ".join(done + words)


def counted(phrase: str, number: int, case: str) -> str:
    """Put a noun with its adjectives into the form that a number in that case asks for."""
    if is_one(number):
        return inflect(phrase, case, False)
    if case not in "na":
        return inflect(phrase, case, True)
    if _is_few(number):
        return _paucal(phrase)
    return inflect(phrase, "g", True)


def is_one(number: int) -> bool:
    """Tell whether a number counts like one: 1, 21, 101, not 11."""
    return number % 10 == 1 and number % 100 != 11


def agrees(number: int, case: str, form: Form) -> bool:
    """Tell whether a noun in that form may be counted by a number in that case."""
    if is_one(number):
        return not form.plural and form.case == case
    if case not in "na":
        return form.plural and form.case == case
    if form.case != "g":
        return False
    few = _is_few(number)
    if few and case == "a" and form.animate:
        return form.plural
    return form.plural != (few and not form.adjective)


@lru_cache(maxsize=4096)
def cardinal(number: int, case: str = "n", gender: str = "m", animate: bool = False) -> str:
    """Return "пять", "двух", "тысяча": a number below LARGEST, at least 0, in words."""
    words = str(_numerals().to_cardinal(number, case=case, gender=gender, animate=animate))
    first, _, rest = words.partition(" ")
    # People say "тысяча рублей", not "одна тысяча рублей".
    return rest if first.startswith("одн") and rest.startswith("тысяч") else words


@lru_cache(maxsize=4096)
def ordinal(number: int, case: str = "n", gender: str = "m", plural: bool = False) -> str:
    """Return "пятый", "две тысячи двадцать четвёртом"."""
    return str(_numerals().to_ordinal(number, case=case, gender=gender, plural=plural, animate=False))


def _is_usual(parse: Any) -> bool:
    return parse.score >= _SURE and "Infr" not in parse.tag


def _is_few(number: int) -> bool:
    return number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14)


def _paucal(phrase: str) -> str:
    """The form after 2, 3, 4: a noun in the genitive singular, its adjectives in the genitive plural."""
    words = phrase.split()
    adjectives: list[str] = []
    while _lemma(words).tag.POS == "ADJF":
        adjectives.append(inflect(words[0], "g", True))
        del words[0]
    return " ".join([*adjectives, inflect(" ".join(words), "g", False)])


def _lemma(words: list[str]) -> Any:
    """The first word of a phrase: an adjective where it can be one and another word follows, else a noun."""
    parses = [parse for parse in _dictionary().parse(words[0]) if parse.tag.case == "nomn"]
    wanted = ("ADJF", "NOUN") if len(words) > 1 else ("NOUN", "ADJF")
    return min(parses, key=lambda parse: wanted.index(parse.tag.POS) if parse.tag.POS in wanted else 2)


@cache
def _dictionary() -> "MorphAnalyzer":
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer()


@cache
def _numerals() -> Any:
    from num2words.lang_RU import Num2Word_RU

    return Num2Word_RU()
