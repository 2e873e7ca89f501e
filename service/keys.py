"""Keys to a server that others can reach; it knows only their sums."""

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict

import click

WINDOW = 60.0  # seconds
WRONG = 20  # keys that an address may try in a minute
REMEMBERED = 10_000  # addresses and keys that are counted at a time
UNTOLD = frozenset({"127.0.0.1", "::1"})
"""Addresses of a proxy on this machine, behind which there may be anybody: see VOICEOVER_PROXIES."""


class Allowance:
    """How often each of many may do something in a minute. Safe to share between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._used: OrderedDict[str, tuple[float, int]] = OrderedDict()  # when its minute began, times since

    def has_more(self, name: str) -> bool:
        """Whether there is something left of an allowance."""
        with self._lock:
            return self._minute(name)[1] < self._most

    def use(self, name: str) -> bool:
        """Use it once; return whether there was something left."""
        with self._lock:
            begun, times = self._minute(name)
            self._used[name] = begun, times + 1
            if len(self._used) > REMEMBERED:
                self._used.popitem(last=False)
        return times < self._most

    def _minute(self, name: str) -> tuple[float, int]:
        now = time.monotonic()
        begun, times = self._used.get(name, (now, 0))
        return (now, 0) if now - begun >= WINDOW else (begun, times)


class Keys:
    """Who holds a key, how much each has asked, and who only tries. Safe to share between threads."""

    def __init__(self, sums: list[str], most: int) -> None:
        """
        Args:
            sums: sha256 of each key, in hexadecimal digits; without any, everybody may come in.
            most: requests that each key is good for in a minute.
        """
        self._sums = sums
        self._requests = Allowance(most)
        self._wrong = Allowance(WRONG)

    @property
    def needed(self) -> bool:
        return bool(self._sums)

    def recognise(self, key: str) -> str | None:
        """Return the sum of a key that is known, else None."""
        digest = sum_of(key)
        return next((known for known in self._sums if hmac.compare_digest(known, digest)), None)

    def allows(self, known: str) -> bool:
        """Count a request; return whether its key is still good for it."""
        return self._requests.use(known)

    def count_wrong(self, address: str) -> None:
        """Remember that somebody showed a key that is none."""
        if address not in UNTOLD:
            self._wrong.use(address)

    def distrusts(self, address: str) -> bool:
        """Whether so many wrong keys came from an address that none is looked at for a while."""
        return not self._wrong.has_more(address)


def sum_of(key: str) -> str:
    """Return what the server knows of a key. Keys are long and random: a plain sum gives nothing away."""
    return hashlib.sha256(key.encode()).hexdigest()


@click.command()
def key() -> None:
    """Make a key: the first line is for whoever gets it, the second for VOICEOVER_API_KEYS."""
    made = secrets.token_urlsafe(32)
    click.echo(f"{made}\n{sum_of(made)}")
