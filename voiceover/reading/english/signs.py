"""Signs in English text."""

import re

from voiceover.reading.draft import Draft

_SIGNS = {
    "&": " and ", "=": " equals ", "+": " plus ", "@": " at ", "%": " percent ", "§": " section ",
    "≈": " about ", "~": " about ", "×": " times ", "÷": " divided by ", "≤": " at most ",
    "≥": " at least ", "≠": " does not equal ", "±": " plus or minus ", "°": " degrees ", "$": " dollars ",
    "€": " euros ", "£": " pounds ", "∞": " infinity ", "√": " the root of ", "№": " number ",
}  # fmt: skip
_SIGN = re.compile(f"(?P<sign>[{re.escape(''.join(_SIGNS))}])")
_COMPARISON = re.compile(r"(?<=[\w)]) ?(?P<sign>[<>]) ?(?=[\w(−-])")
_POWER = re.compile(r"(?<=\w) ?\^ ?(?=[\w−-])")
_HASHTAG = re.compile(r"(?<![\w#])#(?=\w)")
_SILENT = re.compile(r"[|\\^_*#{}\[\]<>`·•′″/]+")


def read(draft: Draft) -> Draft:
    """Say the signs that people say, and leave the others out."""
    draft = draft.sub(_COMPARISON, lambda match: " less than " if match["sign"] == "<" else " greater than ")
    draft = draft.sub(_POWER, lambda _: " to the power of ")
    draft = draft.sub(_HASHTAG, lambda _: "hashtag ")
    draft = draft.sub(_SIGN, lambda match: _SIGNS[match["sign"]])
    return draft.sub(_SILENT, lambda _: " ")
