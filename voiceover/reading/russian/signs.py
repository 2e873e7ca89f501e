"""Stress marks and signs in Russian text."""

import re

from voiceover.reading.draft import Draft

_PLUS_BEFORE_VOWEL = re.compile(
    r"(?<![\w+])(?=[а-яё+]*[а-яё])[а-яё]*\+[аеиоуыэюя][а-яё]*(?![\w+])", re.IGNORECASE
)
_ACUTE_LATIN = str.maketrans({"á": "а\u0301", "é": "е\u0301", "ó": "о\u0301", "ý": "у\u0301", "ú": "и\u0301"})
_WITH_ACUTE_LATIN = re.compile(r"(?<!\w)(?:[а-яё]+[áéóý][а-яё]*|[áéóý][а-яё]+)", re.IGNORECASE)

_SIGNS = {
    "&": " и ", "=": " равно ", "+": " плюс ", "@": " собака ", "%": " процентов ", "§": " параграф ",
    "≈": " примерно ", "~": " примерно ", "×": " на ", "÷": " разделить на ", "≤": " не больше ",
    "≥": " не меньше ", "≠": " не равно ", "±": " плюс-минус ", "°": " градусов ", "$": " долларов ",
    "€": " евро ", "₽": " рублей ", "£": " фунтов ", "№": " номер ", "∞": " бесконечность ",
    "√": " корень из ",
}  # fmt: skip
_SIGN = re.compile(f"(?P<sign>[{re.escape(''.join(_SIGNS))}])")
_COMPARISON = re.compile(r"(?<=[\w)]) ?(?P<sign>[<>]) ?(?=[\w(−-])")
_HASHTAG = re.compile(r"(?<![\w#])#(?=\w)")
_POWER = re.compile(r"(?<=\w) ?\^ ?(?=[\w−-])")
_SILENT = re.compile(r"[|\\^_*#{}\[\]<>`·•′″/]+")


def stress(draft: Draft) -> Draft:
    """Turn every way of marking stress into an acute after the vowel: "з+амок", "зáмок" → "за́мок"."""
    draft = draft.sub(_PLUS_BEFORE_VOWEL, lambda match: re.sub(r"\+(.)", "\\1\u0301", match[0]))
    return draft.sub(_WITH_ACUTE_LATIN, lambda match: match[0].translate(_ACUTE_LATIN))


def read(draft: Draft) -> Draft:
    """Say the signs that people say, and leave the others out."""
    draft = draft.sub(_COMPARISON, lambda match: " меньше " if match["sign"] == "<" else " больше ")
    draft = draft.sub(_POWER, lambda _: " в степени ")
    draft = draft.sub(_HASHTAG, lambda _: "хештег ")
    draft = draft.sub(_SIGN, lambda match: _SIGNS[match["sign"]])
    return draft.sub(_SILENT, lambda _: " ")
