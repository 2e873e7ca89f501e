"""Tables of what is typed and what is to be heard."""

import re

from voiceover.reading import read


def table(text: str) -> list[tuple[str, str]]:
    """Lines "typed → spoken"; empty lines and lines that begin with "##" only divide them."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("##")]
    return [(typed.strip(), spoken.strip()) for typed, spoken in (line.split(" → ") for line in lines)]


def heard(text: str, language: str) -> str:
    """The words that are spoken, without marks and stress: "ё" is kept, dashes and dots are not heard."""
    words = re.findall(r"[^\W_]+(?:\u0301?[^\W_]*)*", read(text, language).spoken)
    return " ".join(words)
