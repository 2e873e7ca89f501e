"""Typed text → spoken text, and spoken words → typed words."""

from collections.abc import Sequence
from dataclasses import dataclass

from voiceover.reading import english, markup, russian
from voiceover.reading.draft import Draft
from voiceover.types import Word


@dataclass(frozen=True, slots=True)
class Reading:
    """What is spoken for a text, and which typed word each spoken word comes from."""

    spoken: str
    """The text for the voice: words with one blank between them."""
    pieces: tuple[str, ...]
    """The text as typed: `text.split()`."""
    sources: tuple[int, ...]
    """For each word of `spoken.split()` the index of its piece; never falls."""

    def typed(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Give the typed pieces the times of what was spoken for them.

        Args:
            words: the words of `spoken.split()` in order, timed; or the first of them, while they are
                being spoken.

        Returns one word for each piece, in order, from the start of its first spoken word to the
        stop of its last. A piece for which nothing was spoken is empty and stands at the stop of
        the one before. While words are missing the pieces end with that of the last word.
        """
        spans: dict[int, tuple[int, int]] = {}
        for word, source in zip(words, self.sources, strict=False):
            start, _ = spans.get(source, (word.start, 0))
            spans[source] = (start, word.stop)
        begun = len(self.pieces) if len(words) == len(self.sources) else max(spans, default=-1) + 1
        timed: list[Word] = []
        stop = 0
        for index, piece in enumerate(self.pieces[:begun]):
            start, stop = spans.get(index, (stop, stop))
            timed.append(Word(piece, start, stop))
        return tuple(timed)


def read(text: str, language: str) -> Reading:
    """Write a text out as people read it aloud.

    Pure; takes time linear in the text's length, whatever the text. Marks and pictures
    are left out. Russian and English are read in full; in other languages numbers are left to the
    voice.

    Args:
        text: any text.
        language: tag of the voice that will speak, such as "ru" or "en-us".
    """
    draft = markup.strip(Draft.of(text))
    match language.lower().replace("_", "-").split("-")[0]:
        case "ru":
            draft = russian.read(draft)
        case "en":
            draft = english.read(draft)
    words = draft.words()
    return Reading(
        " ".join(word for word, _ in words), tuple(text.split()), tuple(source for _, source in words)
    )
