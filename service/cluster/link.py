"""This process's connection to a Ray cluster: made, watched, ended, and made again."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from voiceover.errors import Unreachable, VoiceoverError

# A process that has lost its cluster is otherwise ended by Ray after a minute: a front waits for another.
os.environ.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", "1000000")

import ray
from ray.exceptions import RayError, RayTaskError

log = logging.getLogger(__name__)

NAMESPACE = "voiceover"
TICK = 0.5  # seconds between two looks at whether there still is a cluster
KNOCK = 2.0  # seconds for a machine to answer
LIMIT = 90.0  # seconds for an answer, or for its next piece
FAREWELL = 10.0  # seconds that calls have to notice that the cluster is lost


class Lost(Exception):
    """Who was asked is gone: somebody else may be asked the same."""


class Link:
    """One for a process, as Ray has it. Safe to share between threads; one of them opens and drops it."""

    def __init__(self, address: str) -> None:
        """
        Args:
            address: "host:port" of the cluster's head, or "auto": the cluster that this machine is part of.
        """
        self.address = address
        self._reached = False
        self._calls = 0
        self._changed = threading.Condition()

    @property
    def reached(self) -> bool:
        return self._reached

    def open(self) -> bool:
        """Try to connect; return whether that worked. This machine must be part of the cluster."""
        if self.address != "auto" and not _answers(self.address):
            return False  # Ray itself would wait for it for minutes
        try:
            ray.init(self.address, namespace=NAMESPACE, log_to_driver=False, logging_level=logging.ERROR)
        except (RayError, ConnectionError, RuntimeError, ValueError) as exc:
            log.warning("the cluster %s is not reached: %s", self.address, exc)
            ray.shutdown()
            return False
        self._reached = True
        log.info("the cluster %s is reached", self.address)
        return True

    def holds(self) -> bool:
        """Return whether the cluster answers and this machine is still part of it."""
        context = ray.get_runtime_context()
        if not _answers(context.gcs_address):
            return False
        nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
        return any(node["Alive"] and node["NodeID"] == context.get_node_id() for node in nodes)

    def drop(self) -> None:
        """End the connection, and every call that waits."""
        with self._changed:
            self._reached = False
            self._changed.wait_for(lambda: self._calls == 0, FAREWELL)
        ray.shutdown()

    def put(self, value: object) -> "ray.ObjectRef[Any]":
        """Give a value to the cluster; it is kept on this machine for as long as it is referred to here.

        Raises:
            Unreachable: there is no connection, or no room.
        """
        try:
            with self.call():
                return ray.put(value)
        except Lost as exc:
            raise Unreachable(f"the object store takes nothing: {exc}") from exc

    def result(self, ask: Callable[[], "ray.ObjectRef[Any]"]) -> Any:
        """Ask and wait for the answer.

        Raises:
            VoiceoverError: what it was answered with; `Unreachable` when the cluster is lost meanwhile.
            Lost: who was asked is gone, or does not answer.
        """
        with self.call():
            reference = ask()
            self._await(reference)
            return ray.get(reference)

    def results(self, ask: Callable[[], "ray.ObjectRefGenerator[Any]"]) -> Generator[Any, None, None]:
        """Ask and yield what is answered as it comes; closing this ends the work. Raises as `result` does."""
        with self.call():
            generator = ask()
        try:
            while True:
                with self.call():
                    self._await(generator)
                    reference = next(generator, None)
                    if reference is None:
                        return
                    answer = ray.get(reference)
                yield answer
        except (GeneratorExit, Lost):
            with suppress(Lost, Unreachable), self.call():
                ray.cancel(generator)
            raise

    def _await(self, answer: "ray.ObjectRef[Any] | ray.ObjectRefGenerator[Any]") -> None:
        deadline = time.monotonic() + LIMIT
        while not ray.wait([answer], timeout=TICK)[0]:
            if not self._reached:
                raise Unreachable("the cluster was lost")
            if time.monotonic() > deadline:
                raise Lost(f"no answer in {LIMIT:.0f} s")

    @contextmanager
    def call(self) -> Iterator[None]:
        """Keep the connection while something is asked; what Ray raises becomes ours.

        Raises:
            Unreachable: there is no connection.
            Lost: who was asked is gone.
        """
        with self._changed:
            if not self._reached:
                raise Unreachable(f"the cluster {self.address} is not reached")
            self._calls += 1
        try:
            yield
        except RayTaskError as exc:
            cause = exc.cause
            if isinstance(cause, VoiceoverError):
                raise cause from exc
            if isinstance(cause, RayError):
                raise Lost(str(cause)) from exc
            raise
        except RayError as exc:
            raise Lost(str(exc)) from exc
        finally:
            with self._changed:
                self._calls -= 1
                self._changed.notify_all()


def remote(kind: Callable[..., object], **options: object) -> Any:
    """Return an actor's class, or a task's function, as a cluster runs it (Ray's types know no options)."""
    made: Any = ray.remote(kind)
    return made.options(**options)


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), KNOCK):
            return True
    except (OSError, ValueError):
        return False
