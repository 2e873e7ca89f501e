"""Addresses of the net, as people say them: without their beginning and their query."""

import re
from collections.abc import Mapping

from voiceover.reading.draft import Draft

_TOP = (
    "ru|com|org|net|рф|su|io|dev|app|info|gov|edu|co|uk|us|de|fr|eu|ua|by|kz|me|tv|ai|tech|online|site|shop"
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}\w{2,24}")
_SITE = re.compile(
    r"(?<![\w.@/])(?:(?:https?|ftp)://(?:www\.)?|www\.)(?P<there>[^\s<>«»\"]{1,2000})"
    rf"|(?<![\w.@/-])(?P<bare>(?:[\w-]{{1,63}}\.){{1,8}}(?:{_TOP})(?![\w.-]*\w)(?:/[^\s<>«»\"]{{0,2000}})?)"
)
_AFTER_SITE = ".,;:!?)]}'…"
_QUERY = re.compile(r"[?#].*", re.DOTALL)
_MARK = re.compile(r"[^\w]+|_")


def read(draft: Draft, marks: Mapping[str, str]) -> Draft:
    """Put the marks inside addresses into words.

    Args:
        marks: what ".", "/", "@", "-", "_" and ":" are called; other marks are not said.
    """

    def say(address: str) -> str:
        words = _MARK.sub(lambda mark: f" {marks.get(mark[0], '')} ", address)
        return " ".join(words.split())

    def site(match: re.Match[str]) -> str:
        address = match["there"] or match["bare"]
        after = address[len(address.rstrip(_AFTER_SITE)) :]
        return say(_QUERY.sub("", address[: len(address) - len(after)]).rstrip("/")) + after

    return draft.sub(_MAIL, lambda match: say(match[0])).sub(_SITE, site)
