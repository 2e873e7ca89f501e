"""The text is cut where a reader would rest, nothing is lost, and no text is too nasty."""

import sys
import unicodedata
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceover.chunks import MAX_CHARACTERS, MAX_WORDS, pause_after, split

# Each line is a text; a bar stands where it is to be cut.
RUSSIAN = (
    """
Привет! | Как дела? | Меня зовут Аватар.
Привет
Он пришёл, т.е. Иван вернулся домой.
Он купил хлеб, молоко и т.д. и потом ушёл.
Стулья, столы и т.п. | Потом пришёл дождь.
В 1941 г. началась война.
Он живёт на ул. Ленина, д. 5, кв. 12.
А. С. Пушкин родился в Москве.
Роман написал Л. Н. Толстой. | Это знают все.
Число пи равно 3.14 или 3,14.
Температура была −5.5 градусов. | Холодно!
Ну... ладно, пойдём.
Я думал… что ты придёшь.
Я думал… | Ты не пришёл.
«Да!» — сказал он.
«Кто там?» — спросила бабушка. | Никто не ответил.
— Привет! — сказал он. | — Как дела?
Он крикнул: «Стой!» | Все замерли.
Что?! | Не может быть!!!
Кто?.. | Никого...
Сайт https://example.ru/путь?q=1.5&x=2 работает.
Пишите на ivan.petrov@example.ru в любое время.
Откройте www.example.ru. | Там всё есть.
Версия 2.0.1 вышла вчера. | Ура!
Он пришёл в 10.30. | Все уже ждали.
1. Первый пункт. | 2. Второй пункт.
Глава IV. | Начало пути.
Это стоит 5 тыс. руб. в месяц.
В г. Москве живёт 13 млн. человек.
Доктор мед. наук И. И. Иванов выступил первым.
См. рис. 5 и табл. 3 ниже.
Проф. Преображенский занят.
привет. | как дела? | меня зовут аватар.
привет! | как дела? | всё хорошо
это напр. тест. | он короткий
Вышел на улицу (там шёл дождь!) и вернулся.
Он улыбнулся. :) | Она тоже.
Привет! 😀 | Как дела? 🤔
«Первая фраза. | Вторая фраза», — сказал он.
Иванов, Петров и др. | Остальные ушли.
Это её муж. | У него острый ум. | Он велик.
Встреча в 5 ч. вечера.
Всё — конец. | Начало — завтра!
Да-да! | Нет-нет.
Он сказал: «Т. е. нет?» | Она кивнула.
Когда мы приехали в город, шёл сильный дождь, | поэтому мы решили остаться в гостинице и посмотреть \
старый фильм о путешествиях капитана Немо.
Весной, когда тает снег и прилетают птицы, мы едем на дачу; | осенью мы возвращаемся в город, \
потому что дети идут в школу.
Мы купили хлеб, сыр и молоко на рынке у вокзала — | оттуда было недалеко до дома, где нас ждали \
друзья и родственники.
""".replace("\\\n", "")
    .strip()
    .splitlines()
)

ENGLISH = (
    """
Hello! | How are you? | My name is Avatar.
Dr. Smith arrived at noon. | Everybody was glad.
Mr. and Mrs. Brown live in the U.S. with two dogs.
He met Prof. Jones, i.e. the new dean.
Bring fruit, e.g. apples, and some bread.
It opens at 5 p.m. and closes late.
It opens at 5 p.m. | Then we eat.
He said no. | Then he left.
See No. 5 on the list.
See Fig. 3 and vol. 2 for details.
It costs $3.50! | Really?
J. R. R. Tolkien wrote it. | I read it twice.
"Stop!" he said. | Nobody moved.
"Who is there?" she asked.
She asked, "Why?" | He did not know.
Well... maybe. | Wait… | No.
Write to john.doe@example.com or call us.
Look at https://example.com/a.b?c=d. | It is new.
Node.js and example.com are names.
What?! | No way!!!
hello. | how are you? | fine
Apples, pears, etc. | The rest is for you.
The value is 1,000.5 units. | That is all.
Visit St. Petersburg and Mt. Everest.
Acme Inc. | Founded in Jan. 1999.
Good job! 👍 | See you.
1. First item. | 2. Second item.
Yes. | No. | Perhaps!
The meeting (it was short!) went well.
The quick brown fox jumps over the lazy dog while the small cat sleeps | on the warm roof of the old \
house near the river.
When I was young, I used to walk along the river every morning | with my father, who told me stories \
about the war, about ships, | and about the people he had met in distant countries before I was born.
We tried everything; nothing worked in the end: the engine was cold, | the road was steep, and the night \
was dark and full of rain.
""".replace("\\\n", "")
    .strip()
    .splitlines()
)

OTHERS = [
    ("zh", ["你好！", "我是你的助手。", "今天天气很好，我们去公园吧。"]),
    ("zh", ["“你好！”他说。", "我笑了。"]),
    ("zh", ["你好!", "我是你的助手."]),
    ("ja", ["「はい！」と言った。", "今日はいい天気ですね。"]),
    ("ru", ["Привет!", "Как дела?", "Меня зовут Аватар.", "Я живу на ул.Ленина."]),
    ("en", ["Hello!", "How are you?"]),
]


@pytest.mark.parametrize(
    ("language", "marked"), [("ru", line) for line in RUSSIAN] + [("en", line) for line in ENGLISH]
)
def test_cuts_where_a_reader_rests(language: str, marked: str) -> None:
    expected = marked.split(" | ")
    chunks = split(" ".join(expected), language)
    assert [chunk.text for chunk in chunks] == expected
    assert [chunk.index for chunk in chunks] == list(range(len(expected)))
    assert all(chunk.language == language for chunk in chunks)


def test_the_tables_are_large_enough() -> None:
    assert len(RUSSIAN) >= 40
    assert len(ENGLISH) >= 25


@pytest.mark.parametrize(("language", "expected"), OTHERS)
def test_cuts_without_a_blank(language: str, expected: list[str]) -> None:
    assert [chunk.text for chunk in split("".join(expected), language)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("नमस्ते। आप कैसे हैं?", ["नमस्ते।", "आप कैसे हैं?"]),
        ("مرحبا! كيف حالك؟ اسمي أفاتار.", ["مرحبا!", "كيف حالك؟", "اسمي أفاتار."]),
    ],
)
def test_knows_the_marks_of_other_scripts(text: str, expected: list[str]) -> None:
    assert [chunk.text for chunk in split(text, "hi")] == expected


def test_a_german_ordinal_does_not_end_a_sentence() -> None:
    text = "Am 3. Oktober feiern wir. Dr. Müller kommt z.B. aus Berlin."
    assert [chunk.text for chunk in split(text, "de-AT")] == text.replace("wir. ", "wir.|").split("|")


def test_a_line_end_ends_a_sentence() -> None:
    chunks = split("Заголовок\nПервая строка. Вторая\r\n\r\nтретья", "ru")
    assert [chunk.text for chunk in chunks] == ["Заголовок", "Первая строка.", "Вторая", "третья"]
    assert [chunk.pause for chunk in chunks] == [0.6, 0.45, 0.6, 0.25]
    assert [chunk.pause for chunk in split("Привет! 😀\nПока.", "ru")] == [0.6, 0.45]


@pytest.mark.parametrize("text", ["", " ", "\n\t \r\n", "\u2028\x0c"])
def test_blank_text_gives_nothing(text: str) -> None:
    assert split(text, "ru") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("😀", ["😀"]),
        ("...", ["..."]),
        ("😀 Привет", ["😀 Привет"]),
        ("... 😀\nПривет!\n...\nПока.", ["... 😀 Привет! ...", "Пока."]),
        ("Да!\n👍👍👍", ["Да! 👍👍👍"]),
    ],
)
def test_marks_go_with_a_neighbour(text: str, expected: list[str]) -> None:
    assert [chunk.text for chunk in split(text, "ru")] == expected


@pytest.mark.parametrize("words", [16, 17, 20, 24, 30, 31, 45, 46, 100])
def test_a_sentence_without_marks_is_cut_evenly(words: int) -> None:
    lengths = [len(chunk.text.split()) for chunk in split("слово " * words, "ru")]
    assert max(lengths) <= MAX_WORDS
    assert max(lengths) - min(lengths) <= 1
    assert min(lengths) >= (8 if words < 20 else 10)


def test_fifteen_words_stay_together() -> None:
    text = "раз, два; три: " * 5
    assert len(split(text, "ru")) == 1


def test_numbers_are_not_torn_apart() -> None:
    text = "население большого города по новым данным составляло ровно 1 000 000 человек без малых пригородов"
    assert any("1 000 000 человек" in chunk.text for chunk in split(text, "ru"))


def test_a_script_without_spaces_is_cut_by_characters() -> None:
    chunks = split("这是一个没有标点的句子" * 30, "zh")
    assert all(15 <= len(chunk.text) <= 40 for chunk in chunks)
    thai = split("สวัสดีครับผมชื่ออวตารวันนี้อากาศดีมาก" * 10, "th")
    assert all(len(chunk.text) <= 48 for chunk in thai)
    assert all(chunk.text[0].isalnum() for chunk in thai), "a vowel sign was torn from its consonant"


def test_prefers_the_comma_in_text_without_spaces() -> None:
    halves = [
        "这是第一个比较长的分句它一直说到这里才停下来，",
        "这是第二个比较长的分句它一直说到这里才停下来。",
    ]
    assert [chunk.text for chunk in split("".join(halves), "zh")] == halves


def test_a_very_long_word_is_cut() -> None:
    chunks = split("а" * 10_000, "ru")
    assert "".join(chunk.text for chunk in chunks) == "а" * 10_000
    assert all(100 <= len(chunk.text) <= MAX_CHARACTERS for chunk in chunks)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Привет.", 0.45),
        ("Привет!»", 0.45),
        ("(Правда?) 😀", 0.45),
        ("Ну…", 0.45),
        ("你好。", 0.45),
        ("Привет.\n", 0.6),
        ("Список:\n\n", 0.6),
        ("вот что:", 0.3),
        ("Москва —", 0.3),
        ("раз;", 0.3),
        ("раз,", 0.25),
        ("«раз»,", 0.25),
        ("раз", 0.25),
        ("", 0.25),
    ],
)
def test_pauses_follow_the_marks(text: str, seconds: float) -> None:
    assert pause_after(text) == seconds


def test_the_parts_of_a_sentence_pause_by_their_own_marks() -> None:
    chunks = split("слово " * 11 + "слово, " + "слово " * 11 + "слово!", "ru")
    assert [chunk.pause for chunk in chunks] == [0.25, 0.45]


# ---- whatever the text -----------------------------------------------------------------------------

FRAGMENTS = st.sampled_from(
    [
        *("т.е.", "и т.д.", "г.", "ул.", "Dr.", "U.S.", "А. С.", "3.14", "1.", "2)", "no.", "e.g."),
        *(
            ".",
            "!",
            "?",
            "…",
            "?!",
            "...",
            ",",
            ";",
            ":",
            "—",
            "-",
            "(",
            ")",
            "«",
            "»",
            '"',
            ":)",
            "。",
            "、",
            "！",
        ),
        *(" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u2028", "\x0b", "\x1f"),
        *(
            "слово",
            "Слово",
            "word",
            "Word",
            "я",
            "Я",
            "I",
            "и",
            "на",
            "что",
            "the",
            "42",
            "x" * 30,
            "щ" * 250,
        ),
        *("你好", "今天天气很好", "ありがとう", "ー", "สวัสดีครับ", "안녕", "नमस्ते", "مرحبا"),
        *(
            "😀",
            "👨‍👩‍👧",
            "\u200b",
            "\u202e",
            "\ufeff",
            "\u0301",
            "\x00",
            "\ud800",
            "<b>",
            "&amp;",
            "https://a.b/?c=d",
        ),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(FRAGMENTS, max_size=150).map("".join),
    st.lists(FRAGMENTS, max_size=150).map(" ".join),
)
LANGUAGES = st.sampled_from(["ru", "en", "en-US", "de", "zh", "th", "xx", ""])


def without_space(text: str) -> str:
    return "".join(text.split())


def words_in(text: str) -> int:
    return sum(any(character.isalnum() for character in token) for token in text.split())


@given(TEXTS, LANGUAGES)
def test_nothing_is_lost_or_reordered(text: str, language: str) -> None:
    chunks = split(text, language)
    assert without_space("".join(chunk.text for chunk in chunks)) == without_space(text)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))


@given(TEXTS, LANGUAGES)
def test_every_chunk_keeps_the_limits(text: str, language: str) -> None:
    for chunk in split(text, language):
        assert words_in(chunk.text) <= MAX_WORDS
        assert 0 < len(chunk.text) <= MAX_CHARACTERS
        assert chunk.text == " ".join(chunk.text.split())
        assert 0.25 <= chunk.pause <= 0.6


@given(TEXTS, LANGUAGES)
def test_every_chunk_has_something_to_say(text: str, language: str) -> None:
    chunks = split(text, language)
    if words_in(text) and len(text) < 150:  # a longer run of marks may need chunks of its own
        assert all(words_in(chunk.text) for chunk in chunks)


@given(TEXTS, LANGUAGES)
def test_equal_texts_give_equal_chunks(text: str, language: str) -> None:
    assert split(text, language) == split(text, language)


ORDINARY_WORDS = st.sampled_from(
    ["мама", "мыла", "раму", "Иван", "в", "лес", "и", "нашёл", "гриб", "который", "рос", "на"]
)
ORDINARY_SENTENCES = st.lists(ORDINARY_WORDS, min_size=1, max_size=45).flatmap(
    lambda words: st.lists(
        st.sampled_from(["", "", "", ",", ";", ":", " —"]), min_size=len(words) - 1, max_size=len(words) - 1
    ).map(lambda marks: "Так " + " ".join(map("".join, zip(words, [*marks, ""], strict=True))) + ".")
)


@given(st.lists(ORDINARY_SENTENCES, min_size=1, max_size=5).map(" ".join))
def test_a_chunk_of_ordinary_text_is_one_chunk(text: str) -> None:
    for chunk in split(text, "ru"):
        assert [again.text for again in split(chunk.text, "ru")] == [chunk.text]


# ---- linear time -----------------------------------------------------------------------------------

HOSTILE = [
    ".",
    "!?!?",
    "т.е.",
    "т.е. ",
    " ",
    "\n",
    '" «',
    "а",
    "我爱你",
    "。",
    "…",
    "😀",
    ". ",
    "а. ",
    "слово ",
    "слово, ",
]
HOSTILE += ["(", ":) ", "1. ", "a\n", "а.Б", "Аб.Вг", "ก", "\u0301", "- ", "\u200b", "Привет! "]


def calls_while_splitting(text: str) -> int:
    """Count every Python and built-in call: work without the noise of a clock."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        split(text, "ru")
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("unit", HOSTILE)
def test_work_grows_linearly(unit: str) -> None:
    small, large = unit * (4_000 // len(unit)), unit * (16_000 // len(unit))
    assert calls_while_splitting(large) <= 4.4 * calls_while_splitting(small) + 200


class Measured(str):
    """A text that counts the characters copied out of it."""

    copied = 0

    def __getitem__(self, key: object) -> str:
        piece = super().__getitem__(key)  # type: ignore[index]
        Measured.copied += len(piece)
        return piece

    def splitlines(self, keepends: bool = False) -> list[str]:
        return [Measured(line) for line in super().splitlines(keepends)]


@pytest.mark.parametrize("unit", HOSTILE)
def test_copying_grows_linearly(unit: str) -> None:
    text = Measured(unit * (15_000 // len(unit)))
    Measured.copied = 0
    split(text, "ru")
    assert Measured.copied <= 100 * len(text)


def test_thai_is_cut_between_phrases_and_never_within_a_letter_and_its_marks() -> None:
    phrases = "สวัสดีครับ ผมชื่อสมชาย วันนี้อากาศดีมาก เราไปเดินเล่นที่สวนกันไหม"
    assert [chunk.text for chunk in split(phrases, "th")] == [
        "สวัสดีครับ ผมชื่อสมชาย วันนี้อากาศดีมาก",
        "เราไปเดินเล่นที่สวนกันไหม",
    ]
    run = "เราไปเดินเล่นที่สวนกันไหมแล้วค่อยกลับบ้านมากินข้าวเย็นด้วยกันทั้งครอบครัว" * 5
    parts = [chunk.text for chunk in split(run, "th")]
    assert "".join(parts) == run and len(parts) > 5
    assert all(unicodedata.category(part[0]) != "Mn" and part[-1] not in "เแโใไ" for part in parts)
    assert [chunk.text for chunk in split("เ" * 9, "th")] == ["เ" * 9]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("ar", ["مرحبا يا صديقي.", "كيف حالك اليوم؟", "أنا بخير، شكرا لك!"]),
        ("he", ["שלום חבר שלי.", "מה שלומך היום?", "אני בסדר, תודה!"]),
        ("fa", ["سلام دوست من.", "حال شما چطور است؟", "من خوبم، ممنون."]),
        ("ur", ["میرا نام علی ہے۔", "آپ کیسے ہیں؟"]),
        ("hi", ["नमस्ते!", "मेरा नाम राज है।", "मैं दिल्ली में रहता हूँ।"]),
        ("ko", ["안녕하세요!", "제 이름은 민수입니다."]),
    ],
)
def test_sentences_of_other_scripts(language: str, sentences: list[str]) -> None:
    assert [chunk.text for chunk in split(" ".join(sentences), language)] == sentences
