"""From how long each symbol of a model is spoken to phones and words."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from voiceover.types import Phone, Word

Timed: TypeAlias = Sequence[tuple[str, int]]
"""Symbols of a model, each with its length in samples; together they are the sound."""

LEADING_MARKS = "ˈˌ"  # they stand before the vowel they stress and have durations of their own
WORD_GAP = 0.08  # seconds: a shorter space between words is no silence


def phones(timed: Timed, sample_rate: int) -> Iterator[Phone]:
    """Yield phones: stress joins its vowel; modifiers and short word gaps join the phone before."""
    found: list[Phone] = []
    start = stop = 0
    stress = ""
    for symbol, length in timed:
        stop += length
        if symbol and symbol in LEADING_MARKS:
            stress += symbol
            continue
        sound = is_sound(symbol)
        joins = _modifies(symbol) if sound else symbol == " " and stop - start < WORD_GAP * sample_rate
        if joins and not stress and found and found[-1].symbol:
            before = found.pop()
            found.append(Phone(before.symbol + (symbol if sound else ""), before.start, stop))
        elif stop > start:
            found.append(Phone(stress + symbol if sound else "", start, stop))
        start, stress = stop, ""
    return iter(found)


def is_sound(symbol: str) -> bool:
    """Whether a symbol is spoken: a letter, or what modifies one."""
    return any(unicodedata.category(character)[0] in "LM" for character in symbol)


def word_spans(timed: Timed, ends: str = " ") -> list[tuple[int, int]]:
    """Return the first sample and the one after the last of each run of spoken symbols between `ends`."""
    spans: list[tuple[int, int]] = []
    begin: int | None = None
    position = end = 0
    for symbol, length in timed:
        if symbol and symbol in ends:
            if begin is not None:
                spans.append((begin, end))
            begin = None
        elif is_sound(symbol) or symbol.isdigit():
            begin = position if begin is None else begin
            end = position + length
        position += length
    return spans if begin is None else [*spans, (begin, end)]


def words(text: str, spans: Sequence[tuple[int, int]], count: Callable[[str], int]) -> Iterator[Word]:
    """Give each piece of a text the spoken words it is read as: "1999" is several, a dash is none.

    How many words (`count`) the text up to a piece's end is read as tells which are the piece's own;
    where two pieces are read as one word ("of the"), the first has it.
    """
    pieces = text.split()
    bounds = _bounds(pieces, len(spans), count)
    stop = 0
    for piece, first, last in zip(pieces, bounds[:-1], bounds[1:], strict=True):
        own = spans[first:last]
        start, stop = (own[0][0], own[-1][1]) if own else (stop, stop)
        yield Word(piece, start, stop)


def _bounds(pieces: Sequence[str], spoken: int, count: Callable[[str], int]) -> list[int]:
    """Return how many of the `spoken` words have begun before each piece, and before the end."""
    audible = [any(character.isalnum() for character in piece) for piece in pieces]
    if sum(audible) == spoken:  # each is one word: the ordinary case, and nothing needs to be counted
        return [0, *np.cumsum(audible).tolist()]
    prefixes = (" ".join(pieces[: number + 1]) for number in range(len(pieces)))
    grown = np.maximum.accumulate([0, *map(count, prefixes)])
    return [*np.minimum(grown, spoken)[:-1].tolist(), spoken]


def _modifies(symbol: str) -> bool:
    """Length, aspiration, palatalisation: part of the phone before it."""
    return symbol not in LEADING_MARKS and all(
        unicodedata.category(character) in ("Lm", "Mn", "Sk") for character in symbol
    )
