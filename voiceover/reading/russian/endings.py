"""Numbers with an ending in letters: "21-й", "5-ти", "5-летний"."""

import re
from collections.abc import Iterator

from voiceover.reading.draft import Draft
from voiceover.reading.russian.context import INTEGER, Counted, cases_before, counted_after
from voiceover.reading.russian.grammar import LARGEST, cardinal, ordinal

_ENDING = re.compile(
    rf"(?<![\d.,])({INTEGER})(?:[-‑](?P<ending>[оыи]?го|[оеи]?му|[ыио]?м|[оые]м|[ыио]?й|[аь]?я|[оьы]?е|[уь]?ю|"
    r"ы?х|[ыи]?ми|ти|мя|ью|а)|(?P<glued>[оыи]?го|[оы]?му|ый|ой|ий|[аь]я|[оы]е|ых))(?![\w-])"
)
_COMPOUND = re.compile(r"(?<![\d.,])(\d{1,7})[-‑](?:(?:ти|х|и)[-‑]?)?([а-яё]{4,})")
_COMPOUND_PARTS = {
    "одного": "одно",
    "ста": "сто",
    "девяноста": "девяносто",
    "тысячи": "тысяче",
    "тысяч": "тысяче",
}


def read(draft: Draft) -> Draft:
    """Put numbers with endings into words."""
    draft = draft.sub(_ENDING, _with_ending)
    return draft.sub(_COMPOUND, _compound)


def _with_ending(match: re.Match[str]) -> str | None:
    """Take the form with this ending that fits best what stands around it."""
    number = int(match[1].replace(" ", ""))
    if number >= LARGEST:
        return None
    ending = match["ending"] or match["glued"]
    cases = cases_before(match.string, match.start())
    following = counted_after(match.string, match.end(), number)
    candidates = [*_ordinals(number, ending, cases, following), *_cardinals(number, ending, following)]
    scored = [(fit + (case in cases), word) for fit, case, word in candidates]
    return max(scored, key=lambda pair: pair[0])[1] if scored else None


def _ordinals(number: int, ending: str, cases: str, following: Counted) -> Iterator[tuple[int, str, str]]:
    """Yield how well each ordinal with this ending fits the noun, its case, and itself."""
    for case in "ngdaip":
        same_case = [form for form in following.forms if form.case == case]
        # Without a noun, "90-е" are years rather than something neuter.
        decade = number > 10 and number % 10 == 0 and not following.words and (not cases or case in cases)
        for gender in "mfn":
            word = ordinal(number, case, gender)
            if word.endswith(ending):
                same = any(form.gender == gender and not form.plural for form in same_case)
                yield 4 * same + 2 * bool(same_case), case, word
        word = ordinal(number, case, plural=True)
        if word.endswith(ending):
            yield 4 * any(form.plural for form in same_case) + 2 * bool(same_case) + 2 * decade, case, word


def _cardinals(number: int, ending: str, following: Counted) -> Iterator[tuple[int, str, str]]:
    """Yield the same of each cardinal: "5-ти", and of small numbers "2-х", "3-м"."""
    for case in "ngdaip":
        word = cardinal(number, case)
        if word.endswith(ending) and (number < 5 or ending not in ("м", "х")):
            same_case = [form for form in following.forms if form.case == case]
            small = number < 5 and ending in ("х", "мя")
            same = any(form.plural for form in same_case)
            yield 4 * same + 2 * bool(same_case) + 3 * small, case, word


def _compound(match: re.Match[str]) -> str:
    """ "5-летний" → "пятилетний"."""
    parts = cardinal(int(match[1]), "g").split()
    return "".join(_COMPOUND_PARTS.get(part, part) for part in parts) + match[2]
