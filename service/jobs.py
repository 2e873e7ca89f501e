"""Films that are made in the background, one after another, and kept for a while."""

import logging
import queue
import secrets
import shutil
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from service.film import FilmFiles, FilmRequest, Step
from voiceover.errors import Busy, NotFound, NotReady, StorageError, VoiceoverError
from voiceover.scratch import scratch

log = logging.getLogger(__name__)

CARD = "job.json"
EXPIRY_EVERY = 60.0  # seconds
GUESSABLE = 0.03  # of the drawing: before that nothing is said of the time left
LEAVING = 3.0  # seconds for leaving a film when the process ends
HEARTBEAT = 15.0  # seconds: a watcher hears something at least so often


class State(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (State.DONE, State.FAILED, State.CANCELLED)


class Failure(BaseModel):
    """An error as it can be kept and told later, in any language."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    details: dict[str, Any]

    def error(self) -> VoiceoverError:
        """Return the error as it was."""
        error = VoiceoverError(self.message, **self.details)
        error.code = self.code
        return error


class Job(BaseModel):
    """What is known of a job at one moment: `job.json`."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Hard to guess: who knows it may see the film."""
    state: State
    created: float
    """Seconds since 1970."""
    ended: float | None = None
    stage: str = ""
    """"speech" or "picture" while it runs."""
    ahead: int = 0
    """Jobs that come before it."""
    chunk: int = 0
    chunks: int = 0
    share: float = 0.0
    """Of the whole work, from 0 to 1."""
    left: float | None = None
    """Seconds until it is done, as far as can be told."""
    failure: Failure | None = None


class Maker(Protocol):
    """Makes a film: `service.film.shoot` with its pipeline."""

    def __call__(self, request: FilmRequest, folder: Path, report: Callable[[Step], None]) -> object: ...


class _Cancelled(Exception):
    """Raised into the work of a job that nobody wants any more."""


class Jobs(ABC):
    """Jobs by id, wherever they are made. Safe to share between threads."""

    folder: Path
    """One folder for each job is in there, for everybody who serves its files."""

    @abstractmethod
    def add(self, request: FilmRequest) -> Job:
        """Put a film on the list.

        Raises:
            Busy: too many wait already.
            StorageError: the disk does not take it.
        """

    @abstractmethod
    def get(self, job_id: str) -> Job:
        """
        Raises:
            NotFound: there is no such job (any more).
        """

    @abstractmethod
    def changed(self, job_id: str, seen: Job | None) -> Job | None:
        """Wait for a job to be other than was seen, for a while at most; return it, or None if it is gone."""

    @abstractmethod
    def remove(self, job_id: str) -> None:
        """Cancel a job at once, or forget one that has ended; its files go.

        Raises:
            NotFound: there is no such job.
        """

    @abstractmethod
    def waiting(self) -> int:
        """Return how many films wait for their turn."""

    def files(self, job_id: str) -> FilmFiles:
        """Return where the film of a job is.

        Raises:
            NotFound: there is no such job.
            NotReady: it has no film (yet).
        """
        job = self.get(job_id)
        if job.state is not State.DONE:
            raise NotReady(f"job {job_id} is {job.state}", reason=f"film-{job.state}")
        return FilmFiles(self.folder / job.id)

    def watch(self, job_id: str) -> Iterator[Job | None]:
        """Yield the job now and whenever it changes, to its end; None from time to time when it does not.

        Raises:
            NotFound: there is no such job.
        """
        seen: Job | None = None
        job: Job | None = self.get(job_id)
        while job:
            yield None if job == seen else job
            if job.state in ENDED:
                return
            seen, job = job, self.changed(job_id, job)


class JobStore(Jobs):
    """Jobs that this process makes; the folder belongs to it."""

    def __init__(
        self,
        folder: Path,
        make: Maker,
        most_waiting: int = 10,
        most_kept: int = 50,
        most_bytes: int = 4 * 2**30,
        hours: float = 24.0,
    ) -> None:
        """
        Args:
            folder: one folder for each job goes in there.
            most_waiting: jobs that may wait for their turn.
            most_kept, most_bytes, hours: ended jobs that are kept, the space they take, and for how long.
        """
        self.folder = folder
        self._make = make
        self._most_waiting = most_waiting
        self._most_kept = most_kept
        self._most_bytes = most_bytes
        self._seconds = hours * 3600
        self._jobs: dict[str, Job] = {}
        self._changed = threading.Condition(threading.RLock())
        self._queue: queue.Queue[tuple[str, FilmRequest]] = queue.Queue()
        self._worker: threading.Thread | None = None
        self._closed = False
        self._making = ""  # the job that the worker is at, whether or not anybody still wants it

    def recover(self) -> None:
        """Find the jobs of a former process again; those that it left unfinished have failed."""
        with self._changed:
            for folder in self.folder.glob("*"):
                try:
                    job = Job.model_validate_json((folder / CARD).read_bytes())
                except (OSError, ValueError):
                    log.warning("%s is no job and is deleted", folder.name)
                    shutil.rmtree(folder, ignore_errors=True)
                    continue
                self._jobs[job.id] = job
                if job.state not in ENDED:
                    self._fail(job, _interrupted())
        self._start()

    def close(self) -> None:
        """End all that is not done, because the process ends: it has failed, and whoever watches is told."""
        with self._changed:
            self._closed = True
            for job in list(self._jobs.values()):
                if job.state is State.WAITING:
                    self._fail(job, _interrupted())
            # The one that is made is left by its thread, at its next step.
            self._changed.wait_for(lambda: all(job.state in ENDED for job in self._jobs.values()), LEAVING)

    def add(self, request: FilmRequest) -> Job:
        job = Job(id=secrets.token_urlsafe(16), state=State.WAITING, created=time.time())
        with self._changed:
            if (waiting := self.waiting()) >= self._most_waiting:
                raise Busy(f"{waiting} films wait already", reason="films-waiting", waiting=waiting)
            try:
                (self.folder / job.id).mkdir(parents=True)
                self._write(job)
            except OSError as exc:
                shutil.rmtree(self.folder / job.id, ignore_errors=True)
                raise StorageError(f"a film cannot be kept: {exc}") from exc
            self._jobs[job.id] = job
            self._line_up()
        self._queue.put((job.id, request))
        self._start()
        return self.get(job.id)

    def get(self, job_id: str) -> Job:
        with self._changed:
            if job_id not in self._jobs:
                raise NotFound(f"no job {job_id!r}", kind="job", name=job_id, choices=[])
            return self._jobs[job_id]

    def waiting(self) -> int:
        with self._changed:
            return sum(known.state is State.WAITING for known in self._jobs.values())

    def changed(self, job_id: str, seen: Job | None) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._jobs.get(job_id) != seen, HEARTBEAT)
            return self._jobs.get(job_id)

    def remove(self, job_id: str) -> None:
        with self._changed:
            job = self.get(job_id)
            if job.state in ENDED:
                self._forget(job)
                return
            self._keep(job.model_copy(update={"state": State.CANCELLED, "ended": time.time(), "left": None}))
        if job.state is State.WAITING:  # else the worker stumbles over it
            self._clear(job)

    def _start(self) -> None:
        with self._changed:
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="films", daemon=True)
                self._worker.start()

    def _work(self) -> None:
        while True:
            self._expire()
            try:
                job_id, request = self._queue.get(timeout=EXPIRY_EVERY)
            except queue.Empty:
                continue
            self._run(job_id, request)

    def _run(self, job_id: str, request: FilmRequest) -> None:
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None or job.state is not State.WAITING:
                return
            self._keep(job.model_copy(update={"state": State.RUNNING}))
            self._making = job_id
        try:
            self._make(request, self.folder / job_id, _Reporter(self, job_id))
            self._end(job_id)
        except _Cancelled:
            self._clear(job)
        except VoiceoverError as exc:
            self._fail(job, exc)
        except Exception as exc:  # the thread goes on with the next job
            log.exception("a film failed")
            self._fail(job, VoiceoverError(str(exc)))
        finally:
            with self._changed:
                self._making = ""
                if job_id not in self._jobs:
                    shutil.rmtree(self.folder / job_id, ignore_errors=True)

    def _progress(self, job_id: str, step: Step, left: float | None) -> None:
        """Tell how far a job is.

        Raises:
            _Cancelled: nobody wants it any more.
            VoiceoverError: the process ends.
        """
        with self._changed:
            if self._closed:
                raise _interrupted()
            job = self._jobs.get(job_id)
            if job is None or job.state is not State.RUNNING:
                raise _Cancelled
            share = round(step.share, 2)
            news = {"stage": step.stage, "chunk": step.chunk, "chunks": step.chunks, "share": share}
            if any(getattr(job, name) != value for name, value in news.items()):
                self._jobs[job_id] = job.model_copy(update={**news, "left": left})
                self._changed.notify_all()

    def _end(self, job_id: str) -> None:
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None or job.state is not State.RUNNING:
                raise _Cancelled
            done = {"state": State.DONE, "ended": time.time(), "share": 1.0, "left": 0.0}
            self._keep(job.model_copy(update=done))

    def _fail(self, job: Job, error: VoiceoverError) -> None:
        failure = Failure(code=error.code, message=str(error), details=_plain(error.details))
        failed = {"state": State.FAILED, "ended": time.time(), "failure": failure, "left": None}
        with self._changed:
            self._clear(job)
            if job.id in self._jobs:  # else somebody cancelled it, and then had it forgotten
                self._keep(self._jobs[job.id].model_copy(update=failed))

    def _keep(self, job: Job) -> None:
        """Remember a job; on disk too, for a later process."""
        with self._changed:
            self._jobs[job.id] = job
            self._line_up()
            self._changed.notify_all()
            try:
                self._write(job)
            except OSError as exc:
                log.error("job %s cannot be written down: %s", job.id, exc)

    def _line_up(self) -> None:
        """Tell those that wait how many come before them."""
        line = [job for job in self._jobs.values() if job.state not in ENDED]
        for ahead, job in enumerate(line):
            if job.state is State.WAITING and job.ahead != ahead:
                self._jobs[job.id] = job.model_copy(update={"ahead": ahead})

    def _write(self, job: Job) -> None:
        with scratch(self.folder / job.id) as folder:
            (folder / CARD).write_text(job.model_dump_json())
            (folder / CARD).replace(self.folder / job.id / CARD)

    def _clear(self, job: Job) -> None:
        """Delete what was made; what is known of the job stays."""
        for path in (self.folder / job.id).glob("*"):
            if path.name != CARD:
                try:
                    path.unlink(missing_ok=True)
                except OSError as exc:
                    log.error("job %s leaves something behind: %s", job.id, exc)

    def _forget(self, job: Job) -> None:
        with self._changed:
            self._jobs.pop(job.id, None)
            self._changed.notify_all()
            written = job.state is State.CANCELLED and job.id == self._making
        if not written:  # else the worker clears up when it notices
            shutil.rmtree(self.folder / job.id, ignore_errors=True)

    def _expire(self) -> None:
        """Forget ended jobs that are too old, too many or too large, the oldest first."""
        with self._changed:
            ended = sorted(
                (job for job in self._jobs.values() if job.ended), key=lambda job: -(job.ended or 0)
            )
        room = self._most_bytes
        for number, job in enumerate(ended):
            room -= _size(self.folder / job.id)
            old = time.time() - (job.ended or 0) > self._seconds
            if old or number >= self._most_kept or room < 0:
                self._forget(job)


def _interrupted() -> VoiceoverError:
    return VoiceoverError("the server stopped", reason="film-interrupted")


def _size(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in folder.glob("*"))
    except OSError:  # somebody deletes it
        return 0


class _Reporter:
    """Tells a store how far a film is and guesses how long it will take."""

    def __init__(self, store: JobStore, job_id: str) -> None:
        self._store = store
        self._job_id = job_id
        self._drawing_since: float | None = None

    def __call__(self, step: Step) -> None:
        left = None
        if step.stage == "picture":
            self._drawing_since = self._drawing_since or time.monotonic()
            if step.done >= GUESSABLE:
                left = (time.monotonic() - self._drawing_since) * (1 - step.done) / step.done
        self._store._progress(self._job_id, step, left)


def _plain(details: dict[str, Any]) -> dict[str, Any]:
    """Keep of an error's details what JSON can tell."""
    return {name: value for name, value in details.items() if isinstance(value, str | int | float | list)}
