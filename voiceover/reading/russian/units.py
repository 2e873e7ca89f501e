"""Units of measure and money in Russian."""

import re

from voiceover.reading.draft import Draft
from voiceover.reading.russian.context import INTEGER, cases_before, word_before
from voiceover.reading.russian.grammar import counted, inflect

_MULTIPLIERS = {"тыс": "тысяча", "млн": "миллион", "млрд": "миллиард", "трлн": "триллион"}
_UNITS = {
    # length, area, volume
    "мм": "миллиметр", "см": "сантиметр", "дм": "дециметр", "м": "метр", "км": "километр",
    "мкм": "микрометр", "нм": "нанометр", "га": "гектар", "сот": "сотка", "мм²": "квадратный миллиметр",
    "см²": "квадратный сантиметр", "м²": "квадратный метр", "км²": "квадратный километр",
    "см2": "квадратный сантиметр", "м2": "квадратный метр", "км2": "квадратный километр",
    "кв. м": "квадратный метр", "кв.м": "квадратный метр", "кв. км": "квадратный километр",
    "кв.км": "квадратный километр", "см³": "кубический сантиметр", "м³": "кубический метр",
    "м3": "кубический метр", "куб. м": "кубический метр", "куб.м": "кубический метр", "л": "литр",
    "мл": "миллилитр", "дл": "децилитр", "ст. л": "столовая ложка", "ст.л": "столовая ложка",
    "ч. л": "чайная ложка", "ч.л": "чайная ложка",
    # mass
    "мг": "миллиграмм", "г": "грамм", "гр": "грамм", "кг": "килограмм", "ц": "центнер", "т": "тонна",
    # time
    "мс": "миллисекунда", "сек": "секунда", "мин": "минута", "ч": "час", "сут": "сутки", "дн": "день",
    "нед": "неделя", "мес": "месяц",
    # speed
    "км/ч": "километр в час", "м/с": "метр в секунду", "км/с": "километр в секунду",
    "об/мин": "оборот в минуту", "уд/мин": "удар в минуту",
    # electricity, energy, power, frequency, pressure
    "В": "вольт", "кВ": "киловольт", "мА": "миллиампер", "мА·ч": "миллиампер-час", "мАч": "миллиампер-час",
    "Вт": "ватт", "кВт": "киловатт", "МВт": "мегаватт", "ГВт": "гигаватт", "кВт·ч": "киловатт-час",
    "кВтч": "киловатт-час", "кВт*ч": "киловатт-час", "Гц": "герц", "кГц": "килогерц", "МГц": "мегагерц",
    "ГГц": "гигагерц", "Дж": "джоуль", "кДж": "килоджоуль", "ккал": "килокалория", "кал": "калория",
    "Па": "паскаль", "кПа": "килопаскаль", "МПа": "мегапаскаль", "атм": "атмосфера", "дБ": "децибел",
    "л. с": "лошадиная сила", "л.с": "лошадиная сила",
    # information
    "бит": "бит", "байт": "байт", "КБ": "килобайт", "Кб": "килобайт", "МБ": "мегабайт", "Мб": "мегабайт",
    "ГБ": "гигабайт", "Гб": "гигабайт", "ТБ": "терабайт", "Тб": "терабайт", "кбит/с": "килобит в секунду",
    "Мбит/с": "мегабит в секунду", "Гбит/с": "гигабит в секунду", "Мбит": "мегабит", "Гбит": "гигабит",
    # angles, temperature, parts
    "°C": "градус Цельсия", "°С": "градус Цельсия", "℃": "градус Цельсия", "°F": "градус Фаренгейта",
    "°": "градус", "%": "процент", "‰": "промилле",
    # counted
    "шт": "штука", "табл": "таблетка", "уп": "упаковка",
    "чел": "человек", "экз": "экземпляр", "ед": "единица", "стр": "страница", "эт": "этаж",
    # money
    "руб": "рубль", "р": "рубль", "₽": "рубль", "RUB": "рубль", "коп": "копейка", "долл": "доллар",
    "$": "доллар", "USD": "доллар", "€": "евро", "EUR": "евро", "£": "фунт", "¥": "иена", "₴": "гривна",
    "тг": "тенге", "₸": "тенге",
}  # fmt: skip
_CENTS = {"рубль": "копейка", "доллар": "цент", "евро": "цент", "фунт": "пенс", "гривна": "копейка"}


def _any(names: dict[str, str]) -> str:
    """A pattern of these names, the longest first; one of letters may end with a dot and not go on."""
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_MULTIPLIER = rf"(?:(?:{_any(_MULTIPLIERS)})\.?|тысяч[аиу]?|(?:миллион|миллиард|триллион)(?:а|ов)?)"
_UNIT = rf"(?P<unit>(?P<name>{_any(_UNITS | _MULTIPLIERS)})(?!\w)(?P<dot>\.?))"
_NUMBER = rf"(?<![\d.,/])(?P<number>{INTEGER})(?P<fraction>[.,]\d+|/\d+| ?[½⅓⅔¼¾])?"

_SIGN_FIRST = re.compile(
    rf"(?:US)?(?P<sign>[$€£¥₽₴]) ?(?P<number>{INTEGER}(?:[.,]\d+)?(?: ?[-–—] ?{INTEGER})?)"
    rf"(?P<multiplier> ?{_MULTIPLIER}(?!\w))?"
)
_PENCE = re.compile(
    rf"(?<![\d.,])(?P<whole>{INTEGER})[.,](?P<cents>\d\d) ?"
    r"(?P<name>руб|р|[$€£₽₴]|USD|EUR|RUB)(?!\w)(?P<dot>\.?)"
)
_PRICE_OF = re.compile(
    rf"\d ?(?:{_MULTIPLIER} ?)?(?:руб|р|коп|долл|[$€£₽₴])\.?"
    rf"(?P<of>/(?P<name>{_any(_UNITS)}|год|день)(?!\w)\.?)"
)
_TIMES = {"секунда", "минута", "час", "день", "сутки", "неделя", "месяц", "год"}
_PER_CENT = re.compile(r"(?<=\d) ?%-?н?(?P<ending>ый|ая|ое|ой|ого|ому|ым|ом|ые|ых|ыми|ую)(?!\w)")
_AFTER_MULTIPLIER = re.compile(rf"\d ?{_MULTIPLIER} ?{_UNIT}")
_AFTER_NUMBER = re.compile(rf"{_NUMBER} ?{_UNIT}")
_SECONDS = re.compile(rf"{_NUMBER} ?(?P<unit>с(?P<dot>\.?))(?=[,;:!?)]| ?$)")
_KOPECKS = re.compile(rf"{_NUMBER} ?(?P<unit>к(?P<dot>\.))(?! ?\d)")
_ALONE = re.compile(r"(?<!\w)(?P<unit>(?P<name>тыс|млн|млрд|трлн|руб|коп|долл)(?!\w)(?P<dot>\.?))")

_GOES_ON = re.compile(r"[^.!?]{0,40}(?<!\w)(?:до|по)(?!\w)")


def read(draft: Draft) -> Draft:
    """Write units out in the form that their number asks for; the digits stay for later."""
    draft = draft.sub(_SIGN_FIRST, lambda m: f"{m['number']}{m['multiplier'] or ''} {m['sign']}")
    draft = draft.sub(_PRICE_OF, _price_of, "of")
    draft = draft.sub(_PER_CENT, lambda match: f"-процентн{match['ending']}")
    draft = draft.sub(_PENCE, _pence)
    draft = draft.sub(_AFTER_MULTIPLIER, lambda m: inflect(_UNITS[m["name"]], "g", True) + _stop(m), "unit")
    draft = draft.sub(_AFTER_NUMBER, lambda m: _counted(m, (_UNITS | _MULTIPLIERS)[m["name"]]), "unit")
    draft = draft.sub(_SECONDS, lambda m: _counted(m, "секунда"), "unit")
    draft = draft.sub(_KOPECKS, lambda m: _counted(m, "копейка"), "unit")
    return draft.sub(
        _ALONE, lambda m: inflect((_UNITS | _MULTIPLIERS)[m["name"]], "g", True) + _stop(m), "unit"
    )


def _price_of(match: re.Match[str]) -> str:
    """ "руб./мес." → "в месяц", "руб./кг" → "за килограмм"."""
    noun = _UNITS.get(match["name"], match["name"])
    return f" {'в' if noun in _TIMES else 'за'} {inflect(noun, 'a', False)}"


def _counted(match: re.Match[str], noun: str) -> str:
    if match["fraction"]:
        return inflect(noun, "g", False) + _stop(match)
    number = int(match["number"].replace(" ", ""))
    return counted(noun, number, _case(match)) + _stop(match)


def _case(match: re.Match[str]) -> str:
    """The case that the words before a measure ask for, where the measure itself tells nothing."""
    cases = cases_before(match.string, match.start("number"))
    if cases == "gi":
        return "g" if _GOES_ON.match(match.string, match.end()) else "i"
    of_parts = match["unit"] == "%" and word_before(match.string, match.start("number")).lower() in (
        "в",
        "во",
    )
    if cases == "ap" and (of_parts or match.string.startswith(" от ", match.end())):
        return "p"
    if cases == "adp" and match["number"] == "1":
        return "d"
    return cases[0] if cases else "n"


def _pence(match: re.Match[str]) -> str:
    noun = _UNITS[match["name"]]
    whole, cents = int(match["whole"].replace(" ", "")), int(match["cents"])
    case = (cases_before(match.string, match.start()) or "n")[0]
    words = f"{whole} {counted(noun, whole, case)}"
    if cents:
        words += f" {cents} {counted(_CENTS[noun], cents, case)}"
    return words + _stop(match)


def _stop(match: re.Match[str]) -> str:
    """The dot of an abbreviation is heard only where it ends the text as well."""
    return match["dot"] if match.end() >= len(match.string.rstrip()) else ""
