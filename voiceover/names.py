"""Names that people give to voices and avatars."""

import unicodedata

from voiceover.errors import InvalidRequest

LONGEST_NAME = 60  # characters


def one_line(name: str) -> str:
    """Return a name as it may be shown: no control, no invisible and no direction-changing characters.

    Raises:
        InvalidRequest: nothing is left of it, or it is too long.
    """
    kept = "".join(
        c if unicodedata.category(c)[0] != "C" else " " for c in unicodedata.normalize("NFC", name)
    )
    line = " ".join(kept.split())
    if not line or len(line) > LONGEST_NAME:
        raise InvalidRequest("this is no name", reason="bad-name", limit=LONGEST_NAME)
    return line
