"""Which language a sentence is in: among all that espeak-ng speaks, which is the hardest choice there is."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app import create_app
from service.casting import base_language
from service.settings import Settings
from tts.base import SpeechEngine
from voiceover.detection import detect, passages

SENTENCES = {
    "ru": [
        "Привет! Как дела?",
        "Меня зовут Аватар.",
        "Спасибо",
        "Да, конечно.",
        "Из-за дождя мы остались дома.",
    ],
    "uk": [
        "Привіт! Як справи?",
        "Мене звати Олена, я живу у Львові.",
        "Так, звичайно.",
        "Надвір'я таке гарне.",
    ],
    "be": ["Прывітанне! Як справы?", "Мяне завуць Алесь, я жыву ў Мінску."],
    "bg": ["Казвам се Иван и живея в София.", "Днес времето е хубаво."],
    "sr": ["Зовем се Марко и живим у Београду.", "Данас је лепо време."],
    "mk": ["Денес времето е убаво и одиме во паркот."],
    "kk": ["Сәлем! Қалың қалай?", "Менің атым Айдос, мен Алматыда тұрамын."],
    "en": ["Hello! How are you?", "My name is Avatar.", "I don't know."],
    "de": ["Hallo! Wie geht es dir?", "Ich heiße Anna und wohne in Berlin.", "Danke schön"],
    "fr": ["Bonjour ! Comment ça va ?", "Je m'appelle Marie et j'habite à Paris."],
    "es": ["¡Hola! ¿Cómo estás?", "Me llamo Juan y vivo en Madrid."],
    "it": ["Mi chiamo Paolo e vivo a Roma."],
    "pt": ["Meu nome é João e moro em São Paulo."],
    "pl": ["Cześć! Jak się masz?", "Nazywam się Anna i mieszkam w Krakowie."],
    "tr": ["Benim adım Ali ve İstanbul'da yaşıyorum."],
    "vi": ["Tôi tên là Minh và tôi sống ở Hà Nội."],
    "el": ["Γεια σου! Τι κάνεις;"],
    "he": ["שלום! מה שלומך?"],
    "ar": ["مرحبا! كيف حالك؟", "اسمي أحمد وأعيش في القاهرة."],
    "fa": ["سلام! حال شما چطور است؟", "اسم من علی است و در تهران زندگی می‌کنم."],
    "ur": ["میرا نام علی ہے اور میں لاہور میں رہتا ہوں۔"],
    "hi": ["नमस्ते! आप कैसे हैं?", "मेरा नाम राज है और मैं दिल्ली में रहता हूँ।"],
    "ka": ["გამარჯობა! როგორ ხარ?"],
    "hy": ["Բարև: Ինչպե՞ս ես:"],
    "zh": ["你好！你好吗？", "我叫小明，我住在北京。"],
    "ja": ["こんにちは！お元気ですか？", "私の名前は太郎です。"],
    "ko": ["안녕하세요! 어떻게 지내세요?"],
    "th": ["สวัสดี สบายดีไหม"],
}


@pytest.fixture(scope="module")
def languages(espeak: SpeechEngine) -> set[str]:
    return {base_language(voice.language) for voice in espeak.voices()}


@pytest.mark.parametrize(
    ("language", "sentence"), [(tag, one) for tag, all_ in SENTENCES.items() for one in all_]
)
def test_one_sentence_alone_tells_its_language(language: str, sentence: str, languages: set[str]) -> None:
    assert detect([sentence], languages) == [language]


def test_the_rest_of_the_text_helps_a_short_sentence(languages: set[str]) -> None:
    assert detect(["Дякую"], languages) == ["ru"]
    assert detect(["Привіт! Як справи?", "Дякую"], languages) == ["uk", "uk"]
    assert detect(["Je m'appelle Marie et j'habite à Paris.", "Oui"], languages) == ["fr", "fr"]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("ru", "Открой Telegram и напиши мне."),
        ("ru", "Сервер запущен на localhost."),
        ("ru", "Поставь Visual Studio Code."),
        ("ru", "Столица Украины — Київ, и там живут люди."),
        ("en", "The Russian word привет means hello, and everybody knows it."),
        ("ja", "Python で書きました。"),
        ("he", "פתח את Google Chrome."),
    ],
)
def test_a_stray_foreign_word_does_not_flip_a_sentence(
    language: str, sentence: str, languages: set[str]
) -> None:
    assert detect([sentence], languages) == [language]


def test_only_what_somebody_speaks_is_told() -> None:
    assert detect(["Привіт! Як справи?"], {"ru", "en"}) == ["ru"]
    assert detect(["Ich heiße Anna."], {"ru", "en"}) == ["en"]
    assert detect(["Hello.", "你好。"], {"ru", "en"}) == ["en", "en"]
    assert detect(["你好。", "Hello."], {"ru", "en"}) == ["en", "en"]


def test_a_chosen_voice_is_believed_in_doubt(languages: set[str]) -> None:
    assert detect(["Дякую"], languages, "uk") == ["uk"]
    assert detect(["Привет, как твои дела?"], languages, "uk") == ["ru"]
    assert detect(["123 😀", ""], languages, "de") == ["de", "de"]
    assert detect(["123"], languages) == ["ru"]
    assert detect([], languages) == []
    assert detect(["Hello, \ud800 my friend."], languages) == ["en"]


def test_mixed_text_is_cut_where_the_language_changes(languages: set[str]) -> None:
    text = (
        "Привет! Как дела?\nHello, my friend. 😀 How are you today? 你好！我叫小明。"
        " Wir treffen uns am 3. Oktober."
    )
    assert list(passages(text, languages)) == [
        ("Привет! Как дела?\n", "ru"),
        ("Hello, my friend. 😀 How are you today?", "en"),
        ("你好！ 我叫小明。", "zh"),
        ("Wir treffen uns am 3. Oktober.", "de"),
    ]


@given(st.text())
def test_nothing_is_lost(text: str) -> None:
    told = list(passages(text, {"ru", "en", "zh", "ar"}))
    assert "".join("".join(piece for piece, _ in told).split()) == "".join(text.split())
    assert {language for _, language in told} <= {"ru", "en", "zh", "ar"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("auto")
    return create_app(Settings(data=folder / "data", checkpoints=folder / "checkpoints"))


def test_each_chunk_has_its_own_language(app: Flask) -> None:
    answer = app.test_client().post("/api/split", json={"text": "Привет! Hello, my friend. مرحبا يا صديقي!"})
    chunks = answer.json["chunks"]
    assert [chunk["language"] for chunk in chunks] == ["ru", "en", "ar"]
    assert [chunk["index"] for chunk in chunks] == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "wanted", "spoken"),
    [
        ("Hello, my friend.", "auto", "piper:en_US-joe-medium"),
        ("Привет, мой друг.", "auto", "espeak:ru+f2"),
        ("Привет, мой друг.", "piper:en_US-joe-medium", "espeak:ru+f2"),
        ("Hello, my friend.", "piper:en_US-joe-medium", "piper:en_US-joe-medium"),
        ("Дякую", "espeak:uk", "espeak:uk"),
        ("مرحبا يا صديقي!", "auto", "espeak:ar+f2"),
    ],
)
def test_each_chunk_is_spoken_by_a_fitting_voice(app: Flask, text: str, wanted: str, spoken: str) -> None:
    answer = app.test_client().post("/api/generate_stream", json={"text": text, "voice": wanted})
    assert answer.status_code == 200 and answer.headers["Voice"] == spoken
    assert answer.data


def test_a_voice_that_is_not_there_is_told_before_anything_is_cut(app: Flask) -> None:
    answer = app.test_client().post("/api/split", json={"text": "Привет", "voice": "nobody"})
    assert answer.status_code == 422 and answer.json["code"] == "voice-not-found"
