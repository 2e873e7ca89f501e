"""What all fronts of a cluster share: films and conversations, each kept by an actor that outlives fronts."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray

from service.cluster.filming import pipeline_of, shoot_on_cluster
from service.cluster.link import Link, Lost, remote
from service.film import FilmRequest
from service.jobs import Job, Jobs, JobStore
from service.sessions import Event, Manner, Progress, Session, Sessions, SessionStore
from service.settings import Settings
from voiceover.errors import NotFound, Unreachable
from voiceover.types import Chunk

if TYPE_CHECKING:
    from ray.actor import ActorHandle

SPARE = 64  # calls that an actor answers beside those of watchers, of whom each holds one

HEAD = "node:__internal_head__"
"""What the machine of the cluster's head has: without it there is no cluster, other machines come and go."""


class FilmKeeper(JobStore):
    """An actor: has films made one after another, into the folder that all fronts share."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            settings.data / "jobs",
            partial(shoot_on_cluster, settings),
            settings.max_waiting,
            settings.max_films,
            settings.max_film_bytes,
            settings.film_hours,
        )
        self.recover()


class SessionKeeper:
    """An actor: holds the conversations of all fronts in memory."""

    def __init__(self, settings: Settings) -> None:
        self._store = SessionStore(
            pipeline_of(settings).split, settings.max_sessions, settings.max_text, settings.session_hours
        )

    def open(self, manner: Manner) -> str:
        return self._store.open(manner).id

    def look(self, session_id: str) -> tuple[Manner, int]:
        """Return who speaks in a session, and after which event a page goes on."""
        session = self._store.get(session_id)
        return session.manner, session.resume

    def close(self, session_id: str) -> None:
        self._store.close(session_id)

    def say(self, session_id: str, text: str, end: bool) -> list[Chunk]:
        return self._store.get(session_id).say(text, end)

    def interrupt(self, session_id: str) -> None:
        self._store.get(session_id).interrupt()

    def tell(self, session_id: str, kind: Progress, index: int) -> None:
        self._store.get(session_id).tell(kind, index)

    def news(self, session_id: str, after: int) -> list[Event] | None:
        return self._store.get(session_id).news(after)


class Keeper:
    """A named actor of the cluster, begun by the front that first asks. Safe to share between threads."""

    def __init__(self, link: Link, name: str, begin: Callable[[], "ActorHandle[Any]"]) -> None:
        """
        Args:
            begin: returns the actor of that name, made when there is none.
        """
        self._link = link
        self._name = name
        self._begin = begin

    def ask(self, method: str, *arguments: object) -> Any:
        """Return what the actor answers.

        Raises:
            VoiceoverError: its own answer, or `Unreachable`.
        """
        try:
            return self._link.result(lambda: getattr(self._begin(), method).remote(*arguments))
        except Lost as exc:
            raise Unreachable(f"the keeper of {self._name} is lost: {exc}") from exc

    def has_begun(self) -> bool:
        """Return whether there is such an actor.

        Raises:
            Unreachable: nobody can tell.
        """
        with self._link.call():
            try:
                ray.get_actor(self._name)
            except ValueError:
                return False
            return True


class SharedJobs(Jobs):
    """The films of all fronts."""

    def __init__(self, keeper: Keeper, folder: Path) -> None:
        self.folder = folder
        self._keeper = keeper

    def add(self, request: FilmRequest) -> Job:
        job: Job = self._keeper.ask("add", request)
        return job

    def get(self, job_id: str) -> Job:
        job: Job = self._keeper.ask("get", job_id)
        return job

    def changed(self, job_id: str, seen: Job | None) -> Job | None:
        job: Job | None = self._keeper.ask("changed", job_id, seen)
        return job

    def remove(self, job_id: str) -> None:
        self._keeper.ask("remove", job_id)

    def waiting(self) -> int:
        """Return how many films wait, or 0 where the cluster is not reached: figures are told in any case."""
        try:
            return int(self._keeper.ask("waiting")) if self._keeper.has_begun() else 0
        except Unreachable:
            return 0


class SharedSession(Session):
    """A conversation that all fronts know."""

    def __init__(self, keeper: Keeper, session_id: str, manner: Manner, resume: int) -> None:
        self.id = session_id
        self.manner = manner
        self._resume = resume
        self._keeper = keeper

    @property
    def resume(self) -> int:
        return self._resume

    def say(self, text: str, end: bool) -> list[Chunk]:
        chunks: list[Chunk] = self._keeper.ask("say", self.id, text, end)
        return chunks

    def interrupt(self) -> None:
        self._keeper.ask("interrupt", self.id)

    def tell(self, kind: Progress, index: int) -> None:
        self._keeper.ask("tell", self.id, kind, index)

    def news(self, after: int) -> list[Event]:
        try:
            news: list[Event] = self._keeper.ask("news", self.id, after)
        except NotFound:  # closed between two looks
            return [Event(after + 1, "closed")]
        return news


class SharedSessions(Sessions):
    """The conversations of all fronts."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def open(self, manner: Manner) -> Session:
        return SharedSession(self._keeper, self._keeper.ask("open", manner), manner, 0)

    def get(self, session_id: str) -> Session:
        return SharedSession(self._keeper, session_id, *self._keeper.ask("look", session_id))

    def close(self, session_id: str) -> None:
        self._keeper.ask("close", session_id)


def shared_jobs(link: Link, settings: Settings) -> Jobs:
    """Return the films of the cluster."""
    begin = partial(_actor, "films", FilmKeeper, settings, 2 * settings.max_films)
    return SharedJobs(Keeper(link, "films", begin), settings.data / "jobs")


def shared_sessions(link: Link, settings: Settings) -> Sessions:
    """Return the conversations of the cluster."""
    begin = partial(_actor, "conversations", SessionKeeper, settings, 2 * settings.max_sessions)
    return SharedSessions(Keeper(link, "conversations", begin))


def _actor(name: str, kind: type, settings: Settings, watchers: int) -> "ActorHandle[Any]":
    begun: ActorHandle[Any] = remote(
        kind,
        name=name,
        get_if_exists=True,
        lifetime="detached",
        max_restarts=-1,
        max_concurrency=watchers + SPARE,
        num_cpus=0,
        resources={HEAD: 0.001},
    ).remote(settings)
    return begun
