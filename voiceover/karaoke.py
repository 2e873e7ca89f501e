"""Captions drawn into a picture, each word lit when it is spoken (Advanced SubStation Alpha 4.00+)."""

from collections.abc import Iterable, Mapping

from voiceover.captions import JOINER, Caption
from voiceover.fonts import FONT
from voiceover.types import SAMPLE_RATE

SPOKEN, UNSPOKEN, SHADE = "&H0000D7FF", "&H00FFFFFF", "&H96000000"  # &HAABBGGRR: amber, white, dark
EVENT = ("Layer", "Start", "End", "Style", "Text")


def ass(captions: Iterable[Caption], size: tuple[int, int]) -> str:
    """Return captions for a picture of that size (width, height) as a file of the format."""
    width, height = size
    style = _style(width, height)
    lines = [
        "[Script Info]",
        "ScriptType: v4.00+",
        f"PlayResX: {width}",
        f"PlayResY: {height}",
        "[V4+ Styles]",
        f"Format: {', '.join(style)}",
        f"Style: {','.join(map(str, style.values()))}",
        "[Events]",
        f"Format: {', '.join(EVENT)}",
    ]
    lines += [
        f"Dialogue: 0,{_clock(caption.start)},{_clock(caption.stop)},Default,{_lit(caption)}"
        for caption in captions
    ]
    return "\n".join(lines) + "\n"


def _style(width: int, height: int) -> Mapping[str, object]:
    return {
        "Name": "Default",
        "Fontname": FONT,
        "Fontsize": round(min(height / 18, width / 24)),
        "PrimaryColour": SPOKEN,
        "SecondaryColour": UNSPOKEN,
        "OutlineColour": SHADE,
        "BackColour": SHADE,
        "Bold": -1,
        "BorderStyle": 1,
        "Outline": max(1, round(height / 250)),
        "Shadow": 0,
        "Alignment": 2,
        "MarginL": round(width / 20),
        "MarginR": round(width / 20),
        "MarginV": round(height / 20),
        "Encoding": 1,
    }


def _lit(caption: Caption) -> str:
    """Return words with how long each waits for the next one, in hundredths of a second."""
    ends = [*(word.start for word in caption.words[1:]), caption.words[-1].stop]
    waits = iter(ends)
    before = _hundredths(caption.words[0].start)
    lines = []
    for line in caption.lines:
        parts = []
        for word in line:
            after = _hundredths(next(waits))
            parts.append(f"{{\\k{max(after - before, 0)}}}{_plain(word.text)}")
            before = after
        lines.append(" ".join(parts))
    return "\\N".join(lines)


def _plain(text: str) -> str:
    """Keep what would be a command of the format from being one."""
    return text.replace("\\", f"\\{JOINER}").replace("{", "\\{").replace("}", "\\}")


def _hundredths(sample: int) -> int:
    return round(sample * 100 / SAMPLE_RATE)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 100), 6000)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 100:02}.{rest % 100:02}"
