"""Keys to a server that others can reach; it knows only their sums."""

import hashlib
import hmac
import secrets
import threading
import time

import click

WINDOW = 60.0  # seconds


class Keys:
    """Who holds a key, and how much each has asked. Safe to share between threads."""

    def __init__(self, sums: list[str], most: int) -> None:
        """
        Args:
            sums: sha256 of each key, in hexadecimal digits; without any, everybody may come in.
            most: requests that each key is good for in a minute.
        """
        self._sums = sums
        self._most = most
        self._lock = threading.Lock()
        self._asked: dict[str, tuple[float, int]] = {}  # sum → when its minute began, requests since

    @property
    def needed(self) -> bool:
        return bool(self._sums)

    def recognise(self, key: str) -> str | None:
        """Return the sum of a key that is known, else None."""
        digest = sum_of(key)
        return next((known for known in self._sums if hmac.compare_digest(known, digest)), None)

    def allows(self, known: str) -> bool:
        """Count a request; return whether its key is still good for it."""
        now = time.monotonic()
        with self._lock:
            begun, asked = self._asked.get(known, (now, 0))
            if now - begun >= WINDOW:
                begun, asked = now, 0
            self._asked[known] = begun, asked + 1
        return asked < self._most


def sum_of(key: str) -> str:
    """Return what the server knows of a key. Keys are long and random: a plain sum gives nothing away."""
    return hashlib.sha256(key.encode()).hexdigest()


@click.command()
def key() -> None:
    """Make a key: the first line is for whoever gets it, the second for VOICEOVER_API_KEYS."""
    made = secrets.token_urlsafe(32)
    click.echo(f"{made}\n{sum_of(made)}")
