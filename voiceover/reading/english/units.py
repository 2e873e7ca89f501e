"""Units of measure and money in English."""

import re

from voiceover.reading.draft import Draft
from voiceover.reading.english.numbers import INTEGER

_UNITS = {
    "mm": "millimeter", "cm": "centimeter", "m": "meter", "km": "kilometer", "in.": "inch", "ft": "foot",
    "yd": "yard", "mi": "mile", "sq ft": "square foot", "sq. ft.": "square foot", "sq m": "square meter",
    "sq km": "square kilometer", "m²": "square meter", "km²": "square kilometer", "ft²": "square foot",
    "m³": "cubic meter", "cm³": "cubic centimeter", "ha": "hectare", "ml": "milliliter", "mL": "milliliter",
    "l": "liter", "L": "liter", "gal": "gallon", "qt": "quart", "pt": "pint", "fl oz": "fluid ounce",
    "tbsp": "tablespoon", "tsp": "teaspoon", "mg": "milligram", "g": "gram", "kg": "kilogram",
    "oz": "ounce", "lb": "pound", "lbs": "pound", "ms": "millisecond", "sec": "second", "secs": "second",
    "min": "minute", "mins": "minute", "h": "hour", "hr": "hour", "hrs": "hour", "yr": "year",
    "yrs": "year", "mo": "month", "wk": "week", "mph": "mile per hour", "km/h": "kilometer per hour",
    "kph": "kilometer per hour", "m/s": "meter per second", "rpm": "revolution per minute",
    "bpm": "beat per minute", "fps": "frame per second", "mpg": "mile per gallon", "V": "volt",
    "kV": "kilovolt", "W": "watt", "kW": "kilowatt", "MW": "megawatt", "GW": "gigawatt",
    "kWh": "kilowatt hour", "mAh": "milliamp hour", "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz",
    "GHz": "gigahertz", "dB": "decibel", "kcal": "kilocalorie", "cal": "calorie", "Pa": "pascal",
    "kPa": "kilopascal", "psi": "pound per square inch", "hp": "horsepower", "KB": "kilobyte",
    "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte", "Mbps": "megabit per second",
    "Gbps": "gigabit per second", "px": "pixel", "°C": "degree Celsius", "℃": "degree Celsius",
    "°F": "degree Fahrenheit", "°": "degree", "%": "percent", "¢": "cent", "USD": "dollar", "EUR": "euro",
    "GBP": "pound", "RUB": "ruble",
}  # fmt: skip
_PLURALS = {
    "foot": "feet",
    "inch": "inches",
    "hertz": "hertz",
    "kilohertz": "kilohertz",
    "megahertz": "megahertz",
}
_PLURALS |= {
    "gigahertz": "gigahertz",
    "horsepower": "horsepower",
    "percent": "percent",
    "yen": "yen",
    "yuan": "yuan",
}
_PLURALS |= {"penny": "pence"}
_MONEY = {
    "$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny"), "₽": ("ruble", "kopeck"),
    "¥": ("yen", "sen"), "₴": ("hryvnia", "kopiyka"), "₹": ("rupee", "paisa"),
}  # fmt: skip
_MULTIPLIERS = {
    "k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "mln": "million",
    "b": "billion", "B": "billion", "bn": "billion", "T": "trillion", "tn": "trillion",
}  # fmt: skip
_ADJECTIVES = {"square", "cubic", "fluid"}

_AMOUNT = re.compile(
    rf"(?:US|C|A)?(?P<sign>[{''.join(_MONEY)}]) ?(?P<number>{INTEGER})(?:\.(?P<cents>\d+))?"
    rf"(?P<range>[-–](?P<last>{INTEGER}))?"
    rf"(?: ?(?P<short>{'|'.join(sorted(_MULTIPLIERS, key=len, reverse=True))})(?!\w)"
    r"| (?P<long>thousand|million|billion|trillion)(?!\w))?"
)
_ANY = "|".join(re.escape(name) for name in sorted(_UNITS, key=len, reverse=True))
_MEASURE = re.compile(
    rf"(?<![\d.,/])(?P<number>{INTEGER})(?P<part>\.\d+|/\d+| ?[½⅓⅔¼¾])?"
    rf"(?P<gap>[ -]?)(?P<unit>{_ANY})(?!\w|/\w)(?P<dot>(?<=[a-z])\.)?"
)
_OTHER_FIRST = re.compile(r"(?<!\w)(?P<height>\d)['′’](?P<inches>\d{1,2})(?:\"|″|”)")


def read(draft: Draft) -> Draft:
    """Write units and money out; the digits stay for later."""
    draft = draft.sub(_OTHER_FIRST, lambda match: f"{match['height']} foot {match['inches']}")
    draft = draft.sub(_AMOUNT, _amount)
    return draft.edit(
        (match.start("gap"), match.end(), _unit(match)) for match in _MEASURE.finditer(draft.text)
    )


def _amount(match: re.Match[str]) -> str:
    main, small = _MONEY[match["sign"]]
    number, cents = match["number"], match["cents"] or ""
    multiplier = match["long"] or _MULTIPLIERS.get(match["short"] or "", "")
    if match["last"]:
        return " ".join(filter(None, (f"{number} to {match['last']}", multiplier, _plural(main))))
    if multiplier or len(cents) not in (0, 2):
        return " ".join(filter(None, (number + (f".{cents}" if cents else ""), multiplier, _plural(main))))
    words = f"{number} {main if number == '1' else _plural(main)}"
    if int(cents or 0) == 0:
        return words
    small = f"{int(cents)} {small if int(cents) == 1 else _plural(small)}"
    return small if number == "0" else f"{words} and {small}"


def _unit(match: re.Match[str]) -> str:
    noun, part = _UNITS[match["unit"]], match["part"] or ""
    one = match["number"] == "1" and not part
    # The dot of an abbreviation is heard only where it ends the text as well.
    dot = "." if match["dot"] and match.end() >= len(match.string.rstrip()) else ""
    if one or part.startswith("/") or match["gap"] == "-":
        return ("-" if match["gap"] == "-" else " ") + noun + dot
    return f" {_plural(noun)}{dot}"


def _plural(noun: str) -> str:
    """Return the plural of the word that is counted: "miles per hour", "square feet"."""
    head, _, tail = noun.partition(" ")
    if head in _ADJECTIVES or tail == "hour":
        return f"{head} {_plural(tail)}"
    return f"{_PLURALS.get(head, head + 's')} {tail}".rstrip()
