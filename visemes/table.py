"""IPA symbol → where the mouth wants to be.

Targets are distances in millimetres on an adult face, measured from closed lips at rest; the
values are those of the project's feasibility study, tuned against what MediaPipe reads back from
rendered frames. Weights say how firmly a sound insists on its target when neighbours disagree
(dominance: Cohen & Massaro, "Modeling coarticulation in synthetic visual speech", 1993).
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Seal(Enum):
    """A contact that a sound cannot be said without."""

    LIPS = "lips"
    """Both lips meet: p, b, m."""
    TEETH = "teeth"
    """The lower lip touches the upper teeth: f, v."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How firmly a sound insists on its target, 0 upward; 1 for an ordinary vowel."""

    jaw: float = 1.0
    lips: float = 1.0
    width: float = 1.0
    rounding: float = 1.0


@dataclass(frozen=True, slots=True)
class MouthTarget:
    """Where a sound wants the mouth to be."""

    jaw: float
    """How far the lower teeth drop, mm."""
    lower_lip: float
    """How far the lower lip goes down beyond the jaw, mm."""
    upper_lip: float
    """How far the upper lip goes up, mm."""
    width: float
    """How far each corner goes outward, mm; negative is inward."""
    rounding: float
    """Protrusion of the lips, 0 to 1."""
    tongue: float = 0.0
    """How far the tongue tip rises towards the upper teeth, 0 to 1."""
    roll: float = 0.0
    """How far the red of the lips rolls inward, 0 to 1."""
    weights: Weights = Weights()
    vowel: bool = False
    seal: Seal | None = None


@dataclass(frozen=True, slots=True)
class Articulation:
    """One target of a symbol and what its diacritics change."""

    target: MouthTarget
    palatalised: bool = False
    labialised: bool = False


def _vowel(
    jaw: float, lower: float, upper: float, width: float, rounding: float, *weights: float
) -> MouthTarget:
    return MouthTarget(jaw, lower, upper, width, rounding, weights=Weights(*weights), vowel=True)


SILENCE = MouthTarget(0, 0, 0, 0, 0, weights=Weights(0.9, 0.9, 0.7, 0.7))

_TARGETS: Mapping[str, MouthTarget] = MappingProxyType(
    {
        # vowels: jaw, lower lip, upper lip, width, rounding; weights: jaw, lips, width, rounding
        "a": _vowel(9.0, 1.0, 1.0, 0.3, 0.0),
        "ɑ": _vowel(9.0, 0.8, 0.8, -0.3, 0.05),
        "æ": _vowel(8.0, 1.3, 1.2, 1.5, 0.0),
        "ʌ": _vowel(6.2, 0.8, 0.7, 0.0, 0.0),
        "ɐ": _vowel(5.5, 0.7, 0.7, 0.0, 0.0),
        "ə": _vowel(3.6, 0.6, 0.6, 0.0, 0.0, 0.7, 0.7, 0.5, 0.5),
        "ɜ": _vowel(4.2, 0.8, 0.8, -0.8, 0.2),
        "ɚ": _vowel(3.4, 0.8, 0.8, -1.0, 0.3),
        "ᵻ": _vowel(2.6, 0.9, 0.8, 1.0, 0.0, 0.7, 1.0, 0.6),
        "e": _vowel(4.8, 1.3, 1.2, 1.8, 0.0),
        "ɛ": _vowel(5.4, 1.3, 1.2, 1.6, 0.0),
        "ɪ": _vowel(3.0, 1.2, 1.1, 1.6, 0.0, 0.8, 1.0, 0.8),
        "i": _vowel(2.2, 1.6, 1.4, 2.8, 0.0),
        "ɨ": _vowel(2.8, 1.4, 1.2, 1.4, 0.0),
        "y": _vowel(3.0, 0.8, 0.5, -5.0, 0.9),
        "o": _vowel(5.2, 0.3, 0.4, -4.5, 0.75, 1.0, 1.0, 1.4, 1.4),
        "ɔ": _vowel(6.4, 0.4, 0.5, -3.6, 0.6, 1.0, 1.0, 1.3, 1.3),
        "ɒ": _vowel(7.0, 0.6, 0.6, -2.0, 0.3),
        "ɵ": _vowel(4.0, 0.3, 0.4, -4.0, 0.7, 1.0, 1.0, 1.2, 1.2),
        "u": _vowel(3.4, 0.9, 0.5, -6.2, 1.0, 1.0, 1.0, 1.6, 1.6),
        "ʊ": _vowel(3.2, 0.5, 0.5, -4.0, 0.75, 1.0, 1.0, 1.3, 1.3),
        "ʉ": _vowel(3.2, 0.8, 0.5, -5.2, 0.9, 1.0, 1.0, 1.5, 1.5),
        # seals
        "p": MouthTarget(1.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.45, Weights(0.9, 0.3, 0.1, 0.1), seal=Seal.LIPS),
        "f": MouthTarget(1.7, 0.0, 0.6, 0.3, 0.0, 0.0, 0.2, Weights(0.9, 0.5, 0.25, 0.3), seal=Seal.TEETH),
        # other consonants: jaw, lower lip, upper lip, width, rounding, tongue, roll
        "t": MouthTarget(2.2, 1.0, 0.7, 0.5, 0.0, 0.75, 0.0, Weights(0.7, 0.5, 0.15, 0.12)),
        "n": MouthTarget(2.6, 0.9, 0.7, 0.4, 0.0, 0.75, 0.0, Weights(0.5, 0.4, 0.12, 0.12)),
        "l": MouthTarget(3.2, 0.9, 0.7, 0.3, 0.0, 0.9, 0.0, Weights(0.5, 0.4, 0.12, 0.12)),
        "r": MouthTarget(2.8, 0.8, 0.7, 0.0, 0.08, 0.6, 0.0, Weights(0.5, 0.4, 0.12, 0.12)),
        "ɹ": MouthTarget(2.4, 0.7, 0.7, -2.2, 0.45, 0.3, 0.0, Weights(0.6, 0.5, 0.5, 0.6)),
        "s": MouthTarget(1.4, 1.7, 1.3, 1.2, 0.0, 0.3, 0.0, Weights(1.5, 0.9, 0.35, 0.35)),
        "ʃ": MouthTarget(1.5, 1.7, 1.7, -2.4, 0.55, 0.2, 0.0, Weights(1.5, 1.0, 0.8, 0.9)),
        "ɕ": MouthTarget(1.5, 1.7, 1.5, -1.0, 0.4, 0.2, 0.0, Weights(1.5, 1.0, 0.6, 0.7)),
        "θ": MouthTarget(2.2, 1.0, 0.8, 0.4, 0.0, 0.95, 0.0, Weights(0.9, 0.7, 0.25, 0.25)),
        "k": MouthTarget(3.2, 0.7, 0.6, 0.2, 0.0, 0.3, 0.0, Weights(0.35, 0.3, 0.08, 0.08)),
        "x": MouthTarget(3.4, 0.8, 0.7, 0.2, 0.0, 0.2, 0.0, Weights(0.35, 0.3, 0.08, 0.08)),
        "h": MouthTarget(4.0, 0.8, 0.7, 0.0, 0.0, 0.0, 0.0, Weights(0.2, 0.2, 0.05, 0.05)),
        "j": MouthTarget(2.4, 1.2, 1.1, 2.0, 0.0, 0.5, 0.0, Weights(0.6, 0.5, 0.5, 0.3)),
        "w": MouthTarget(1.8, 0.2, 0.2, -6.4, 1.0, 0.0, 0.0, Weights(1.0, 1.0, 1.8, 1.8)),
    }
)

# Sounds that look alike, keyed by the sound whose target they share (visemes, in the strict sense).
_LOOKALIKES: Mapping[str, str] = MappingProxyType(
    {
        "ɑ": "ɶ",
        "ɐ": "ä",
        "ʌ": "ɤ",
        "ə": "ɘ",
        "ɜ": "ɞ",
        "ɚ": "ɝ",
        "ɨ": "ɯ",
        "y": "ʏ",
        "o": "ø",
        "ɔ": "œ",
        "p": "bmɸβɓʙʘ",
        "f": "vʋɱⱱ",
        "t": "dɾɗʈɖǀ",
        "n": "ɲɳ",
        "l": "ɭɫʎɬɮɺ𝼈ǁ",
        "r": "ɽʀ",
        "ɹ": "ɻ",
        "s": "zʦʣ",
        "ʃ": "ʒʂʐʧʤ",
        "ɕ": "ʑʨʥɧ",
        "θ": "ð",
        "k": "gɡŋqcɟɠɢʛʄɴʟǃǂ",
        "x": "ɣʁχɰħʕʜʢʡ",
        "h": "ʔɦ",
        "j": "çʝ",
        "w": "ʍɥ",
    }
)
_CANONICAL: Mapping[str, MouthTarget] = MappingProxyType(
    dict(_TARGETS) | {twin: _TARGETS[key] for key, twins in _LOOKALIKES.items() for twin in twins}
)
# Affricates are one gesture: the lips wait in the place of the fricative.
_AFFRICATES = frozenset({"ts", "dz", "tʃ", "dʒ", "tɕ", "dʑ", "tʂ", "dʐ"})
_UNKNOWN_LETTER = _TARGETS["ə"]


def is_modifier(symbol: str) -> bool:
    """Tell whether a symbol holds only marks (length, palatalisation…), which belong to the phone before."""
    return bool(symbol) and all(_is_mark(char) for char in symbol)


def articulations(symbol: str) -> list[Articulation]:
    """Return the targets of an IPA symbol in their order, at least one; a diphthong has two.

    Length, stress, tie, tone and aspiration marks are dropped, as is all that is not a letter; a
    letter that is not IPA is read as its plain Latin form, or as a neutral vowel if it has none.
    """
    marked = {"ʲ": "ʲ" in symbol, "ʷ": "ʷ" in symbol}
    found = [
        Articulation(target, palatalised=marked["ʲ"], labialised=marked["ʷ"])
        for target in _targets(_letters(symbol))
    ]
    return found or [Articulation(SILENCE)]


def _targets(letters: str) -> list[MouthTarget]:
    found: list[MouthTarget] = []
    position = 0
    while position < len(letters):
        if letters[position : position + 2] in _AFFRICATES:
            position += 1
        found.append(_CANONICAL.get(letters[position], _UNKNOWN_LETTER))
        position += 1
    return found


def _letters(symbol: str) -> str:
    """Return the symbol's IPA letters, without marks."""
    return "".join(plain for char in symbol for plain in _plain(char))


def _plain(char: str) -> str:
    if char in _CANONICAL:
        return char
    if _is_mark(char):
        return ""
    base = unicodedata.normalize("NFKD", char.lower())[:1]
    return base if base.isalpha() else ""


def _is_mark(char: str) -> bool:
    """Combining marks, modifier letters (ʰ ʲ ː ˈ) and modifier symbols (tone letters)."""
    return unicodedata.category(char) in {"Mn", "Mc", "Me", "Lm", "Sk"} or char == "\u200d"
