"""Where a long sentence may be cut so that it still sounds like one."""

import re

UNCUTTABLE = 90.0
_NO_MARK = 60.0
_BEFORE_PREPOSITION = 45.0
_BEFORE_WORD_JOINER = 45.0
_BEFORE_CONJUNCTION = 20.0
_COMMA = 5.0
_COMMA_BEFORE_CONJUNCTION = 2.0
_STRONG_MARK = 0.0

_CLOSERS = "\"'»”’)]}」』）》】"

_CONJUNCTIONS = {
    "ru": "и а но да или либо что чтобы если когда хотя потому поэтому так как пока который которая "
    "которое которые которого которой которых где куда откуда зачем почему однако зато будто "
    "словно ибо причём тогда",
    "uk": "і й та а але або чи що щоб якщо коли хоча тому як поки який яка яке які де куди проте",
    "en": "and but or nor so yet that which who whom whose when while where because although though if "
    "unless until since after before as whereas however therefore then",
    "de": "und aber oder denn sondern dass weil wenn als ob obwohl damit während bevor nachdem wo wie "
    "der die das",
    "fr": "et mais ou donc or ni car que qui quand si lorsque puisque quoique comme où dont parce",
    "es": "y e o u pero sino ni que porque cuando si aunque como donde mientras quien cual pues",
    "it": "e ed o ma però né che perché quando se benché come dove mentre chi quindi",
    "pt": "e ou mas nem que porque quando se embora como onde enquanto quem pois",
    "pl": "i a ale lub albo czy że żeby bo gdy jeśli chociaż który która które gdzie jak ponieważ więc",
}
# These join words as often as clauses: "Европы и Америки".
_WORD_JOINERS = frozenset(
    {"и", "да", "или", "либо", "і", "й", "та", "або", "and", "or", "nor", "und", "oder"}
) | {"et", "ou", "y", "e", "o", "u", "ed", "i", "lub", "albo"}
_PREPOSITIONS = {
    "ru": "в во на с со к ко у о об обо от до из изо по за над под при про без для через между перед "
    "около после из-за из-под среди вокруг против кроме ради вместо благодаря",
    "uk": "в у на з із зі до від по за над під при про без для через між перед біля після",
    "en": "in on at of to from by with without for about into onto over under between among through "
    "during across against toward towards upon within behind beyond near",
}
_FUNCTION_WORDS = {
    "ru": "не ни бы же ли очень самый самая самое самые мой моя моё мои твой свой своя своё свои его её "
    "их наш ваш этот эта это эти тот та те весь вся всё все каждый",
    "uk": "не ні би же дуже мій моя моє мої свій його її їх наш ваш цей ця це ці той та ті",
    "en": "a an the my your his her its our their this these those very not no more most is are was "
    "were be been has have had will would can could should may might must do does did too i he "
    "she we they it",
}


class Clauses:
    """The clause boundaries of one language. Immutable; shared freely between threads."""

    def __init__(self, language: str) -> None:
        base = re.split("[-_]", language.lower())[0]
        self._conjunctions = frozenset(_CONJUNCTIONS.get(base, "").split())
        self._prepositions = frozenset(_PREPOSITIONS.get(base, "").split())
        self._leaders = (
            self._conjunctions | self._prepositions | frozenset(_FUNCTION_WORDS.get(base, "").split())
        )

    def cut_cost(self, left: str, right: str) -> float:
        """How bad a cut between two pieces is, from 0 (a natural rest) to 90 (inside a unit).

        The scale is that of squared words: a cost of 25 is as bad as a part that is 5 words too
        short or too long.
        """
        left = left.rstrip(_CLOSERS) or left
        last, first = left[-1], _bare(right)
        if last in ";:—–；：؛。！？" or left.endswith(" -"):
            return _STRONG_MARK
        if last in ",،，、":
            return _COMMA_BEFORE_CONJUNCTION if first in self._conjunctions else _COMMA
        if last in ".!?…":
            return _after_sentence_mark(left)
        if right[0] in "—–([«“„":
            return _COMMA
        if _bare(left) in self._leaders or (_is_number(left) and _is_number(right)):
            return UNCUTTABLE
        if first in self._conjunctions:
            return _BEFORE_WORD_JOINER if first in _WORD_JOINERS else _BEFORE_CONJUNCTION
        if first in self._prepositions:
            return _BEFORE_PREPOSITION
        return _NO_MARK


def _after_sentence_mark(left: str) -> float:
    """A mark inside a sentence ends a quoted one or is an ellipsis, unless it shortens a word."""
    if left[-1] != "." or left.endswith("..") or len(_bare(left)) > 5:
        return _COMMA
    return UNCUTTABLE


def _bare(piece: str) -> str:
    """The word of a piece, lower-case, without marks around it."""
    return re.sub(r"^\W+|\W+$", "", piece).lower()


def _is_number(piece: str) -> bool:
    return _bare(piece)[:1].isdigit()
