"""Text → sentences.

razdel's rules (Alexander Kukushkin, https://github.com/natasha/razdel) decide
where a mark ends a sentence. Its own loop copies the whole sentence at every mark, which is
quadratic on hostile text; here its rules see only the few characters they look at. Added are
English and German abbreviations, texts typed without capitals or without a blank after the mark,
and the marks of other scripts.
"""

import re
from collections.abc import Iterator

from razdel.segmenters.punct import SMILES
from razdel.segmenters.sentenize import (
    BULLET_SIZE,
    RULES,
    SentSegmenter,
    SentSplit,
    lower_right,
)

from voiceover.scripts import UNSPACED

_WINDOW = 10  # characters either side of a mark that the rules may look at: razdel's own choice
_TOKEN_WINDOW = 60  # characters either side of a mark in which a web address is recognised

_RULES_BY_CASE = SentSegmenter(rules=RULES)
_RULES_WITHOUT_CASE = SentSegmenter(rules=[rule for rule in RULES if rule.function is not lower_right])

_CANDIDATE = re.compile(
    rf"""
      (?P<spaced> (?:{SMILES}|[.?!…"„'»”’)\]}}]) (?=\s) )
    | (?P<cjk>    [。！？｡] [。！？｡…]* [」』”’）》】]* | (?<=[{UNSPACED}]) [.!?]{{1,8}} (?=[{UNSPACED}]) )
    | (?P<glued>  (?<=[^\W\d_]{{2}}) [.!?…]{{1,8}} (?=[^\W\d_]) )
    | (?P<other>  [؟۔।॥։።။។] (?=\s) )
    """,
    re.VERBOSE,
)
_CLOSED_QUOTE_GOES_ON = re.compile(r"[」』”’）》】]$")  # 「はい！」と言った。
_OPENING = "「『“‘（《【"
_MARKS_BELONGING_BEFORE = re.compile(r"""(?:\s+[^\w\s«“‘„"'‹<(\[{@#&*•·¿¡‑–—−-]+(?=\s))+""")  # Привет! 😀

_ABBREVIATION = re.compile(
    "prof|rev|hon|gen|col|sgt|lt|capt|cmdr|gov|sen|rep|pres|supt|messrs|mme|mlle|st|"
    "mt|ft|ave|blvd|approx|ca|cf|vs|viz|resp|dept|est|ext|incl|excl|hr|fr|nr|bzw|"
    "ggf|evtl|inkl|zzgl|табл|илл|иллюстр|прибл"
)
_DOTTED_ABBREVIATION = re.compile(r"(?:^|\W)(?:e\.g|i\.e|d\.h|p\.ex)$", re.IGNORECASE)
_ABBREVIATION_BEFORE_NUMBERS = re.compile(
    "fig|eq|sec|vol|pp|pg|art|para|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|"
    "dec|янв|фев|февр|мар|апр|июн|июл|авг|сен|сент|окт|ноя|нояб|дек"
)
# razdel takes these for abbreviations everywhere; before a capital they are words: "He said no. Then…"
_WORD_UNLESS_BEFORE_NUMBERS = re.compile("no|ум|пол|кит|ком|лит|тел|пос")
# "am 3. Oktober": languages in which a number with a dot is an ordinal
_LANGUAGE_WITH_DOTTED_ORDINALS = re.compile(r"(?:de|da|nb|nn|no|fi|is|cs|sk|sl|hr|sr|bs|et|lv|hu|tr)\b")


def split(text: str, language: str) -> Iterator[str]:
    """Yield the sentences of a text in order, without white space around them.

    Only the end of a line stays on the sentence it ends. Blank stretches are dropped; every other
    character is kept. A pure function; time is linear in the text's length.
    """
    has_capitals = any(character.isupper() for character in text.lstrip()[1:])
    for line in text.splitlines(keepends=True):
        start = 0
        for stop in _ends(line, language, has_capitals):
            yield line[start:stop].strip()
            start = stop
        if last := line[start:].lstrip():
            yield last


def _ends(line: str, language: str, has_capitals: bool) -> Iterator[int]:
    """Yield the places in a line after which a new sentence begins."""
    last = len(line.rstrip())
    start = searched = 0
    has_word = False
    for mark in _CANDIDATE.finditer(line):
        if mark.start() < start:
            continue
        if mark.end() >= last:
            return
        has_word = has_word or any(character.isalnum() for character in line[searched : mark.start()])
        searched = mark.end()
        if has_word and _is_end(line, start, mark, language, has_capitals):
            marks = _MARKS_BELONGING_BEFORE.match(line, mark.end())
            start = searched = marks.end() if marks else mark.end()
            if start >= last:
                return
            yield start
            has_word = False


def _is_end(line: str, start: int, mark: re.Match[str], language: str, has_capitals: bool) -> bool:
    if mark["other"]:
        return True
    if mark["cjk"]:
        following = line[mark.end()]
        return not _CLOSED_QUOTE_GOES_ON.search(mark[0]) or following.isspace() or following in _OPENING
    around = SentSplit(
        left=line[max(0, mark.start() - _WINDOW) : mark.start()],
        delimiter=mark[0],
        right=line[mark.end() : mark.end() + _WINDOW],
        buffer=line[start : min(mark.start(), start + BULLET_SIZE + 1)],
    )
    if mark["glued"]:
        return _is_end_without_blank(line, mark, around)
    return _is_end_before_blank(around, language, has_capitals)


def _is_end_before_blank(around: SentSplit, language: str, has_capitals: bool) -> bool:
    if around.delimiter in "!?":
        return not _RULES_WITHOUT_CASE.join(around)
    if around.delimiter != "." or not around.left_token:
        return not _RULES_BY_CASE.join(around)

    word, following = around.left_token.lower(), around.right_token or ""
    if _ABBREVIATION.fullmatch(word) or _DOTTED_ABBREVIATION.search(around.left):
        return False
    if following.isdigit() and _ABBREVIATION_BEFORE_NUMBERS.fullmatch(word):
        return False
    if word.isdigit() and len(word) <= 2 and _LANGUAGE_WITH_DOTTED_ORDINALS.match(language.lower()):
        return False
    if _WORD_UNLESS_BEFORE_NUMBERS.fullmatch(word) and following[:1].isupper():
        return True
    if not has_capitals and _could_end_sentence(word):
        return not _RULES_WITHOUT_CASE.join(around)
    return not _RULES_BY_CASE.join(around)


def _could_end_sentence(word: str) -> bool:
    """Tell a word from most abbreviations where capitals do not help."""
    return len(word) >= 3 and any(vowel in word for vowel in "аеёиоуыэюяaeiouy")


def _is_end_without_blank(line: str, mark: re.Match[str], around: SentSplit) -> bool:
    """Whether a blank was forgotten: "Привет!Как дела?", but not "Node.js", "ул.Ленина" or a link."""
    if not (around.left[-2:].islower() and around.right[0].isupper() and not around.right[1:2].isupper()):
        return False
    if mark[0] == "." and not "\u0400" <= around.right[0] <= "\u04ff":
        return False
    token_left = line[max(0, mark.start() - _TOKEN_WINDOW) : mark.start()].split()[-1]
    token_right = line[mark.end() : mark.end() + _TOKEN_WINDOW].split()[0]
    if any(sign in token_left + token_right for sign in "/@=&"):
        return False
    blank_added = SentSplit(around.left, mark[0][-1], " " + around.right, around.buffer)
    return not _RULES_BY_CASE.join(blank_added)
