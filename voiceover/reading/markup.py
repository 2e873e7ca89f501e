"""Marks that are seen and not heard: Markdown, HTML tags, emoji."""

import re

from voiceover.reading.draft import Draft

_LINK = re.compile(r"!?\[([^\[\]]{1,300})\]\([^()\s]{1,500}(?: \"[^\"]{0,100}\")?\)")
_TAG = re.compile(r"</?[a-zA-Z][\w-]{0,30}(?: [^<>]{0,300})?/?>")
_LINE_MARK = re.compile(r"^(?:#{1,6} |> |[-*+•‣◦·] (?:\[[ xX]\] )?)+", re.MULTILINE)
_EMPHASIS = re.compile(
    r"(?<![\w*])\*{1,3}(?=[^\s*])|(?<=[^\s*])\*{1,3}(?![\w*])"  # *opens* and closes*
    r"|\*\*|(?<!\w)_{1,3}(?=\w)|(?<=[^\s_])_{1,3}(?!\w)|~~|`+"
)
_RULE = re.compile(r"(?<!\S)(?:[-*_=]{3,}|#{1,6}|[•‣◦*|])(?!\S)")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\U0001fb00-\U0001fbff\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff\u2190-\u21ff"
    "\u25a0-\u25ff©®™\ufe00-\ufe0f\u200d\u20e3\U000e0020-\U000e007f]+"
)
_KEYCAP = re.compile("([0-9#*])\ufe0f?\u20e3")
_SMILEY = re.compile(r"(?<!\S)(?:[:;=][-^']?[)(DPpOo|*]+|[xX]D+|<3+)(?!\w)|(?<![\w)])\){2,}|\^_\^")
_CONTROL = re.compile(
    "[\u0000-\u0009\u000b-\u001f\u007f-\u009f\ud800-\udfff]"
)  # no voice takes them; some fail at NUL
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


def strip(draft: Draft) -> Draft:
    """Leave out what people do not read aloud; a link is read as its text."""
    draft = draft.sub(_CONTROL, lambda _: " ")
    draft = draft.sub(_INVISIBLE, lambda _: "")
    draft = draft.sub(_KEYCAP, lambda match: match[1])
    draft = draft.sub(_EMOJI, lambda _: " ")
    if draft.text.isalnum():
        return draft
    draft = draft.edit(edit for match in _LINK.finditer(draft.text) for edit in _bare(match))
    draft = draft.sub(_TAG, lambda _: " ")
    draft = draft.sub(_LINE_MARK, lambda _: "")
    draft = draft.sub(_SMILEY, lambda _: "")
    draft = draft.sub(_RULE, lambda _: "")
    return draft.sub(_EMPHASIS, lambda _: "")


def _bare(link: re.Match[str]) -> list[tuple[int, int, str]]:
    """Take away what stands around a link's text."""
    return [(link.start(), link.start(1), ""), (link.end(1), link.end(), "")]
