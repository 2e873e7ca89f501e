"""A video on its way to becoming an avatar, in a thread of its own."""

import logging
import threading
from collections.abc import Callable

from voiceover.errors import VoiceoverError

log = logging.getLogger(__name__)

_ONE_AT_A_TIME = threading.Semaphore(1)
"""Looking for faces takes all there is of a small machine; speech goes on beside one of them."""


class _Cancelled(Exception):
    """Raised into work that nobody wants any more."""


class Preparation:
    """Work whose progress can be watched. Safe to share between threads."""

    def __init__(self, avatar_id: str, work: Callable[[Callable[[float], None]], None]) -> None:
        """
        Args:
            work: called once in the preparation's thread, with a function that takes the share done.
        """
        self.id = avatar_id
        self.share = 0.0
        self.error: VoiceoverError | None = None
        self._cancelled = False
        self._work = work
        self._thread = threading.Thread(target=self._run, name="prepare-video", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Stop the work soon and wait for that."""
        self._cancelled = True
        self._thread.join()

    def wait(self) -> None:
        self._thread.join()

    def _report(self, share: float) -> None:
        if self._cancelled:
            raise _Cancelled
        self.share = share

    def _run(self) -> None:
        with _ONE_AT_A_TIME:
            try:
                self._work(self._report)
            except _Cancelled:
                self.error = VoiceoverError("cancelled", reason="preparation-cancelled")
            except VoiceoverError as exc:
                self.error = exc
            except Exception as exc:
                log.exception("a video could not be prepared")
                self.error = VoiceoverError(str(exc))
