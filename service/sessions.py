"""Conversations: a script says things as they come to it, a page speaks them.

A session is a list of events that grows. The script adds text, which is cut into chunks as soon as
sentences are whole; the page reads the events, speaks the chunks, and tells how far it is.
"""

import secrets
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias

from voiceover import sentences
from voiceover.chunks import SENTENCE_MARKS
from voiceover.errors import Busy, InvalidRequest, NotFound
from voiceover.types import Chunk

HEARTBEAT = 15.0  # seconds: a watcher hears something at least so often
PATIENCE = 2.5  # seconds after which a sentence that nobody ends is spoken as it is
LITTLE_PATIENCE = 0.6  # the same, where its last mark may well have ended it

Kind: TypeAlias = Literal["chunk", "interrupt", "begun", "ended", "closed"]
Progress: TypeAlias = Literal["begun", "ended"]
Splitter: TypeAlias = Callable[[str, str], list[Chunk]]


@dataclass(frozen=True, slots=True)
class Manner:
    """Who speaks in a session, and how; the names are those of a chunk's request."""

    language: str
    avatar: str
    voice: str
    lips: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a session."""

    id: int
    """From 1, without gaps."""
    kind: Kind
    chunk: Chunk | None = None
    """What is to be spoken; its index counts from the session's beginning."""
    index: int | None = None
    """Which chunk began or ended."""


class Session(ABC):
    """One conversation, wherever it is kept. Safe to share between threads."""

    id: str
    """Hard to guess."""
    manner: Manner

    @property
    @abstractmethod
    def resume(self) -> int:
        """Id of the event after which a page that is opened now goes on."""

    @abstractmethod
    def say(self, text: str, end: bool) -> list[Chunk]:
        """Add text; return what became ready to be spoken.

        Args:
            end: nothing more belongs to the last sentence.

        Raises:
            InvalidRequest: so much text without an end is no sentence.
        """

    @abstractmethod
    def interrupt(self) -> None:
        """Fall silent: what was said so far and is not spoken yet is forgotten."""

    @abstractmethod
    def tell(self, kind: Progress, index: int) -> None:
        """Note how far the page is.

        Raises:
            InvalidRequest: there is no such chunk.
        """

    @abstractmethod
    def news(self, after: int) -> list[Event] | None:
        """Wait for events after one of that id, for a while at most; return those there are.

        None where nobody can wait any longer: this process ends, and another may be asked.
        """

    def watch(self, after: int) -> Iterator[Event | None]:
        """Yield the events after one of that id, now and as they come; None from time to time.

        Args:
            after: 0 for all.
        """
        while (news := self.news(after)) is not None:
            if not news:
                yield None
            for event in news:
                yield event
                if event.kind == "closed":
                    return
            after += len(news)


class Sessions(ABC):
    """Conversations by id, wherever they are kept. Safe to share between threads."""

    @abstractmethod
    def open(self, manner: Manner) -> Session:
        """Begin a session.

        Raises:
            Busy: there are too many.
        """

    @abstractmethod
    def get(self, session_id: str) -> Session:
        """
        Raises:
            NotFound: there is no such session (any more).
        """

    @abstractmethod
    def close(self, session_id: str) -> None:
        """
        Raises:
            NotFound: there is no such session.
        """


class HeldSession(Session):
    """A conversation in this process's memory."""

    def __init__(self, session_id: str, manner: Manner, split: Splitter, most_text: int) -> None:
        self.id = session_id
        self.manner = manner
        self.used = time.monotonic()
        self._split = split
        self._most_text = most_text
        self._pending = ""  # the beginning of a sentence
        self._said = 0.0  # when text last came
        self._places: list[int] = []  # of each chunk's event
        self._resume = 0  # the last event before the first chunk that nobody has begun to speak
        self._events: list[Event] = []
        self._released = False
        self._changed = threading.Condition()

    @property
    def resume(self) -> int:
        return self._resume

    def say(self, text: str, end: bool) -> list[Chunk]:
        with self._changed:
            if len(self._pending) + len(text) > self._most_text:
                raise InvalidRequest(
                    "the text is too long",
                    reason="text-too-long",
                    length=len(self._pending) + len(text),
                    limit=self._most_text,
                )
            self.used = self._said = time.monotonic()
            self._pending += text
            return self._cut(end)

    def interrupt(self) -> None:
        with self._changed:
            self.used = time.monotonic()
            self._pending = ""
            self._add("interrupt")
            self._resume = len(self._events)

    def tell(self, kind: Progress, index: int) -> None:
        with self._changed:
            if index >= len(self._places):
                raise InvalidRequest(f"no chunk {index} in this session", reason="no-such-chunk", index=index)
            self.used = time.monotonic()
            self._resume = max(self._resume, self._places[index])
            self._add(kind, index=index)

    def close(self) -> None:
        """End it for everybody who watches."""
        with self._changed:
            self._add("closed")

    def release(self) -> None:
        """Let go whoever watches; they may come again, to another process."""
        with self._changed:
            self._released = True
            self._changed.notify_all()

    def news(self, after: int) -> list[Event] | None:
        with self._changed:
            self._changed.wait_for(partial(self._has_news, after), self._wait())
            if self._pending.strip() and time.monotonic() >= self._said + self._patience():
                self._cut(end=True)
            self.used = time.monotonic()
            return None if self._released else self._events[after:]

    def _has_news(self, after: int) -> bool:
        return self._released or len(self._events) > after

    def _wait(self) -> float:
        if not self._pending.strip():
            return HEARTBEAT
        return max(0.0, self._said + self._patience() - time.monotonic())

    def _patience(self) -> float:
        return LITTLE_PATIENCE if self._pending.rstrip().endswith(tuple(SENTENCE_MARKS)) else PATIENCE

    def _cut(self, end: bool) -> list[Chunk]:
        """Move whole sentences out of what is pending; the last one only if it can go no further."""
        whole = self._pending if end else _whole_sentences(self._pending, self.manner.language)
        self._pending = self._pending[len(whole) :]
        found = self._split(whole, self.manner.language) if any(c.isalnum() for c in whole) else []
        chunks = [replace(chunk, index=len(self._places) + number) for number, chunk in enumerate(found)]
        for chunk in chunks:
            self._add("chunk", chunk)
            self._places.append(len(self._events))
        return chunks

    def _add(self, kind: Kind, chunk: Chunk | None = None, index: int | None = None) -> None:
        self._events.append(Event(len(self._events) + 1, kind, chunk, index))
        self._changed.notify_all()


class SessionStore(Sessions):
    """Sessions in this process's memory."""

    def __init__(self, split: Splitter, most: int, most_text: int, hours: float) -> None:
        """
        Args:
            split: cuts a text in a language into chunks.
            most: sessions at a time.
            most_text: characters that may wait for the end of a sentence.
            hours: after which a session that nobody uses is forgotten.
        """
        self._split = split
        self._most = most
        self._most_text = most_text
        self._seconds = hours * 3600
        self._sessions: dict[str, HeldSession] = {}
        self._lock = threading.Lock()

    def open(self, manner: Manner) -> HeldSession:
        with self._lock:
            self._expire()
            if len(self._sessions) >= self._most:
                raise Busy(f"there are {self._most} sessions", reason="too-many-sessions", most=self._most)
            session = HeldSession(secrets.token_urlsafe(16), manner, self._split, self._most_text)
            self._sessions[session.id] = session
            return session

    def get(self, session_id: str) -> HeldSession:
        with self._lock:
            self._expire()
            if session_id not in self._sessions:
                raise NotFound(f"no session {session_id!r}", kind="session", name=session_id, choices=[])
            return self._sessions[session_id]

    def close(self, session_id: str) -> None:
        self.get(session_id).close()
        with self._lock:
            self._sessions.pop(session_id, None)

    def release(self) -> None:
        """Let go whoever watches any of them."""
        with self._lock:
            for session in self._sessions.values():
                session.release()

    def _expire(self) -> None:
        for session in list(self._sessions.values()):
            if time.monotonic() - session.used > self._seconds:
                session.close()
                del self._sessions[session.id]


def _whole_sentences(text: str, language: str) -> str:
    """Return the part of a growing text that ends with a sentence which no further text can change.

    Whether a dot ends a sentence is known when the word after it is whole.
    """
    found = list(sentences.split(text, language))
    if not found or text.endswith("\n"):
        return text
    begin = len(text) - len(found[-1])
    if len(found[-1].split(maxsplit=1)) < 2 and not found[-1][-1].isspace():
        begin = text.rindex(found[-2], 0, begin) if len(found) > 1 else 0
    return text[:begin]
