"""Who may render now: so many at a time, and in turns, so that who asks for much keeps nobody waiting."""

import math
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from voiceover.errors import Busy, Gone

HEAD_START = 8
"""Turns by which a first chunk goes before its place in the line: its viewer sees nothing yet."""
LONGEST = 30.0  # seconds: who holds a place longer fetches slowly and works little, so it counts no more
ATTENTION = 0.25  # seconds after which it is looked whether a viewer is still there
EXPECTED = 1.0  # seconds that a place is held, before any was given back
WEIGHT = 0.2  # of the latest place in that expectation
LONGEST_DELAY = 30  # seconds after which those who are turned away are asked to come again, at most
REMEMBERED = 1000  # viewers whose last turns are known


@dataclass(eq=False)
class Place:
    """Somebody's place, at first in the line."""

    viewer: str
    first: bool
    film: bool
    entered: float | None = None
    """When it was let in, on the gate's clock; None while it waits."""


@dataclass(eq=False)
class Gate:
    """Lets in so many at a time. Safe to share between threads.

    Live speech goes before films. Of live speech, whoever has fewest places now goes first, then whoever
    was let in longest ago; first chunks go some turns before that.
    """

    places: int
    """How many render at a time."""
    patience: float
    """Seconds that live speech may have to wait."""
    clock: Callable[[], float] = time.monotonic
    _line: list[Place] = field(default_factory=list)
    _inside: set[Place] = field(default_factory=set)
    _turns: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _turn: int = 0
    _held: float = EXPECTED
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def enter(self, viewer: str, first: bool = False, has_gone: Callable[[], bool] = lambda: False) -> Place:
        """Wait for a place for live speech; it must be given back with `leave`.

        Args:
            viewer: with whom turns are taken.
            first: whether the viewer has nothing to see before this.
            has_gone: whether the viewer does not wait any more; asked from time to time.

        Raises:
            Busy: the wait would be longer than the gate's patience; known at once, as far as it can be.
            Gone: the viewer has gone.
        """
        place = Place(viewer, first, film=False)
        with self._changed:
            wait = self._expected_wait(viewer)
            if wait > self.patience:
                raise self._busy(wait)
            self._line_up(place)
            deadline = time.monotonic() + self.patience
            while not self._changed.wait_for(lambda: place.entered is not None, ATTENTION):
                if has_gone():
                    self._line.remove(place)
                    raise Gone("a viewer left the line")
                if time.monotonic() > deadline:
                    self._line.remove(place)
                    raise self._busy(self.patience)
        return place

    def leave(self, place: Place) -> None:
        """Give a place back; one that was given back already is no matter."""
        with self._changed:
            if place in self._inside and place.entered is not None:
                self._inside.remove(place)
                if not place.film:
                    self._held += WEIGHT * (self.clock() - place.entered - self._held)
                self._let_in()

    def hold(self, place: Place, data: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
        """Yield what is made in a place, and give the place back when it is made."""
        try:
            with closing(data):
                yield from data
        finally:
            self.leave(place)

    @contextmanager
    def film(self) -> Iterator[Callable[[], None]]:
        """Wait, however long, for a place for a film; yields what the film has to call before each step.

        There it steps aside as long as anybody waits to speak.
        """
        place = self._film_place()

        def step_aside() -> None:
            nonlocal place
            if self.waiting():
                self.leave(place)
                place = self._film_place()

        try:
            yield step_aside
        finally:
            self.leave(place)

    def resize(self, places: int) -> None:
        """Let in so many at a time from now on; nobody who is inside has to leave."""
        with self._changed:
            self.places = places
            self._let_in()

    def full(self) -> bool:
        """Return whether whoever comes now has to wait."""
        with self._changed:
            return self._taken() >= self.places

    def waiting(self) -> int:
        """Return how many wait to speak."""
        with self._changed:
            return sum(not place.film for place in self._line)

    def _film_place(self) -> Place:
        place = Place("", first=False, film=True)
        with self._changed:
            self._line_up(place)
            self._changed.wait_for(lambda: place.entered is not None)
        return place

    def _line_up(self, place: Place) -> None:
        self._turns.setdefault(place.viewer, self._turn - 1)  # before who was just let in
        if len(self._turns) > REMEMBERED:
            self._turns.popitem(last=False)
        self._line.append(place)
        self._let_in()

    def _let_in(self) -> None:
        while self._line and self._taken() < self.places:
            place = min(self._line, key=self._precedence)
            self._line.remove(place)
            place.entered = self.clock()
            self._inside.add(place)
            self._turn += 1
            self._turns[place.viewer] = self._turn
            self._turns.move_to_end(place.viewer)
        self._changed.notify_all()

    def _precedence(self, place: Place) -> tuple[bool, int, int]:
        held = sum(other.viewer == place.viewer for other in self._inside)
        return place.film, held, self._turns.get(place.viewer, 0) - HEAD_START * place.first

    def _taken(self) -> int:
        now = self.clock()
        return sum(
            place.film or (place.entered is not None and now - place.entered < LONGEST)
            for place in self._inside
        )

    def _expected_wait(self, viewer: str) -> float:
        """Seconds until a new one of this viewer is let in, when all take turns."""
        if self._taken() < self.places:
            return 0.0
        lengths = Counter(place.viewer for place in self._line if not place.film)
        own = lengths.pop(viewer, 0)
        before = own + sum(min(length, own + 1) for length in lengths.values())
        return (before + 1) * self._held / max(self.places, 1)

    def _busy(self, wait: float) -> Busy:
        delay = min(LONGEST_DELAY, max(1, math.ceil(wait)))
        return Busy(f"{len(self._line)} wait to be rendered", retry_after=delay)
