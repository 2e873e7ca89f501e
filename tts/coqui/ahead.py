"""Making what another thread takes, without waiting for it."""

import threading
from collections.abc import Generator, Iterator
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Generator[T, None, None]) -> Iterator[T]:
    """Yield items that a thread of its own makes as fast as it can.

    Whoever takes them slowly holds up nobody; whoever stops taking them ends the work at the next item.
    What making them raises is raised here.
    """
    made: SimpleQueue[tuple[T] | Exception | None] = SimpleQueue()
    unwanted = threading.Event()

    def make() -> None:
        try:
            for item in items:
                made.put((item,))
                if unwanted.is_set():
                    break
            made.put(None)
        except Exception as exc:  # carried over to who takes them
            made.put(exc)
        finally:
            items.close()

    threading.Thread(target=make, name="ahead", daemon=True).start()
    try:
        while (item := made.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item[0]
    finally:
        unwanted.set()
