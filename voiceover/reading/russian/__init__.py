"""Russian as people read it aloud."""

from voiceover.reading.draft import Draft
from voiceover.reading.russian import numbers


def read(draft: Draft) -> Draft:
    """Write out what is not written in words; each pass leaves less for the next."""
    return numbers.read(draft)
