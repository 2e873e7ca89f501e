"""Captions."""

import re
import subprocess
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.clips import FFMPEG
from voiceover.captions import LINE, LINES, captions, srt, webvtt
from voiceover.karaoke import ass
from voiceover.types import SAMPLE_RATE, Word

TEXT = "Привет! Меня зовут Аватар, и я умею говорить любой текст, который вы напишете. Как дела?"


def spoken(text: str, each: float = 0.4, gap: float = 0.05) -> list[Word]:
    words = []
    for number, word in enumerate(text.split()):
        start = round(number * (each + gap) * SAMPLE_RATE)
        words.append(Word(word, start, start + round(each * SAMPLE_RATE)))
    return words


texts = st.lists(
    st.text(
        st.characters(blacklist_categories=("Cs", "Zs", "Zl", "Zp", "Cc")), min_size=1, max_size=60
    ).filter(lambda word: len(word.split()) == 1),
    min_size=1,
    max_size=40,
).map(" ".join)


@given(texts)
def test_captions_lose_no_word_and_do_not_overlap(text: str) -> None:
    words = spoken(text)
    shown = captions(words)
    assert [word for caption in shown for word in caption.words] == words
    assert all(a.stop <= b.start for a, b in pairwise(shown))
    assert all(caption.stop > caption.start for caption in shown)
    for caption in shown:
        whole = " ".join(word.text for word in caption.words)
        assert len(caption.lines) <= LINES
        assert len(whole) <= LINE * LINES or len(caption.words) == 1


def test_a_caption_ends_with_a_sentence_and_before_a_pause() -> None:
    words = spoken("Привет! Как дела сегодня")
    late = Word("вечером?", words[-1].stop + SAMPLE_RATE, words[-1].stop + 2 * SAMPLE_RATE)
    lines = [" ".join(word.text for word in caption.words) for caption in captions([*words, late])]
    assert lines == ["Привет!", "Как дела сегодня", "вечером?"]


def test_long_captions_have_two_like_lines() -> None:
    (caption,) = captions(spoken("Меня зовут Аватар, и я умею говорить любой текст, который вы напишете"))
    assert [" ".join(word.text for word in line) for line in caption.lines] == [
        "Меня зовут Аватар, и я умею говорить",
        "любой текст, который вы напишете",
    ]


def test_webvtt_times_every_word() -> None:
    text = webvtt(captions(spoken("Один <два> & три.")))
    assert text == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.150\n"
        "<00:00:00.000><c>Один</c> <00:00:00.450><c>&lt;два&gt;</c> "
        "<00:00:00.900><c>&amp;</c> <00:00:01.350><c>три.</c>\n"
    )


def test_srt_is_read_back_by_ffmpeg(tmp_path: Path) -> None:
    path = tmp_path / "captions.srt"
    path.write_text(srt(captions(spoken(TEXT))), encoding="utf-8")
    command = [FFMPEG, "-v", "error", "-i", path, "-f", "webvtt", "-"]
    read = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode()
    assert " ".join(re.sub(r"(?m)^(WEBVTT|.*-->.*)$", "", read).split()) == TEXT


def test_burnt_words_are_text_and_never_commands() -> None:
    evil = "{\\fs200} \\N {b} a\\nb"
    text = ass(captions(spoken(evil)), (512, 512))
    event = text.splitlines()[-1]
    commands = re.findall(r"(?<!\\)\{([^}]*)\}", event)
    assert all(re.fullmatch(r"\\k\d+", command) for command in commands)
    assert re.search(r"(?<!\{)\\[Nn](?!\u2060)", event.split(",", 4)[4]) is None


def test_burnt_words_light_up_when_they_are_spoken() -> None:
    event = ass(captions(spoken("Один два три", each=0.5, gap=0.1)), (512, 512)).splitlines()[-1]
    assert re.findall(r"\\k(\d+)", event) == ["60", "60", "50"]
