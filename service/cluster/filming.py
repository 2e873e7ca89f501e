"""Films made on the cluster: a task for each, which tells how far it is."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import ray
from ray.exceptions import RayError, RayTaskError

from service.cluster.link import remote
from service.engines import lip_engines, speech_engines
from service.film import FilmRequest, Step, shoot
from service.models import ModelFolder
from service.pipeline import Pipeline
from service.settings import Settings
from voiceover.avatarstore import AvatarStore
from voiceover.errors import Unreachable, VoiceoverError
from voiceover.voices import VoiceStore

log = logging.getLogger(__name__)

ATTEMPTS = 3  # at a film whose machine was lost


def pipeline_of(settings: Settings) -> Pipeline:
    """Return a pipeline that works where it is made, with the avatars and voices that people brought."""
    models = ModelFolder(settings.checkpoints)
    return Pipeline(
        AvatarStore(settings.data, settings.max_avatars),
        models,
        VoiceStore(settings.data / "voices", settings.max_voices),
        speech_engines(models, settings.max_speech),
        lip_engines(models, settings.data / "boxes"),
    )


def shoot_on_cluster(
    settings: Settings, request: FilmRequest, folder: Path, report: Callable[[Step], None]
) -> None:
    """Make a film as `service.film.shoot` does, on a machine that has room for a renderer, when there is one.

    Raises:
        VoiceoverError: it cannot be made.
    """
    share = {"num_cpus": settings.ray_cpus, "num_gpus": settings.ray_gpus}
    task = remote(steps, num_returns="streaming", max_retries=0, **share)
    for _ in range(ATTEMPTS):
        running = task.remote(settings, request, folder)
        try:
            for step in running:
                report(ray.get(step))
            return
        except RayTaskError as exc:
            if isinstance(exc.cause, VoiceoverError):
                raise exc.cause from exc
            raise
        except RayError as exc:
            log.warning("a film's machine was lost: %s", exc)
        finally:
            ray.cancel(running)
    raise Unreachable("the machines that made the film were lost")


def steps(settings: Settings, request: FilmRequest, folder: Path) -> Iterator[Step]:
    """Make a film in this process; yield how far it is, a percentage at a time."""
    told: queue.SimpleQueue[Step | BaseException | None] = queue.SimpleQueue()
    unwanted = threading.Event()

    def report(step: Step) -> None:
        if unwanted.is_set():
            raise VoiceoverError("nobody wants this film any more")
        told.put(step)

    def work() -> None:
        try:
            shoot(pipeline_of(settings), request, folder, report)
            told.put(None)
        except BaseException as exc:  # carried over to the thread that tells
            told.put(exc)

    worker = threading.Thread(target=work, name="film")
    worker.start()
    last = -1.0
    try:
        while isinstance(step := told.get(), Step):
            if (share := round(step.share, 2)) != last or step.stage == "speech":
                last = share
                yield step
        if step:
            raise step
    finally:
        unwanted.set()
        worker.join()
