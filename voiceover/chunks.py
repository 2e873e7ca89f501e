"""Text → chunks: the pieces that are spoken, drawn and sent one at a time.

A chunk is a sentence, or a part of one that has at most 15 words. Nothing is lost or reordered:
apart from white space, the chunks put together are the text. Takes time linear in the text's
length, whatever the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from math import inf

from voiceover import sentences
from voiceover.clauses import Clauses
from voiceover.scripts import UNSPACED, UNSPACED_CHARACTER
from voiceover.types import Chunk

MAX_WORDS = 15  # words in a chunk; a word is a white-space separated token with a letter or digit
MAX_CHARACTERS = 400  # characters in a chunk
MAX_UNSPACED = 40  # characters of scripts without spaces in a chunk: about as long to say as 15 words
IDEAL_FILL = 0.8  # of these limits: 12 words

LONGEST_TOKEN = 200  # characters; a longer token is cut
PHRASE_END = 5.0  # cost of a cut at a blank in a script that has none between words
UNSPACED_STEP = 8  # characters; how finely text without spaces is cut

SENTENCE_PAUSE = 0.45  # seconds
LINE_PAUSE = 0.6
BREAK_PAUSE = 0.3  # after ; : and dashes
SHORTEST_PAUSE = 0.25  # after a comma, or where no mark stands

SENTENCE_MARKS = frozenset(".!?…。！？｡।॥؟۔։።។။")
_BREAK_MARKS = frozenset(";:—–-；：؛")
_LINE_ENDS = frozenset("\n\r\v\f\x85\u2028\u2029")

# Small kana, the length mark, and the vowels and tones of Thai, Lao, Burmese and Khmer belong to the
# character before them; vowels that Thai and Lao write first belong to the one after them.
_ATTACHED = (
    "ーぁぃぅぇぉっゃゅょァィゥェォッャュョ\u0e30-\u0e3a\u0e45\u0e47-\u0e4e\u0eb0-\u0ebc\u0ec8-\u0ece"
    "\u102b-\u103e\u17b4-\u17d3"
)
_LEADING_VOWELS = "\u0e40-\u0e44\u0ec0-\u0ec4"
_UNSPACED_FRAGMENT = re.compile(
    rf"[{UNSPACED}]{{1,{UNSPACED_STEP}}}(?<![{_LEADING_VOWELS}])[{_ATTACHED}]{{0,6}}"
    rf"[^\w\s「『（《【“‘«(\[]{{0,{UNSPACED_STEP}}}"
    rf"|[^{UNSPACED}]{{1,{LONGEST_TOKEN}}}"
    rf"|[{UNSPACED}]"
)


def split(text: str, language: str) -> list[Chunk]:
    """Cut a text into chunks, in order.

    A sentence of at most 15 words is one chunk; a longer one is cut at its best clause boundaries
    into parts of about equal length, never over 15 words. Marks and emoji that stand alone go with
    their neighbours; only a text (or a very long run) of nothing else gives chunks without a word.
    Inside a chunk white space is one blank.

    Args:
        text: any text; empty or blank gives no chunks.
        language: tag such as "ru" or "en-US"; tells which words a clause begins with.
    """
    clauses = Clauses(language)
    chunks: list[Chunk] = []
    for sentence in _speakable(sentences.split(text, language)):
        parts = _parts(sentence, clauses)
        pauses = [pause_after(part) for part in parts[:-1]] + [pause_after(sentence)]
        for part, pause in zip(parts, pauses, strict=True):
            chunks.append(Chunk(len(chunks), part, language, pause))
    return chunks


def pause_after(text: str) -> float:
    """Silence that belongs after a piece of text, in seconds, by the way it ends.

    A line end counts only if the text still carries it; closing quotes, brackets and emoji after
    the last mark are looked through.
    """
    for character in reversed(text):
        if character in _LINE_ENDS:
            return LINE_PAUSE
        if character in SENTENCE_MARKS:
            return SENTENCE_PAUSE
        if character in _BREAK_MARKS:
            return BREAK_PAUSE
        if character.isalnum() or character in ",،，、":
            break
    return SHORTEST_PAUSE


def _speakable(found: Iterator[str]) -> Iterator[str]:
    """Join sentences without a word to the one before, or to the first one with a word."""
    gathered: list[str] = []
    has_word = False
    for sentence in found:
        sentence_has_word = _has_word(sentence)
        if has_word and sentence_has_word:
            yield " ".join(gathered)
            gathered = []
        gathered.append(sentence)
        has_word = has_word or sentence_has_word
    if gathered:
        yield " ".join(gathered)


def _has_word(text: str) -> bool:
    return any(character.isalnum() for character in text)


@dataclass(slots=True)
class _Piece:
    """What a cut never goes through: a word with the marks beside it."""

    text: str
    words: int
    unspaced: int
    """Characters of scripts without spaces."""
    spaced: bool
    """White space stood before it."""


def _parts(sentence: str, clauses: Clauses) -> list[str]:
    """Cut a sentence into parts that keep all limits; white space becomes single blanks."""
    pieces = _pieces(sentence)
    starts = _best_cuts(pieces, clauses)
    return [_text(pieces[start:stop]) for start, stop in zip(starts, [*starts[1:], len(pieces)], strict=True)]


def _text(pieces: list[_Piece]) -> str:
    return "".join(" " + piece.text if piece.spaced else piece.text for piece in pieces).strip()


def _pieces(sentence: str) -> list[_Piece]:
    """Gather tokens so that every piece has one word, unless that made it longer than a token may be."""
    pieces: list[_Piece] = []
    for token in sentence.split():
        for number, fragment in enumerate(_fragments(token)):
            spaced = number == 0
            words = int(_has_word(fragment))
            unspaced = len(UNSPACED_CHARACTER.findall(fragment))
            last = pieces[-1] if pieces else None
            if (
                last is not None
                and (words == 0 or last.words == 0)
                and len(last.text) + len(fragment) < LONGEST_TOKEN
                and last.unspaced + unspaced <= MAX_UNSPACED
            ):
                last.text += " " + fragment if spaced else fragment
                last.words += words
                last.unspaced += unspaced
            else:
                pieces.append(_Piece(fragment, words, unspaced, spaced))
    return pieces


def _fragments(token: str) -> list[str]:
    """Cut a token that is too long, or of a script without spaces; most tokens stay whole."""
    if len(token) <= LONGEST_TOKEN and not UNSPACED_CHARACTER.search(token):
        return [token]
    return _UNSPACED_FRAGMENT.findall(token)


def _best_cuts(pieces: list[_Piece], clauses: Clauses) -> list[int]:
    """Find the cuts with the least cost: each pays for its place and each part for its length.

    The cost of a part's length is the square of its distance from the ideal, in words.

    Returns:
        The first piece of every part, in order.
    """
    words = [0, *accumulate(piece.words for piece in pieces)]
    unspaced = [0, *accumulate(piece.unspaced for piece in pieces)]
    characters = [0, *accumulate(len(piece.text) + piece.spaced for piece in pieces)]

    def fill(start: int, stop: int) -> float:
        return max(
            (words[stop] - words[start]) / MAX_WORDS,
            (unspaced[stop] - unspaced[start]) / MAX_UNSPACED,
            (characters[stop] - characters[start]) / MAX_CHARACTERS,
        )

    if fill(0, len(pieces)) <= 1:
        return [0]
    costs = [0.0]  # of the best parts up to each piece
    starts = [0]  # of the last of these parts
    for stop in range(1, len(pieces) + 1):
        best_cost, best_start = inf, stop - 1
        for start in range(stop - 1, -1, -1):
            part_fill = fill(start, stop)
            if part_fill > 1:
                break
            cost = costs[start] + (MAX_WORDS * (part_fill - IDEAL_FILL)) ** 2
            if cost < best_cost:
                best_cost, best_start = cost, start
        cut_cost = _cut_cost(pieces[stop - 1], pieces[stop], clauses) if stop < len(pieces) else 0.0
        costs.append(best_cost + cut_cost)
        starts.append(best_start)
    return _walk_back(starts)


def _cut_cost(left: _Piece, right: _Piece, clauses: Clauses) -> float:
    if left.unspaced and right.unspaced and right.spaced:
        return PHRASE_END
    return clauses.cut_cost(left.text, right.text)


def _walk_back(starts: list[int]) -> list[int]:
    path = [starts[-1]]
    while path[-1] > 0:
        path.append(starts[path[-1]])
    return path[::-1]
