"""What every lip-sync engine is to the rest of the program."""

from collections.abc import Iterator
from typing import Protocol

from voiceover.types import Avatar, Frame, Speech


class LipEngine(Protocol):
    """Draws speech onto an avatar's mouth.

    Engines are shared by all requests: both methods must be safe to call from several threads.
    """

    name: str

    def prepare(self, avatar: Avatar) -> None:
        """Do once what every later clip of this avatar needs. Cheap when already done.

        Raises:
            FaceNotFound: the avatar has no face this engine can draw on.
        """
        ...

    def frames(self, avatar: Avatar, speech: Speech, start_frame: int = 0) -> Iterator[Frame]:
        """Yield `speech.frames` pictures, uint8 `(height, width, 3)` BGR of the avatar's size.

        Frame i is drawn on the avatar's own frame `start_frame + i` (a photo has one), at rest
        where the speech is silent (in its speaking posture where it follows other speech or
        continues), and differs from it only where the mouth is. A pure function:
        equal arguments give equal pictures. Head motion and blinks are added later, by
        `voiceover.idle`. The caller owns the yielded array.
        """
        ...
