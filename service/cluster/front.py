"""A front of a cluster: what serves people here and is rendered there."""

import logging
import threading
import time
from collections.abc import Callable, Generator
from functools import partial
from typing import TYPE_CHECKING

import ray

from service.cluster.engines import remote_lip_engines, remote_speech_engines
from service.cluster.link import TICK, Link, remote
from service.cluster.renderer import Renderer
from service.cluster.renderers import Bounds, Renderers
from service.cluster.shared import shared_jobs, shared_sessions
from service.gate import Gate
from service.models import ModelFolder
from service.pipeline import Pipeline
from service.settings import Settings
from voiceover import video
from voiceover.avatarstore import AvatarStore
from voiceover.errors import Unreachable, VoiceoverError
from voiceover.lips import LipEngine
from voiceover.types import Avatar, Speech
from voiceover.voices import VoiceStore

if TYPE_CHECKING:
    from ray.actor import ActorHandle

log = logging.getLogger(__name__)

SPARE = 8  # calls that a renderer answers beside the clips that it makes: offers, speech
PATIENCE = 5.0  # seconds for which a cluster may be silent before it counts as lost


class ClusterPipeline(Pipeline):
    """A pipeline whose engines are those of a cluster, and whose clips are made there."""

    def __init__(
        self,
        avatars: AvatarStore,
        models: ModelFolder,
        own_voices: VoiceStore,
        link: Link,
        renderers: Renderers,
    ) -> None:
        speech, lips = remote_speech_engines(models, renderers), remote_lip_engines(models, renderers)
        super().__init__(avatars, models, own_voices, speech, lips)
        self._link = link
        self._renderers = renderers

    def lack(self) -> VoiceoverError | None:
        """Return why the cluster renders nothing now, or None."""
        return self._renderers.lack()

    def film(
        self, avatar: Avatar, lips: LipEngine, speech: Speech, start_frame: int, codec: video.SoundCodec
    ) -> Generator[bytes, None, None]:
        """Film on the cluster. The speech is kept here meanwhile: spoken again it might be another."""
        seen, heard = self._renderers.passed(avatar.digest, avatar), self._link.put(speech)
        return self._renderers.stream("film", lips.name, seen, heard, start_frame, codec)


class Cluster:
    """The cluster of one front; one for a process. Safe to share between threads."""

    def __init__(self, settings: Settings, gate: Gate) -> None:
        folders = {"data": settings.data.absolute(), "checkpoints": settings.checkpoints.absolute()}
        settings = settings.model_copy(update=folders)  # as they are called on every machine
        self.link = Link(settings.ray)
        share = {"num_cpus": settings.ray_cpus, "num_gpus": settings.ray_gpus}
        bounds = Bounds(settings.ray_least, settings.ray_most, settings.ray_clips, settings.ray_idle)
        make = partial(_renderer, settings, share)
        self.renderers = Renderers(self.link, make, bounds, gate)
        self.jobs = shared_jobs(self.link, settings)
        self.sessions = shared_sessions(self.link, settings)
        self._when_ready: Callable[[], object] = lambda: None
        self._ready = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cluster", daemon=True)
        gate.resize(0)

    def pipeline(self, avatars: AvatarStore, models: ModelFolder, own_voices: VoiceStore) -> Pipeline:
        """Return a pipeline that renders on the cluster."""
        return ClusterPipeline(avatars, models, own_voices, self.link, self.renderers)

    def start(self, when_ready: Callable[[], object] = lambda: None) -> None:
        """Connect in the background, now and whenever the cluster is there again.

        Args:
            when_ready: called each time that there is a renderer where there was none.
        """
        self._when_ready = when_ready
        self._thread.start()

    def wait(self, for_link: float, for_renderer: float) -> bool:
        """Wait so many seconds for the cluster, and then for a renderer; return whether there is one."""
        deadline = time.monotonic() + for_link
        while not self.link.reached and time.monotonic() < deadline:
            time.sleep(TICK)
        return self.link.reached and self._ready.wait(for_renderer)

    def fault(self) -> VoiceoverError | None:
        """Return why no renderer is ready; None: one is."""
        if self._ready.is_set():
            return None
        return self.renderers.lack() or Unreachable("the cluster has fallen silent")

    def described(self) -> str:
        """Say how large the cluster is, and what of it renders for this server.

        Raises:
            Unreachable: it cannot be asked.
        """
        with self.link.call():
            there: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
            free: dict[str, float] = ray.available_resources()  # type: ignore[no-untyped-call]
        kinds = [kind for kind in ("CPU", "GPU") if kind in there]
        shares = [f"{free.get(kind, 0):g} of {there[kind]:g} {kind}s" for kind in kinds]
        return (
            f"{self.link.address} is reached; free: {', '.join(shares)}; renderers: {self.renderers.count()}"
        )

    def close(self) -> None:
        """Leave the cluster, which stops this front's renderers."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        heard = time.monotonic()
        while not self._closing.wait(TICK):
            there = self._look()
            if there:
                heard = time.monotonic()
            elif self.link.reached and time.monotonic() - heard > PATIENCE:
                log.error("the cluster is lost")
                self._leave()
            self._tell(there and self.renderers.count() > 0)
        if self.link.reached:
            self._leave()

    def _look(self) -> bool:
        """Do what is to be done; return whether the cluster is there."""
        try:
            if not self.link.reached:
                return self.link.open()
            if self.link.holds():
                self.renderers.tend()
                return True
        except Exception as exc:  # whatever Ray raises when it breaks down: the next cluster is waited for
            log.warning("the cluster does not answer: %r", exc)
        return False

    def _tell(self, ready: bool) -> None:
        if ready and not self._ready.is_set():
            self._ready.set()
            self._when_ready()
        elif not ready:
            self._ready.clear()

    def _leave(self) -> None:
        self._ready.clear()
        self.link.drop()
        self.renderers.forget()


def _renderer(settings: Settings, share: dict[str, float]) -> "ActorHandle[Renderer]":
    # What was lost is asked again by its asker, of a renderer that is ready. Ray would ask the same actor
    # when that has been begun again: later, and never where no machine has room for it.
    actor = remote(
        Renderer,
        max_restarts=-1,
        max_task_retries=0,
        max_concurrency=settings.ray_clips + SPARE,
        scheduling_strategy="SPREAD",
        **share,
    )
    begun: ActorHandle[Renderer] = actor.remote(settings.checkpoints, settings.data, settings.max_speech)
    return begun
