"""Russian as people read it aloud."""

from voiceover.reading import addresses
from voiceover.reading.draft import Draft
from voiceover.reading.russian import (
    abbreviations,
    dates,
    latin,
    letters,
    numbers,
    romans,
    signs,
    telephones,
    units,
)

_ADDRESS_MARKS = {
    ".": "точка",
    "/": "слэш",
    "@": "собака",
    "-": "дефис",
    "_": "подчёркивание",
    ":": "двоеточие",
}


def read(draft: Draft) -> Draft:
    """Write out what is not written in words; each pass leaves less for the next."""
    draft = signs.stress(draft)
    draft = addresses.read(draft, _ADDRESS_MARKS)
    if any(character.isdigit() for character in draft.text):
        draft = telephones.read(draft)
        draft = dates.numeric(draft)
        draft = numbers.unify(draft)
        draft = abbreviations.of_laws(draft)
        draft = dates.read(draft)
        draft = units.read(draft)
    draft = abbreviations.read(draft)
    draft = romans.read(draft)
    draft = numbers.read(draft)
    draft = letters.read(draft)
    draft = latin.read(draft)
    return signs.read(draft)
