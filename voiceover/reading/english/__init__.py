"""English as people read it aloud, in the American way."""

from voiceover.reading import addresses
from voiceover.reading.draft import Draft
from voiceover.reading.english import abbreviations, cyrillic, dates, numbers, romans, signs, units

_ADDRESS_MARKS = {".": "dot", "/": "slash", "@": "at", "-": "dash", "_": "underscore", ":": "colon"}


def read(draft: Draft) -> Draft:
    """Write out what is not written in words; each pass leaves less for the next."""
    draft = addresses.read(draft, _ADDRESS_MARKS)
    if any(character.isdigit() for character in draft.text):
        draft = numbers.telephones(draft)
        draft = dates.read(draft)
        draft = units.read(draft)
    draft = abbreviations.read(draft)
    draft = romans.read(draft)
    draft = numbers.read(draft)
    draft = cyrillic.read(draft)
    return signs.read(draft)
