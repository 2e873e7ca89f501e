"""Limits that the system sets to a child process which reads what somebody sent."""

import resource
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may take. The system ends one that wants more."""

    memory: int
    """Bytes of addresses; an allocation beyond them fails."""
    seconds: int
    """Of processor time, of all cores together."""
    written: int
    """Bytes of any file that it writes; pipes are not counted."""


def confine(process: int, limits: Limits) -> None:
    """Limit a process that has just been started; it leaves no core dump, either.

    This is done from outside, because nothing may run between fork and exec where there are threads. What the
    process does in its first moment is not kept from it, but counts. Linux alone can do this.
    """
    if not hasattr(resource, "prlimit"):
        return
    wanted = {
        resource.RLIMIT_AS: limits.memory,
        resource.RLIMIT_CPU: limits.seconds,
        resource.RLIMIT_FSIZE: limits.written,
        resource.RLIMIT_CORE: 0,
    }
    with suppress(ProcessLookupError):  # it has ended already
        for kind, most in wanted.items():
            _, hard = resource.prlimit(process, kind)
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.prlimit(process, kind, (allowed, allowed))
