"""The roof: puts a server together, and runs it (`python app.py`)."""

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from apiflask import APIFlask
from flask import Flask
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.middleware.proxy_fix import ProxyFix

from service.cache import ClipCache
from service.cli import models_commands
from service.closing import Closing
from service.doctor import doctor_command
from service.engines import Registry, hangs, lip_engines, speech_engines
from service.film import shoot_in_turns
from service.gate import Gate
from service.jobs import Jobs, JobStore
from service.keys import Keys, key
from service.logs import configure
from service.metrics import Metrics
from service.models import ModelFolder
from service.pipeline import Pipeline
from service.say import say_command
from service.sessions import Sessions, SessionStore
from service.settings import Settings
from service.training import train_command
from service.warmup import WarmUp
from service.web import problems, requests
from service.web.api import api_blueprint
from service.web.avatars import avatars_blueprint
from service.web.document import complete
from service.web.door import guard, let_in
from service.web.jobs import jobs_blueprint
from service.web.metrics import count, metrics_blueprint
from service.web.origin import refuse_foreign_names, trust
from service.web.pages import health_blueprint, pages_blueprint, secure
from service.web.sessions import sessions_blueprint
from service.web.voices import voices_blueprint
from tts.base import SpeechEngine
from voiceover.avatarstore import AvatarStore
from voiceover.lips import LipEngine
from voiceover.scratch import sweep
from voiceover.voices import VoiceStore

if TYPE_CHECKING:
    from service.cluster.front import Cluster

VERSION = "0.1.0"
MAX_BODY = 2**20  # bytes of a request that is not a download


def create_app(
    settings: Settings | None = None,
    serving: bool = False,
    speech: Registry[SpeechEngine] | None = None,
    lips: Registry[LipEngine] | None = None,
    closing: Closing | None = None,
) -> Flask:
    """Return a Flask app with its own engines, avatars and voices.

    Args:
        serving: whether requests will come, so that engines should get ready; commands load what they need.
        speech, lips: engines that speak and draw, where they are not to be all that there are.
        closing: tells when the server is being stopped.
    """
    settings, closing = settings or Settings(), closing or Closing()
    app = APIFlask(__name__, title="Voiceover", version=VERSION, docs_path=None, spec_path="/openapi.json")
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        DESCRIPTION="Text in, a talking face out, at once.",
        OPENAPI_VERSION="3.1.0",
    )
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, settings.proxies, 0, 0)  # type: ignore[method-assign]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    models = ModelFolder(settings.checkpoints)
    avatars = AvatarStore(settings.data, settings.max_avatars)
    own_voices = VoiceStore(settings.data / "voices", settings.max_voices)
    speech = speech or speech_engines(models, settings.max_speech)
    lips = lips or lip_engines(models, settings.data / "boxes")
    here = Pipeline(avatars, models, own_voices, speech, lips)
    cache = ClipCache(settings.data / "clips", settings.max_cache)
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
    cluster = _cluster(settings, gate)
    pipeline = cluster.pipeline(avatars, models, own_voices) if cluster else here
    jobs: Jobs = cluster.jobs if cluster else films
    sessions: Sessions = cluster.sessions if cluster else talks
    warm_up = WarmUp(pipeline)
    metrics = Metrics(
        jobs.waiting, gate.waiting, lambda: sum(1 for one in pipeline.speech.loaded() if hangs(one))
    )
    closing.last(films.close)
    closing.last(talks.release)
    requests.follow(app)
    count(app, metrics)
    let_in(app, closing)
    refuse_foreign_names(app, settings.is_ours)
    trust(app, settings.trusted_origins)
    guard(app, Keys(settings.key_sums, settings.requests_a_minute))
    problems.register(app)
    complete(app, keys_needed=bool(settings.key_sums))
    app.register_blueprint(api_blueprint(pipeline, cache, gate, settings, metrics))
    app.register_blueprint(avatars_blueprint(pipeline, settings))
    app.register_blueprint(voices_blueprint(pipeline, settings))
    app.register_blueprint(jobs_blueprint(jobs, settings))
    app.register_blueprint(sessions_blueprint(sessions, pipeline))
    app.register_blueprint(pages_blueprint())
    app.register_blueprint(metrics_blueprint(metrics, pipeline))
    app.register_blueprint(
        health_blueprint(lambda: warm_up.is_ready() and (cluster is None or cluster.is_ready()), closing)
    )
    app.after_request(secure)
    app.cli.add_command(models_commands(models))
    app.cli.add_command(key)
    app.cli.add_command(say_command(here))
    app.cli.add_command(doctor_command(settings, here, cluster))
    app.cli.add_command(train_command(here, models, settings.data / "training"))
    app.extensions["cluster"] = cluster
    if serving:
        for place in (Path(tempfile.gettempdir()), *settings.data.glob("*/"), *settings.data.glob("jobs/*/")):
            sweep(place)
    if serving and cluster:
        cluster.start(warm_up.start)
    elif serving:
        films.recover()
        warm_up.start()
    return app


def _cluster(settings: Settings, gate: Gate) -> "Cluster | None":
    """Return the cluster that renders, or None where this process does."""
    if not settings.ray:
        return None
    from service.cluster.front import Cluster

    return Cluster(settings, gate)


def main() -> None:
    """Serve until stopped."""
    from service.server import serve

    try:
        settings = Settings()
    except ValidationError as exc:
        sys.exit("\n".join(map(_sentence, exc.errors(include_input=False))))
    configure(settings.log)
    serve(lambda closing: create_app(settings, serving=True, closing=closing), settings)


def _sentence(fault: ErrorDetails) -> str:
    names = "".join(f"VOICEOVER_{str(name).upper()}: " for name in fault["loc"])
    return names + fault["msg"].removeprefix("Value error, ")


if __name__ == "__main__":
    main()
