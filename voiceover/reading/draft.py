"""A text on its way from what was typed to what is spoken."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

Edit: TypeAlias = tuple[int, int, str]
"""First character, character after the last one, what is to stand there."""

_LINE_END = re.compile(r"[\n\r\v\f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Draft:
    """A text whose every character knows the typed word it comes from. Every pass makes a new one."""

    text: str
    sources: list[int]
    """For each character the number of its typed word; for white space, of the word before it."""

    @classmethod
    def of(cls, typed: str) -> "Draft":
        """Begin with the text as typed: its words are `typed.split()`, white space becomes " " or "\\n"."""
        texts: list[str] = []
        sources: list[int] = []
        done = 0
        for index, match in enumerate(re.finditer(r"\S+", typed)):
            space = "" if not index else "\n" if _LINE_END.search(typed, done, match.start()) else " "
            texts += [space, match[0]]
            sources += [max(index - 1, 0)] * len(space) + [index] * len(match[0])
            done = match.end()
        return cls("".join(texts), sources)

    def sub(
        self,
        pattern: re.Pattern[str],
        replace: Callable[[re.Match[str]], str | None],
        group: int | str = 0,
    ) -> "Draft":
        """Replace one group of every match; where `replace` returns None, all stays as it is."""
        edits = []
        for match in pattern.finditer(self.text):
            spoken = replace(match)
            if spoken is not None:
                edits.append((*match.span(group), spoken))
        return self.edit(edits)

    def edit(self, edits: Iterable[Edit]) -> "Draft":
        """Make edits, given in order and without overlap.

        The words of what is put in are shared out evenly among the typed words that they replace,
        and never grow together with what stands beside them.
        """
        texts: list[str] = []
        sources: list[int] = []
        done = 0
        for start, stop, spoken in edits:
            texts.append(self.text[done:start])
            sources += self.sources[done:start]
            spoken = self._apart(start, stop, spoken)
            texts.append(spoken)
            sources += self._shared(start, stop, spoken)
            done = stop
        if not texts:
            return self
        texts.append(self.text[done:])
        sources += self.sources[done:]
        return Draft("".join(texts), sources)

    def words(self) -> list[tuple[str, int]]:
        """The words, each with the typed word that it comes from: that of its first character."""
        return [(match[0], self.sources[match.start()]) for match in re.finditer(r"\S+", self.text)]

    def _apart(self, start: int, stop: int, spoken: str) -> str:
        if not spoken:
            return spoken
        before = " " if start and self.text[start - 1].isalnum() and spoken[0].isalnum() else ""
        after = " " if self.text[stop : stop + 1].isalnum() and spoken[-1].isalnum() else ""
        return before + spoken + after

    def _shared(self, start: int, stop: int, spoken: str) -> list[int]:
        replaced = [self.sources[i] for i in range(start, stop) if not self.text[i].isspace()]
        if not replaced:
            replaced = self.sources[max(start - 1, 0) : start] or [0]
        first, typed = replaced[0], replaced[-1] - replaced[0] + 1
        count = len(spoken.split()) or 1
        shared: list[int] = []
        word = -1
        inside = False
        for character in spoken:
            word += not inside and not character.isspace()
            inside = not character.isspace()
            shared.append(first + max(word, 0) * typed // count)
        return shared
