"""A registry: engines by name, loaded late, once, and shared. The one door for every engine."""

import threading
from collections.abc import Callable, Mapping
from typing import Generic, TypeAlias, TypeVar

from voiceover.errors import EngineUnavailable, NotFound

AUTO = "auto"
"""The name by which whatever is best here is asked for."""

E = TypeVar("E")

Doubt: TypeAlias = Callable[[str], EngineUnavailable | None]
"""Says why an engine of that name should not be used unless it is asked for; None: nothing is against it."""


class Registry(Generic[E]):
    """Engines of one kind in order of preference. Safe to share between threads."""

    def __init__(
        self,
        kind: str,
        makers: Mapping[str, Callable[[], E]],
        objection: Callable[[E], EngineUnavailable | None] = lambda _: None,
        doubt: Doubt = lambda _: None,
    ) -> None:
        """
        Args:
            kind: what people call it, such as "lips".
            makers: name → what makes the engine or raises `EngineUnavailable`; best first.
            objection: says why an engine that works should not be used unless it is asked for by name.
            doubt: says the same of an engine's name, for which it need not be loaded.
        """
        self._kind = kind
        self._makers = dict(makers)
        self._objection = objection
        self._doubt = doubt
        self._engines: dict[str, E] = {}
        self._locks = {name: threading.Lock() for name in makers}

    def names(self) -> list[str]:
        return list(self._makers)

    def get(self, name: str) -> E:
        """Return an engine, loading it when first asked for.

        Raises:
            NotFound: there is no engine of that name.
            EngineUnavailable: it cannot work here.
        """
        if name not in self._makers:
            raise NotFound(
                f"no {self._kind} engine {name!r}", kind=self._kind, name=name, choices=self.names()
            )
        with self._locks[name]:
            if name not in self._engines:
                self._engines[name] = self._makers[name]()
            return self._engines[name]

    def loaded(self) -> list[E]:
        """Return the engines that somebody has asked for."""
        return list(self._engines.values())

    def missing(self, name: str) -> EngineUnavailable | None:
        """Try an engine; return why it cannot work here, or None when it can."""
        try:
            self.get(name)
        except EngineUnavailable as exc:
            return exc
        return None

    def working(self) -> list[E]:
        """Return the engines that work here, best first."""
        return [self.get(name) for name in self._makers if self.missing(name) is None]

    def doubt(self, name: str) -> EngineUnavailable | None:
        """Return what speaks against an engine of that name whether or not it works here, or None."""
        return self._doubt(name)

    def objection(self, name: str) -> EngineUnavailable | None:
        """Return why `AUTO` passes over an engine, or None: it cannot work here, or it should not."""
        return self._doubt(name) or self.missing(name) or self._objection(self.get(name))

    def best(self) -> E:
        """Return the first engine that works and that nothing speaks against.

        Raises:
            EngineUnavailable: there is none.
        """
        for name in self._makers:
            if self.objection(name) is None:
                return self.get(name)
        reasons = "; ".join(f"{name}: {self.objection(name)}" for name in self._makers)
        raise EngineUnavailable(f"no {self._kind} engine works: {reasons}", engine=self._kind)
