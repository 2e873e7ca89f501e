"""A reading never loses a typed word, keeps their order, and takes time in proportion to the text."""

import sys
from itertools import pairwise
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceover.reading import read
from voiceover.types import Word

LANGUAGES = ["ru", "en-us", "de"]
READ_ALOUD = "aб1 .,-–—:/()*_#[]%$€№°+½I\n\u00a0\u0301😀XVг\u1c80\u017f\u212aⅣ٣²"  # what the rules look at


def timed(spoken: str) -> list[Word]:
    """What a voice would give: every word lasts 10 samples."""
    return [Word(word, 10 * i, 10 * i + 10) for i, word in enumerate(spoken.split())]


def check(text: str, language: str) -> None:
    reading = read(text, language)
    assert reading.spoken == " ".join(reading.spoken.split())
    words = reading.typed(timed(reading.spoken))
    assert [word.text for word in words] == text.split()
    assert all(word.start <= word.stop for word in words)
    assert all(a.stop <= b.start for a, b in pairwise(words))
    voiced = [word for word in words if word.stop > word.start]
    assert not voiced or voiced[-1].stop == 10 * len(reading.spoken.split()), "no spoken word is nobody's"


@pytest.mark.parametrize("language", LANGUAGES)
@given(text=st.text())
def test_any_text_keeps_its_words(language: str, text: str) -> None:
    check(text, language)


@pytest.mark.parametrize("language", LANGUAGES)
@given(text=st.text(alphabet=READ_ALOUD))
def test_nasty_texts_keep_their_words(language: str, text: str) -> None:
    check(text, language)


def spans(text: str, language: str = "ru") -> list[tuple[str, int, int]]:
    reading = read(text, language)
    return [(word.text, word.start // 10, word.stop // 10) for word in reading.typed(timed(reading.spoken))]


def test_silent_words_are_empty_and_in_their_place() -> None:
    assert spans("да 😀 — **нет** 😀") == [
        ("да", 0, 1),
        ("😀", 1, 1),
        ("—", 1, 2),
        ("**нет**", 2, 3),
        ("😀", 3, 3),
    ]


def test_words_are_typed_as_they_come() -> None:
    reading = read("да 😀 5 кг **нет**", "ru")
    words = timed(reading.spoken)
    assert reading.spoken == "да пять килограммов нет"
    assert [word.text for word in reading.typed(words[:0])] == []
    assert [word.text for word in reading.typed(words[:2])] == ["да", "😀", "5"]
    assert reading.typed(words[:3]) == reading.typed(words)[:4]


MARKED = """
**Важно**: это *очень* просто → Важно: это очень просто
***Важно*** и __это__ → Важно и это
## a snake_case name is no emphasis
поле user_name → поле user_name
2*3*4 → 2*3*4
# Заголовок → Заголовок
### Третий → Третий
- пункт → пункт
* пункт → пункт
• пункт → пункт
- [x] дело → дело
> цитата → цитата
Откройте [наш сайт](https://example.com/a?b=c) сейчас → Откройте наш сайт сейчас
![кот](cat.png) → кот
[1, 2] → [1, 2]
Наберите `ключ` → Наберите ключ
это ~~не~~ так → это не так
слово <b>жирное</b> слово → слово жирное слово
a < b > c → a < b > c
Привет! 😀👍🏽 → Привет!
👨‍👩‍👧 семья → семья
Я ❤️ тебя → Я тебя
Привет :) → Привет
Ну вот ))) → Ну вот
Пункт 8) ответ → Пункт 8) ответ
© Авторы ™ → Авторы
сло\u00adво → слово
"""


@pytest.mark.parametrize(
    ("typed", "spoken"),
    [line.split(" → ") for line in MARKED.strip().splitlines() if not line.startswith("## ")],
)
def test_marks_are_silent(typed: str, spoken: str) -> None:
    assert read(typed, "de").spoken == spoken


def test_a_line_drawn_between_paragraphs_is_silent() -> None:
    assert read("---", "de").spoken == ""


def test_every_line_may_be_a_bullet() -> None:
    assert read("# Список\n- раз\n- два", "de").spoken == "Список раз два"


HOSTILE = [
    "1",
    "1 ",
    "1,",
    "1.",
    "1-",
    "1/2 ",
    "+7 ",
    "5 кг ",
    "I",
    "XIV ",
    "а",
    "а ",
    "т.е. ",
    "$",
    "$1",
    "*",
    "**а",
]
HOSTILE += [
    "[",
    "[а](",
    "<b",
    "_a",
    "a.b",
    "a@",
    "http://a/",
    "а\u0301",
    "😀",
    "USA ",
    "\n",
    "- ",
    ":",
    "12:30 ",
    "°",
]
HOSTILE += [
    "1 000 ",
    "и ",
    "в 5 и ",
    "1-го ",
    "№ ",
    "В. ",
    "A. ",
    "ООО ",
    "Dr. ",
    "x",
    "(",
    ")",
    "7 (",
    "1–",
    "½",
    "%",
]


def calls_while_reading(text: str, language: str) -> int:
    """Count every Python and built-in call: work without the noise of a clock."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    read(text, language)  # fills the caches
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        read(text, language)
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_work_grows_linearly(language: str, unit: str) -> None:
    small, large = unit * (500 // len(unit)), unit * (2_000 // len(unit))
    assert calls_while_reading(large, language) <= 4.4 * calls_while_reading(small, language) + 500
