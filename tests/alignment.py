"""How far from the truth times are: sentences to measure on, and the measure."""

import difflib
import unicodedata
from collections.abc import Iterator, Sequence

from voiceover.types import Phone

# What numbers in voiceover/align.py and voiceover/cepstra.py were chosen by.
TUNING = (
    "Hello there!",
    "The cat sat on the warm stone wall.",
    "Please bring me a cup of tea, two biscuits, and the morning paper.",
    "Nobody knew why the lighthouse keeper had left in such a hurry.",
    "We measured thirty-seven samples, but only twelve of them were usable.",
    "Yes.",
    "Is this really the road to the station?",
    "She opened the window; the smell of rain filled the small kitchen.",
    "Our train leaves at nine fifteen from platform six.",
    "Fresh bread, salted butter, honey: what else could anybody want?",
    "The old engineer explained how the bridge had been repaired after the flood.",
    "Don't touch that switch!",
    "In 1997 about 250 people lived here.",
    "When the music stopped, everyone looked at the empty chair by the door.",
    "Thick fog covered the valley, and the birds were silent.",
    "I think, therefore I am.",
    "Quick brown foxes usually avoid lazy dogs.",
    "The judge asked three short questions before the witness answered.",
    "Zebras graze along the river every evening.",
    "Although it was late, he wrote one more letter to his brother in Chicago.",
    "Good morning, everybody.",
    "You have five new messages.",
)
# What nothing was chosen by.
HELD_OUT = (
    "Welcome.",
    "Good night, my friend.",
    "The garden is full of yellow roses this summer.",
    "Can you hear the difference between these two recordings?",
    "My grandmother kept her recipes in a blue tin box under the stairs.",
    "First we mix the flour with water, then we wait for an hour.",
    "Stop!",
    "It costs 45 dollars and 20 cents.",
    "A sudden gust of wind blew the papers across the square.",
    "Physics, chemistry, biology: each of them has its own language.",
    "The committee will publish its report on Thursday, the 14th of March.",
    "He laughed, shook his head, and walked slowly back to the boat.",
    "Children usually learn to swim faster than their parents do.",
    "What would happen if the river changed its course?",
    "There were 1200 chairs in the hall, and every one of them was taken.",
    "Her voice was calm; her hands were not.",
    "Please turn left at the second traffic light and park behind the church.",
    "The young violinist practised the same passage again and again until midnight.",
    "Everything is possible, but nothing is free.",
    "Somewhere above the clouds a plane was heading west.",
    "We thank you for your patience.",
    "Big ships carry coal, timber, and grain through this narrow channel.",
    "If you speak clearly, the machine understands almost every word.",
    "Take it easy.",
    "This chapter describes how sound becomes a sequence of small numbers.",
    "Two mice chased each other around the dusty attic.",
    "On the third day the snow finally melted, and the pass was open again.",
    "Why not?",
    "Doctors recommend a glass of water before breakfast.",
    "The quiet bookshop at the corner sells maps of cities that no longer exist.",
)


def boundary_errors(
    found: Sequence[Phone], found_rate: int, true: Sequence[Phone], true_rate: int
) -> list[float]:
    """Return how late, in seconds, each edge of a phone was found, where both sides name the same sound.

    The two may write a sound differently (a diphthong as one phone or two): letters are matched, and
    an edge counts where it is one on both sides.
    """
    ours, theirs = list(_edges(found, found_rate)), list(_edges(true, true_rate))
    matcher = difflib.SequenceMatcher(None, [o[0] for o in ours], [t[0] for t in theirs], autojunk=False)
    pairs = (
        (ours[block.a + offset], theirs[block.b + offset])
        for block in matcher.get_matching_blocks()
        for offset in range(block.size)
    )
    return [
        ours_at - theirs_at
        for (_, *ours_edges), (_, *theirs_edges) in pairs
        for ours_at, theirs_at in zip(ours_edges, theirs_edges, strict=True)
        if ours_at is not None and theirs_at is not None
    ]


def _edges(phones: Sequence[Phone], rate: int) -> Iterator[tuple[str, float | None, float | None]]:
    """Every letter of the phones; seconds where its phone begins or ends, if it does there."""
    for phone in phones:
        letters = [c for c in phone.symbol if unicodedata.category(c) in ("Ll", "Lo")]
        for index, letter in enumerate(letters):
            last = index == len(letters) - 1
            yield letter, phone.start / rate if index == 0 else None, phone.stop / rate if last else None
