"""IPA → mouth targets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visemes.table import SILENCE, MouthTarget, Seal, articulations, is_modifier


def target(symbol: str) -> MouthTarget:
    return articulations(symbol)[0].target


@pytest.mark.parametrize("symbol", ["p", "b", "m", "pʲ", "bʲ", "mʲ", "pʰ", "ɓ", "ˈm"])
def test_lips_meet(symbol: str) -> None:
    assert target(symbol).seal is Seal.LIPS


@pytest.mark.parametrize("symbol", ["f", "v", "fʲ", "vʲ", "ʋ", "ɱ"])
def test_lip_touches_teeth(symbol: str) -> None:
    assert target(symbol).seal is Seal.TEETH


@pytest.mark.parametrize("symbol", "tdnlrszʃʒkɡxhjwθðŋɹaeiou")
def test_nothing_else_is_shut(symbol: str) -> None:
    assert target(symbol).seal is None


def test_vowels_stand_in_their_order() -> None:
    assert target("a").jaw > target("e").jaw > target("i").jaw
    assert target("u").rounding > target("o").rounding > target("a").rounding
    assert target("i").width > 0 > target("u").width


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("iː", "i"),
        ("ˈa", "a"),
        ("ˌɛ", "ɛ"),
        ("ɑ̃", "ɑ"),
        ("n̩", "n"),
        ("tʰ", "t"),
        ("t͡ʃ", "ʃ"),
        ("g", "k"),
        ("é", "e"),
    ],
)
def test_marks_change_nothing(marked: str, plain: str) -> None:
    assert [part.target for part in articulations(marked)] == [target(plain)]


@pytest.mark.parametrize(
    ("diphthong", "first", "second"), [("aɪ", "a", "ɪ"), ("oʊ", "o", "ʊ"), ("ˈaʊ", "a", "ʊ")]
)
def test_diphthongs_are_two(diphthong: str, first: str, second: str) -> None:
    assert [part.target for part in articulations(diphthong)] == [target(first), target(second)]


def test_diacritics_are_remembered() -> None:
    assert articulations("tʲ")[0].palatalised
    assert articulations("kʷ")[0].labialised
    assert not articulations("t")[0].palatalised


@pytest.mark.parametrize("symbol", ["", "_", " ", ",", ".", "?!", "123"])
def test_what_is_no_sound_is_silence(symbol: str) -> None:
    assert target(symbol) is SILENCE


@pytest.mark.parametrize(
    ("symbol", "alone"), [("ʲ", True), ("ː", True), ("ˈ", True), ("tʲ", False), ("", False)]
)
def test_modifiers_are_told_from_sounds(symbol: str, alone: bool) -> None:
    assert is_modifier(symbol) is alone


IPA_LETTERS = (
    "pbtdʈɖcɟkɡqɢʔmɱnɳɲŋɴʙrʀⱱɾɽɸβfvθðszʃʒʂʐçʝxɣχʁħʕhɦɬɮʋɹɻjɰlɭʎʟʘǀǃǂǁɓɗʄɠʛʍwɥʜʢʡɕʑɺɧ"
    "iyɨʉɯuɪʏʊeøɘɵɤoəɛœɜɞʌɔæɐaɶɑɒɚɝᵻ"
)


@pytest.mark.parametrize("letter", IPA_LETTERS)
def test_every_ipa_letter_has_its_own_place(letter: str) -> None:
    """Vowels must move the mouth like vowels; no letter may fall through to the neutral vowel by accident."""
    vowels = IPA_LETTERS[IPA_LETTERS.index("iyɨ") :]
    assert target(letter).vowel is (letter in vowels)


@given(st.text(max_size=8))
def test_no_symbol_is_refused(symbol: str) -> None:
    assert articulations(symbol)
