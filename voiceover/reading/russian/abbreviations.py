"""Russian abbreviations that are written with dots, strokes or hyphens."""

import re

from voiceover.reading.draft import Draft
from voiceover.reading.russian.context import cases_before
from voiceover.reading.russian.grammar import inflect
from voiceover.reading.russian.letters import spell

_PHRASES = {
    "т.е.": "то есть", "т.к.": "так как", "т.н.": "так называемый", "т.о.": "таким образом",
    "т.ч.": "том числе", "т.д.": "так далее", "т.п.": "тому подобное", "и др.": "и другие",
    "и пр.": "и прочее", "др.": "другие", "н.э.": "нашей эры", "и.о.": "исполняющий обязанности",
    "к.т.н.": "кандидат технических наук", "к.м.н.": "кандидат медицинских наук",
    "к.э.н.": "кандидат экономических наук", "д.т.н.": "доктор технических наук",
    "д.м.н.": "доктор медицинских наук", "P.S.": "постскриптум", "C#": "си-шарп", "ст. м.": "станция метро",
    "пн.": "понедельник", "вт.": "вторник", "чт.": "четверг", "пт.": "пятницу", "сб.": "субботу",
    "вс.": "воскресенье", "по тел.": "по телефону", "тел.": "телефон",
    "напр.": "например", "см.": "смотри",
    "ср.": "сравни", "ок.": "около", "им.": "имени", "англ.": "английский",
    "лат.": "латинский", "нем.": "немецкий", "фр.": "французский", "греч.": "греческий", "рус.": "русский",
    "проф.": "профессор", "акад.": "академик", "доц.": "доцент", "тов.": "товарищ", "ред.": "редактор",
    "прим.": "примечание", "макс.": "максимум", "мин.": "минимум", "изд.": "издательство",
    "г-н": "господин", "г-на": "господина", "г-ну": "господину", "г-ном": "господином", "г-жа": "госпожа",
    "г-жи": "госпожи", "г-же": "госпоже", "г-жу": "госпожу", "д-р": "доктор", "д-ра": "доктора",
    "д-ру": "доктору", "пр-т": "проспект", "пр-та": "проспекта", "б-р": "бульвар", "р-н": "район",
    "р-на": "района", "р-не": "районе", "кол-во": "количество", "кол-ва": "количества",
    "ун-т": "университет", "б/у": "бэ-у", "ж/д": "жэ-дэ", "с/х": "сельхоз", "а/м": "автомобиль",
    "в/ч": "войсковая часть", "н/д": "нет данных", "т/с": "транспортное средство", "и/или": "и или",
}  # fmt: skip

_BEFORE_NUMBER = {
    "рис.": "рисунок", "табл.": "таблица", "гл.": "глава", "п.": "пункт", "пп.": "пункт", "ст.": "статья",
    "ч.": "часть", "т.": "том", "стр.": "страница", "с.": "страница", "д.": "дом", "кв.": "квартира",
    "корп.": "корпус", "к.": "корпус", "оф.": "офис", "каб.": "кабинет", "эт.": "этаж", "№": "номер",
    "илл.": "иллюстрация", "#": "номер", "разд.": "раздел",
    "§": "параграф", "вып.": "выпуск", "ул.": "улица",
    "абз.": "абзац",
}  # fmt: skip
_BEFORE_NAME = {
    "г.": "город", "гор.": "город", "ул.": "улица", "пр.": "проспект", "просп.": "проспект",
    "пер.": "переулок", "пл.": "площадь", "наб.": "набережная", "бул.": "бульвар", "ш.": "шоссе",
    "пос.": "посёлок", "дер.": "деревня", "с.": "село", "д.": "деревня", "обл.": "область", "оз.": "озеро",
    "р.": "река", "ст.": "станция", "м.": "метро", "св.": "святой", "мкр.": "микрорайон",
    "респ.": "республика",
}  # fmt: skip
_AFTER_NAME = {"обл.": "область", "ул.": "улица", "пер.": "переулок", "пл.": "площадь", "наб.": "набережная"}
_AFTER_NAME |= {"просп.": "проспект", "пр.": "проспект", "б-р": "бульвар", "р-н": "район"}
_IN_A_BOOK = {"глава", "пункт", "статья", "часть", "том", "страница", "абзац", "раздел"}

_PLACE_CASES = {"ap": "p", "gi": "g", "adp": "d", "ai": "i"}
"""The commonest case of a place after a preposition with several."""


def _any(names: dict[str, str]) -> str:
    """A pattern of these names, the longest first; inside them a blank may follow a dot."""
    ordered = sorted(names, key=len, reverse=True)
    return "|".join(re.sub(r"(\\\.)(?=\w)", r"\1 ?", re.escape(name)) for name in ordered)


_SPOKEN_PHRASES = {phrase.replace(". ", ".").lower(): spoken for phrase, spoken in _PHRASES.items()}
_PHRASE = re.compile(rf"(?<![\w.-])(?:{_any(_PHRASES)})(?![\w-])", re.IGNORECASE)
_NUMBERED = re.compile(rf"(?<![\w.])(?P<name>№№|{_any(_BEFORE_NUMBER)}) ?(?=[+\dIVXLC])", re.IGNORECASE)
_NAMED = re.compile(rf"(?<![\w.])(?P<name>{_any(_BEFORE_NAME)}) ?(?=[«\"]?[А-ЯЁ][а-яё-])")
_BUILDING = re.compile(r"(?:дом|д\.) \d+[а-я]?,? (?P<name>стр\.) ?(?=\d)")
_NAMED_BEFORE = re.compile(rf"(?<=[а-яё]{{3}}[йя] )(?:{_any(_AFTER_NAME)})(?!\w)")
_PART_OF_LAW = re.compile(
    r"(?<![\w.])(?P<law>(?:пп?|ст)\. ?\d+ )?(?P<name>ч\.)(?(law)(?= ?\d)|(?= ?\d+ ст\.))", re.IGNORECASE
)
_SEVERAL_AFTER = re.compile(r" ?\d+ ?[-–—] ?\d")
_NUMBER_BEFORE = re.compile(r"\d[а-я]? $")
_ADJECTIVE_BEFORE = re.compile(r"[а-яёА-ЯЁ-]+ $")
_INITIALS = re.compile(r"(?<![\w.])(?:[А-ЯЁ]\. ?){1,2}(?=[А-ЯЁ][а-яё])|(?<=[а-яё] )[А-ЯЁ]\. ?[А-ЯЁ]\.(?!\w)")
_LETTER = re.compile("[А-ЯЁ]")


def of_laws(draft: Draft) -> Draft:
    """Read "ч." beside points and articles of laws as a part, not as hours."""
    return draft.sub(_PART_OF_LAW, _numbered, "name")


def read(draft: Draft) -> Draft:
    """Write abbreviations out."""
    draft = draft.sub(_PHRASE, _phrase)
    draft = draft.sub(_BUILDING, lambda _: "строение", "name")
    draft = draft.sub(_NUMBERED, _numbered, "name")
    draft = draft.sub(_NAMED, lambda match: _place(match, _BEFORE_NAME[match["name"]]) + " ")
    draft = draft.sub(_NAMED_BEFORE, _after_name)
    return draft.sub(_INITIALS, _initials)


def _phrase(match: re.Match[str]) -> str | None:
    # Letters that only look alike in lower case ("\u1c80" and "в") are found but not meant.
    spoken = _SPOKEN_PHRASES.get(_key(match[0]))
    if spoken is None:
        return None
    return (spoken.capitalize() if match[0][0].isupper() and spoken.islower() else spoken) + _stop(match)


def _key(typed: str) -> str:
    return typed.replace(". ", ".").lower()


def _numbered(match: re.Match[str]) -> str | None:
    if match["name"] == "№№":
        return "номера"
    noun = _BEFORE_NUMBER.get(match["name"].lower())
    if noun is None:
        return None
    in_a_book = noun in _IN_A_BOOK and _NUMBER_BEFORE.search(match.string[: match.start("name")][-4:])
    several = bool(_SEVERAL_AFTER.match(match.string, match.end()))
    return inflect(noun, "g", several) if in_a_book else _place(match, noun, several)


def _place(match: re.Match[str], noun: str, several: bool = False) -> str:
    cases = cases_before(match.string, match.start("name")) or "n"
    return inflect(noun, _PLACE_CASES.get(cases, cases[0]), several)


def _after_name(match: re.Match[str]) -> str:
    """ "в Московской обл.": what stands before the adjective tells the case."""
    before = match.string[max(0, match.start() - 40) : match.start()]
    adjective = _ADJECTIVE_BEFORE.search(before)
    start = match.start() - (len(before) - adjective.start() if adjective else 0)
    cases = cases_before(match.string, start) or "n"
    return inflect(_AFTER_NAME[match[0]], _PLACE_CASES.get(cases, cases[0]), False) + _stop(match)


def _initials(match: re.Match[str]) -> str:
    space = " " if match[0].endswith(" ") or match.string[match.end() : match.end() + 1].isalpha() else ""
    return " ".join(spell(letter) for letter in _LETTER.findall(match[0])) + space


def _stop(match: re.Match[str]) -> str:
    """The dot of an abbreviation is heard only where it ends the text as well."""
    return "." if match[0].endswith(".") and match.end() >= len(match.string.rstrip()) else ""
