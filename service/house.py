"""All that a server is made of, put together: where things are kept, who renders, who waits for whom."""

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from service.cache import ClipCache
from service.closing import Closing
from service.engines import lip_engines, speech_engines
from service.film import shoot_in_turns
from service.gate import Gate
from service.jobs import Jobs, JobStore
from service.metrics import Metrics
from service.models import ModelFolder
from service.pipeline import Pipeline
from service.registry import Registry
from service.sessions import Sessions, SessionStore
from service.settings import Settings
from service.traits import hangs
from service.warmup import WarmUp
from tts.base import SpeechEngine
from voiceover.avatarstore import AvatarStore
from voiceover.errors import VoiceoverError
from voiceover.lips import LipEngine
from voiceover.scratch import sweep
from voiceover.voices import VoiceStore

if TYPE_CHECKING:
    from service.cluster.front import Cluster


@dataclass(frozen=True)
class House:
    """One server's engines, stores and gate. Its parts are safe to share between threads."""

    settings: Settings
    closing: Closing
    models: ModelFolder
    here: Pipeline
    """Renders in this process, for commands even where requests are rendered elsewhere."""
    pipeline: Pipeline
    """Renders for requests: `here`, or on the cluster."""
    cluster: "Cluster | None"
    gate: Gate
    films: JobStore
    """Films that this process makes."""
    jobs: Jobs
    """Films that requests ask for: `films`, or those of the cluster."""
    sessions: Sessions
    cache: ClipCache
    warm_up: WarmUp
    metrics: Metrics

    def fault(self) -> VoiceoverError | None:
        """Return why a chunk in the page's first language is not served without delay; None: it is."""
        if self.closing.begun:
            return self.closing.refusal()
        return (self.cluster.fault() if self.cluster else None) or self.warm_up.fault()

    def open(self) -> None:
        """Clear up what a killed process left behind, find its films again, get the engines ready."""
        data = self.settings.data
        for place in (Path(tempfile.gettempdir()), *data.glob("*/"), *data.glob("jobs/*/")):
            sweep(place)
        if self.cluster:
            self.cluster.start(self.warm_up.start)
        else:
            self.films.recover()
            self.warm_up.start()


def furnish(
    settings: Settings,
    closing: Closing,
    speech: Registry[SpeechEngine] | None = None,
    lips: Registry[LipEngine] | None = None,
) -> House:
    """Return a house with engines, avatars and voices of its own; nothing is loaded yet.

    Args:
        speech, lips: engines that speak and draw, where they are not to be all that there are.
    """
    models = ModelFolder(settings.checkpoints)
    avatars = AvatarStore(settings.data, settings.max_avatars)
    voices = VoiceStore(settings.data / "voices", settings.max_voices)
    speech = speech or speech_engines(models, settings.max_speech)
    lips = lips or lip_engines(models, settings.data / "boxes")
    here = Pipeline(avatars, models, voices, speech, lips)
    gate = Gate(settings.renders, settings.max_wait)
    films = JobStore(
        settings.data / "jobs",
        partial(shoot_in_turns, here, gate),
        settings.max_waiting,
        settings.max_films,
        settings.max_film_bytes,
        settings.film_hours,
    )
    talks = SessionStore(here.split, settings.max_sessions, settings.max_text, settings.session_hours)
    closing.last(films.close)
    closing.last(talks.release)
    cluster = _cluster(settings, gate)
    pipeline = cluster.pipeline(avatars, models, voices) if cluster else here
    jobs: Jobs = cluster.jobs if cluster else films
    return House(
        settings=settings,
        closing=closing,
        models=models,
        here=here,
        pipeline=pipeline,
        cluster=cluster,
        gate=gate,
        films=films,
        jobs=jobs,
        sessions=cluster.sessions if cluster else talks,
        cache=ClipCache(settings.data / "clips", settings.max_cache),
        warm_up=WarmUp(pipeline),
        metrics=Metrics(jobs.waiting, gate.waiting, partial(_hanging, pipeline.speech)),
    )


def _hanging(engines: Registry[SpeechEngine]) -> int:
    """Return of how many engines nothing comes back."""
    return sum(hangs(engine) is not None for engine in engines.loaded())


def _cluster(settings: Settings, gate: Gate) -> "Cluster | None":
    """Return the cluster that renders, or None where this process does."""
    if not settings.ray:
        return None
    from service.cluster.front import Cluster

    return Cluster(settings, gate)
