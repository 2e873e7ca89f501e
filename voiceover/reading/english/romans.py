"""Roman numerals in English: rulers, wars, chapters, centuries."""

import re

from voiceover.reading import roman_numerals
from voiceover.reading.draft import Draft
from voiceover.reading.english.numerals import cardinal, ordinal


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_RULERS = _words(
    """
    Henry Edward George Louis Elizabeth Charles James William Richard Philip Napoleon Nicholas Alexander
    Peter Catherine Ivan John Paul Pius Benedict Leo Gregory Innocent Urban Clement Frederick Ferdinand
    Christian Gustav Wilhelm Otto Leopold Albert Mary Ramesses Ramses Darius Xerxes Ptolemy Cleopatra
    Tutankhamun Juan Carlos Felipe Alfonso Pedro Victor Emmanuel Constantine Justinian Theodosius Harald
    Haakon Olav Margaret Margrethe Beatrix Francis Franz Joseph Karl Boris Basil Michael Mehmed Suleiman
    Murad Selim Isabella Umberto Stephen Robert David Kenneth Rainier Abdullah Hussein Rama
    """
)
_NUMBERED = _words(
    """
    chapter part section war act scene book volume phase type class title bowl appendix figure table level
    stage grade mark step article vol unit lesson canto series episode season version model
    """
)
_ROMAN = re.compile(
    r"(?<![\w.-])(?:(?P<before>[A-Za-z]+) )?(?P<number>[IVXLCDM]{1,8})(?:['’]s)?"
    r"(?![\w+#'’.-]*[\w+#])(?P<after> (?:century|centuries))?"
)


def read(draft: Draft) -> Draft:
    """Read Roman numerals after a ruler's name or what is numbered, and those that can be nothing else."""
    return draft.sub(_ROMAN, _roman, "number")


def _roman(match: re.Match[str]) -> str | None:
    number = roman_numerals.value(match["number"])
    before = match["before"] or ""
    if number is None:
        return None
    if match["after"]:
        return ordinal(number)
    if before in _RULERS:
        return f"the {ordinal(number)}"
    if before.lower() in _NUMBERED and (before[0].isupper() or match["number"] != "I"):
        return cardinal(number)
    certain = len(match["number"]) > 1 and set(match["number"]) <= set("IVX")
    return cardinal(number) if certain else None
