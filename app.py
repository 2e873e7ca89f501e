"""The roof: puts a server together, and runs it (`python app.py`)."""

import sys
from functools import partial

from apiflask import APIFlask
from flask import Flask
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from service.cache import ClipCache
from service.cli import models_commands
from service.doctor import doctor_command
from service.engines import Registry, lip_engines
from service.film import shoot_in_turns
from service.gate import Gate
from service.jobs import JobStore
from service.keys import Keys, key
from service.logs import configure
from service.metrics import Metrics
from service.models import ModelFolder
from service.pipeline import Pipeline
from service.say import say_command
from service.sessions import SessionStore
from service.settings import Settings
from service.training import train_command
from service.warmup import WarmUp
from service.web import problems, requests
from service.web.api import api_blueprint
from service.web.avatars import avatars_blueprint
from service.web.door import guard
from service.web.jobs import jobs_blueprint
from service.web.metrics import count, metrics_blueprint
from service.web.origin import refuse_foreign_pages
from service.web.pages import health_blueprint, pages_blueprint, secure
from service.web.sessions import sessions_blueprint
from service.web.voices import voices_blueprint
from tts.base import SpeechEngine
from voiceover.avatarstore import AvatarStore
from voiceover.voices import VoiceStore

VERSION = "0.1.0"
MAX_BODY = 2**20  # bytes of a request that is not a download


def create_app(
    settings: Settings | None = None, serving: bool = False, speech: Registry[SpeechEngine] | None = None
) -> Flask:
    """Return a Flask app with its own engines, avatars and voices.

    Args:
        serving: whether requests will come, so that engines should get ready; commands load what they need.
        speech: engines that speak, where they are not to be all that there are.
    """
    settings = settings or Settings()
    app = APIFlask(__name__, title="Voiceover", version=VERSION, docs_path=None, spec_path="/openapi.json")
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        DESCRIPTION="Text in, a talking face out, at once.",
        OPENAPI_VERSION="3.1.0",
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    models = ModelFolder(settings.checkpoints)
    avatars = AvatarStore(settings.data, settings.max_avatars)
    own_voices = VoiceStore(settings.data / "voices", settings.max_voices)
    lips = lip_engines(models, settings.data / "boxes")
    pipeline = Pipeline(avatars, models, own_voices, speech, lips)
    cache = ClipCache(settings.data / "clips", settings.max_cache)
    gate = Gate(settings.renders, settings.max_wait)
    jobs = JobStore(
        settings.data / "jobs",
        partial(shoot_in_turns, pipeline, gate),
        settings.max_waiting,
        settings.max_films,
        settings.max_film_bytes,
        settings.film_hours,
    )
    sessions = SessionStore(pipeline.split, settings.max_sessions, settings.max_text, settings.session_hours)
    warm_up = WarmUp(pipeline)
    metrics = Metrics(jobs.waiting, gate.waiting)
    requests.follow(app)
    count(app, metrics)
    guard(app, Keys(settings.key_sums, settings.requests_a_minute))
    app.before_request(refuse_foreign_pages)
    problems.register(app)
    app.register_blueprint(api_blueprint(pipeline, cache, gate, settings, metrics))
    app.register_blueprint(avatars_blueprint(pipeline, settings))
    app.register_blueprint(voices_blueprint(pipeline, settings))
    app.register_blueprint(jobs_blueprint(jobs, settings))
    app.register_blueprint(sessions_blueprint(sessions, pipeline))
    app.register_blueprint(pages_blueprint())
    app.register_blueprint(metrics_blueprint(metrics, pipeline))
    app.register_blueprint(health_blueprint(warm_up.is_ready))
    app.after_request(secure)
    app.cli.add_command(models_commands(models))
    app.cli.add_command(key)
    app.cli.add_command(say_command(pipeline))
    app.cli.add_command(doctor_command(settings, pipeline))
    app.cli.add_command(train_command(pipeline, models, settings.data / "training"))
    if serving:
        jobs.recover()
        warm_up.start()
    return app


def main() -> None:
    """Serve until stopped."""
    from service.server import serve

    try:
        settings = Settings()
    except ValidationError as exc:
        sys.exit("\n".join(map(_sentence, exc.errors(include_input=False))))
    configure(settings.log)
    serve(lambda: create_app(settings, serving=True), settings)


def _sentence(fault: ErrorDetails) -> str:
    names = "".join(f"VOICEOVER_{str(name).upper()}: " for name in fault["loc"])
    return names + fault["msg"].removeprefix("Value error, ")


if __name__ == "__main__":
    main()
