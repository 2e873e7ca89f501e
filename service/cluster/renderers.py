"""The renderers of one front: as many as are needed, and others where some were lost."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import ray
from ray.exceptions import ActorDiedError, ActorUnavailableError, RayError

from service.cluster.link import Link, Lost
from service.cluster.offers import Offer
from service.cluster.renderer import Passed
from service.gate import Gate
from voiceover.errors import Unreachable

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.actor import ActorHandle

log = logging.getLogger(__name__)

ATTEMPTS = 4  # at one clip, each on another machine or by a renderer that came back
PATIENCE = 60.0  # seconds for a renderer to be ready again where the last one was lost
RENEWED = 5.0  # seconds after which a renderer is asked again what it has to offer
PRESSED = 1.0  # seconds without a free place before another renderer is asked for
PASSED = 64  # avatars and recordings that the front keeps in the object store


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many renderers a front may have."""

    least: int
    most: int
    clips: int
    """Clips that each makes at a time."""
    idle: float
    """Seconds after which one that has nothing to do is let go, if there are more than the least."""


@dataclass(eq=False)
class Member:
    """A renderer as its front knows it."""

    actor: "ActorHandle[Any]"
    asked: "ObjectRef[Any] | None" = None
    """The offer that was asked for and has not come yet."""
    offer: Offer | None = None
    """None until it is ready, and again when it was lost."""
    renewed: float = 0.0
    busy: int = 0
    used: float = field(default_factory=time.monotonic)


class Renderers:
    """Safe to share between threads; `tend` and `forget` are called by one of them."""

    def __init__(
        self, link: Link, make: Callable[[], "ActorHandle[Any]"], bounds: Bounds, gate: Gate
    ) -> None:
        """
        Args:
            make: asks the cluster for one more renderer, which is ready later.
            gate: lets in as many as the renderers that are ready can serve.
        """
        self._link = link
        self._make = make
        self._bounds = bounds
        self._gate = gate
        self._members: list[Member] = []
        self._passed: OrderedDict[str, Passed[Any]] = OrderedDict()
        self._offer: Offer | None = None
        self._pressed_since: float | None = None
        self._changed = threading.Condition()

    def count(self) -> int:
        """Return how many are ready."""
        with self._changed:
            return len(self._ready())

    def offer(self) -> Offer:
        """Return what a renderer has to offer; all are taken to be alike.

        Where none is ready it is what was offered last: by that, clips that were kept are found.

        Raises:
            Unreachable: none has ever been ready.
        """
        with self._changed:
            self._offer = next((member.offer for member in self._ready()), self._offer)
            if self._offer is None:
                raise self._unreachable()
            return self._offer

    def lack(self) -> Unreachable | None:
        """Return why nothing can be rendered now, or None: a renderer is ready."""
        return None if self.count() else self._unreachable()

    def ask(self, method: str, *arguments: object) -> Any:
        """Return what a renderer answers; if it is lost meanwhile, another one is asked.

        Raises:
            VoiceoverError: its own answer, or `Unreachable`.
        """
        for _ in range(ATTEMPTS):
            try:
                with self._lease() as member:
                    return self._link.result(partial(getattr(member.actor, method).remote, *arguments))
            except Lost as exc:
                log.warning("a renderer was lost: %s", exc)
        raise Unreachable("renderers are lost again and again")

    def stream(self, method: str, *arguments: object) -> Generator[Any, None, None]:
        """Yield what a renderer yields; if it is lost meanwhile, another one goes on where it was.

        The method's last argument, given here, is how many of its results its asker has.

        Raises:
            VoiceoverError: its own answer, or `Unreachable`.
        """
        received = 0
        for _ in range(ATTEMPTS):
            try:
                with self._lease() as member:
                    call = getattr(member.actor, method).options(num_returns="streaming")
                    for result in self._link.results(partial(call.remote, *arguments, received)):
                        received += 1
                        yield result
                return
            except Lost as exc:
                log.warning("a renderer was lost after %d pieces: %s", received, exc)
        raise Unreachable("renderers are lost again and again")

    def passed(self, digest: str, value: object) -> Passed[Any]:
        """Return a value as it is passed to renderers: it goes to the object store when first needed."""
        with self._changed:
            if digest in self._passed:
                self._passed.move_to_end(digest)
                return self._passed[digest]
        passed: Passed[Any] = Passed(digest, self._link.put(value))  # unlocked: it may take a while
        with self._changed:
            self._passed[digest] = passed
            if len(self._passed) > PASSED:
                self._passed.popitem(last=False)
        return passed

    def tend(self) -> None:
        """Look after all: who became ready, who is lost, whether more are needed or fewer."""
        now = time.monotonic()
        for member in list(self._members):
            self._look_at(member, now)
        with self._changed:
            self._grow(now)
            self._shrink(now)
            self._gate.resize(len(self._ready()) * self._bounds.clips)

    def forget(self) -> None:
        """Know of none any more: the cluster is lost, and they with it."""
        with self._changed:
            self._members.clear()
            self._passed.clear()
            self._gate.resize(0)
            self._changed.notify_all()

    def _unreachable(self) -> Unreachable:
        if not self._link.reached:
            return Unreachable("the cluster is not reached")
        return Unreachable("no renderer is ready yet", reason="cluster-starting")

    @contextmanager
    def _lease(self) -> Iterator[Member]:
        """Take the renderer that has least to do; wait for a while where all were just lost."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._ready() or not self._link.reached, PATIENCE):
                raise Unreachable("no renderer is ready", reason="cluster-starting")
            if not self._link.reached:
                raise Unreachable("the cluster is not reached")
            member = min(self._ready(), key=lambda member: member.busy)
            member.busy += 1
        try:
            yield member
        except Lost:
            self._doubt(member)
            raise
        finally:
            with self._changed:
                member.busy -= 1
                member.used = time.monotonic()

    def _doubt(self, lost: Member) -> None:
        """Take nobody on the machine of a lost renderer for ready until it was asked again."""
        with self._changed:
            machine = lost.offer.machine if lost.offer else None
            for member in self._members:
                if member is lost or (member.offer and member.offer.machine == machine):
                    member.offer = None

    def _ready(self) -> list[Member]:
        return [member for member in self._members if member.offer]

    def _look_at(self, member: Member, now: float) -> None:
        """Ask for its offer from time to time; one that was lost is begun again by Ray, and then answers."""
        if member.asked is None:
            if member.offer is None or now - member.renewed > RENEWED:
                member.asked, member.renewed = member.actor.offer.remote(), now
            return
        if not ray.wait([member.asked], timeout=0)[0]:
            return
        asked, member.asked = member.asked, None
        try:
            offer = ray.get(asked)
        except ActorUnavailableError:
            offer = None
        except ActorDiedError as exc:
            log.error("a renderer cannot work: %s", exc)
            with self._changed:
                self._members.remove(member)
            return
        except RayError as exc:
            log.error("a renderer has nothing to offer: %s", exc)
            offer = None
        with self._changed:
            member.offer = offer
            self._changed.notify_all()

    def _grow(self, now: float) -> None:
        if not self._gate.full():
            self._pressed_since = None
        elif self._pressed_since is None:
            self._pressed_since = now
        pressed = self._pressed_since is not None and now - self._pressed_since >= PRESSED
        starting = len(self._members) - len(self._ready())
        wanted = max(self._bounds.least, len(self._members) + (1 if pressed and not starting else 0))
        while len(self._members) < min(wanted, self._bounds.most):
            self._members.append(Member(self._make()))
            self._pressed_since = None

    def _shrink(self, now: float) -> None:
        idle = [m for m in self._members if not m.busy and now - m.used > self._bounds.idle]
        for member in idle[: max(0, len(self._members) - self._bounds.least)]:
            self._members.remove(member)
            ray.kill(member.actor)
