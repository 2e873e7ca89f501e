"""Captions: which words are read when, as WebVTT (W3C) and SubRip."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from voiceover.types import SAMPLE_RATE, Word

LINE = 42  # characters a line: what subtitlers hold to be read at a glance
LINES = 2
PAUSE = 0.6  # seconds of silence that end a caption
LINGER = 0.4  # seconds a caption stays after its last word, where the next one does not begin
JOINER = "\u2060"  # has no width: put into what would be a command of a format, it keeps it from being one
NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)
)
UNSEEN = re.compile(f"[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff{NONCHARACTERS}]")
"""What nobody sees: controls and noncharacters, at which players give up, and what turns words around."""
COMMAND = re.compile(r"[<{\\]|--(?=>)")
SENTENCE_ENDS = ".!?…。！？؟"


@dataclass(frozen=True, slots=True)
class Caption:
    """What is read at one time."""

    start: float
    """Seconds."""
    stop: float
    lines: tuple[tuple[Word, ...], ...]

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(word for line in self.lines for word in line)


def captions(words: Sequence[Word]) -> list[Caption]:
    """Cut spoken words (sample positions at 48 kHz) into captions of at most two lines.

    A caption ends with a sentence, before a pause, or when it is full. No word that can be seen is lost, and
    captions do not overlap.
    """
    seen = (replace(word, text=UNSEEN.sub("", word.text)) for word in words)
    groups: list[list[Word]] = []
    for word in (word for word in seen if word.text):
        if not groups or _ends(groups[-1], word):
            groups.append([])
        groups[-1].append(word)
    begins = [_seconds(group[0].start) for group in groups[1:]]
    return [
        Caption(
            _seconds(group[0].start),
            min([_seconds(group[-1].stop) + LINGER, *begins[number : number + 1]]),
            tuple(map(tuple, _lines(group))),
        )
        for number, group in enumerate(groups)
    ]


def webvtt(shown: Iterable[Caption]) -> str:
    """Return WebVTT in which each word carries its time, so that players can light it up."""
    blocks = ["WEBVTT"]
    for caption in shown:
        lines = "\n".join(" ".join(map(_timed, line)) for line in caption.lines)
        blocks.append(f"{_clock(caption.start)} --> {_clock(caption.stop)}\n{lines}")
    return "\n\n".join(blocks) + "\n"


def srt(shown: Iterable[Caption]) -> str:
    """Return SubRip, which has times for whole captions only.

    It knows no escapes, and players obey tags of HTML and of Advanced SubStation Alpha in it.
    """
    return "\n".join(
        f"{number}\n{_clock(caption.start, ',')} --> {_clock(caption.stop, ',')}\n{_text(caption)}\n"
        for number, caption in enumerate(shown, 1)
    )


def _ends(group: list[Word], word: Word) -> bool:
    last = group[-1]
    full = len(" ".join(w.text for w in (*group, word))) > LINE * LINES
    quiet = word.start - last.stop > PAUSE * SAMPLE_RATE
    return full or quiet or last.text.rstrip("»\"')”").endswith(tuple(SENTENCE_ENDS))


def _lines(group: list[Word]) -> list[list[Word]]:
    """Break what is too long for a line where both halves are most alike."""
    if len(" ".join(word.text for word in group)) <= LINE or len(group) == 1:
        return [group]
    lengths = [len(word.text) + 1 for word in group]
    breaks = range(1, len(group))
    middle = min(breaks, key=lambda place: abs(sum(lengths[:place]) - sum(lengths[place:])))
    return [group[:middle], group[middle:]]


def _text(caption: Caption) -> str:
    lines = (" ".join(word.text for word in line) for line in caption.lines)
    return "\n".join(COMMAND.sub(lambda command: command[0] + JOINER, line) for line in lines)


def _timed(word: Word) -> str:
    text = word.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<{_clock(_seconds(word.start))}><c>{text}</c>"


def _seconds(sample: int) -> float:
    return sample / SAMPLE_RATE


def _clock(seconds: float, point: str = ".") -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"
