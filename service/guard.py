"""A voice's engine, kept from harming others: it is waited for only so long, and raises nothing foreign."""

import contextvars
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TypeVar

from tts.base import CloningEngine, PacedEngine, SpeechEngine, StreamingEngine, Voice
from voiceover.errors import EngineUnavailable, SynthesisError, VoiceoverError
from voiceover.types import Speech, SpeechSoFar

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for a sentence; a model that speaks for the first time is loaded in them."""


class Guarded:
    """A speech engine, of the kinds in `tts.base` that the one behind it is. Safe to share between threads.

    A call into a library cannot be ended from outside. So each has a thread of its own that is waited for.
    One that does not come back in time means that the engine hangs; until it does come back, all that is
    asked of the engine is refused at once, and its voices have a fault, so that others are chosen.
    """

    def __init__(self, engine: SpeechEngine, patience: float = PATIENCE) -> None:
        """
        Args:
            patience: seconds that a call may take, its wait for other calls included.
        """
        self.name = engine.name
        self._engine = engine
        self._paced = engine if isinstance(engine, PacedEngine) else None
        self._patience = patience
        self._late: set[int] = set()  # identities of calls that are not back yet
        self._lock = threading.Lock()

    @property
    def fault(self) -> EngineUnavailable | None:
        """Why nothing can be asked of it now; None where it can."""
        return self._hangs() if self._late else None

    def voices(self) -> Sequence[Voice]:
        voices, fault = self._engine.voices(), self.fault
        return [replace(voice, fault=voice.fault or fault) for voice in voices] if fault else voices

    def synthesize(self, text: str, voice: Voice, seed: int = 0) -> Speech:
        """Speak a text; see `tts.base`.

        Raises:
            SynthesisError: the voice cannot speak this text.
            EngineUnavailable: the engine hangs.
        """
        return self._soon(partial(self._engine.synthesize, text, voice, seed), voice)

    def cloned_languages(self) -> Sequence[str]:
        engine = self._engine
        return engine.cloned_languages() if isinstance(engine, CloningEngine) and not self._late else ()

    def pace(self, voice: Voice) -> float | None:
        return self._paced.pace(voice) if self._paced else None

    def streams(self, voice: Voice) -> bool:
        return isinstance(self._engine, StreamingEngine) and self._engine.streams(voice)

    def stream(self, text: str, voice: Voice, seed: int = 0) -> Iterator[SpeechSoFar]:
        """Yield a speech as it grows; see `tts.base`. Each piece is waited for.

        Raises:
            SynthesisError, EngineUnavailable: as `synthesize`.
        """
        assert isinstance(self._engine, StreamingEngine)
        pieces = self._engine.stream(text, voice, seed)
        try:
            while piece := self._soon(partial(next, pieces, None), voice):
                yield piece
        finally:
            with suppress(ValueError, AttributeError):  # it hangs; it has nothing to close
                pieces.close()  # type: ignore[attr-defined]

    def _soon(self, call: Callable[[], T], voice: Voice) -> T:
        if fault := self.fault:
            raise fault
        answer: Future[T] = Future()
        # What is logged in there belongs to the same request.
        work = partial(contextvars.copy_context().run, self._answer, call, answer)
        threading.Thread(target=work, name=f"speak-{self.name}", daemon=True).start()
        wait([answer], self._patience)
        if self._is_late(answer):
            raise self._hangs()
        try:
            return answer.result()
        except VoiceoverError:
            raise
        except Exception as exc:
            raise SynthesisError(f"{self.name} failed ({type(exc).__name__})", voice=voice.id) from exc

    def _hangs(self) -> EngineUnavailable:
        message = f"nothing came of it for {self._patience:g} s"
        return EngineUnavailable(message, engine=self.name, reason="engine-hangs")

    def _is_late(self, answer: Future[T]) -> bool:
        with self._lock:
            if answer.done():
                return False
            self._late.add(id(answer))
        log.error("%s hangs: nothing came of it for %g s", self.name, self._patience)
        return True

    def _answer(self, call: Callable[[], T], answer: Future[T]) -> None:
        try:
            answer.set_result(call())
        except BaseException as exc:  # carried over to who waits
            answer.set_exception(exc)
        with self._lock:
            late = id(answer) in self._late
            self._late.discard(id(answer))
        if late:
            log.warning("%s has come back", self.name)
