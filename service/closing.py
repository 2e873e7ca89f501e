"""The end of a serving process: what is being answered is answered, nothing new begins."""

import threading
from collections.abc import Callable

from voiceover.errors import Busy

ANOTHER = 5  # seconds after which another server may be there


class Closing:
    """Knows what is being answered. Safe to share between threads."""

    def __init__(self) -> None:
        self.begun = False
        """Whether nothing new is to begin."""
        self._answering: set[object] = set()
        self._changed = threading.Condition()
        self._lasts: list[Callable[[], None]] = []

    def enter(self) -> Callable[[], None]:
        """Count an answer that begins; return what is to be called when nobody need wait for it any more."""
        answer = object()

        def leave() -> None:
            with self._changed:
                self._answering.discard(answer)
                self._changed.notify_all()

        with self._changed:
            self._answering.add(answer)
        return leave

    def refusal(self) -> Busy:
        """Return what is told to those for whom nothing begins any more."""
        return Busy("the server is stopping", reason="stopping", retry_after=ANOTHER)

    def last(self, act: Callable[[], None]) -> None:
        """Have something done when all is answered."""
        self._lasts.append(act)

    def close(self, patience: float) -> bool:
        """Let nothing new begin, wait for what has begun, do what is to be done last.

        Args:
            patience: seconds to wait at most.

        Returns:
            Whether all that had begun was answered.
        """
        self.begun = True
        with self._changed:
            answered = self._changed.wait_for(lambda: not self._answering, patience)
        for act in self._lasts:
            act()
        return answered
