"""The roof: shows a house to the web and to the command line, and runs it (`python app.py`)."""

import sys

from apiflask import APIFlask
from flask import Flask
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.middleware.proxy_fix import ProxyFix

from service.cli import models_commands
from service.closing import Closing
from service.doctor import doctor_command
from service.house import House, furnish
from service.keys import Keys, key
from service.logs import configure
from service.registry import Registry
from service.say import say_command
from service.settings import Settings
from service.training import train_command
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
from voiceover.lips import LipEngine

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
    house = furnish(settings or Settings(), closing or Closing(), speech, lips)
    app = _bare_app(house.settings)
    _meet_every_request(app, house)
    _add_routes(app, house)
    _add_commands(app, house)
    app.extensions["house"] = house
    if serving:
        house.open()
    return app


def _bare_app(settings: Settings) -> APIFlask:
    app = APIFlask(__name__, title="Voiceover", version=VERSION, docs_path=None, spec_path="/openapi.json")
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        DESCRIPTION="Text in, a talking face out, at once.",
        OPENAPI_VERSION="3.1.0",
    )
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, settings.proxies, 0, 0)  # type: ignore[method-assign]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    return app


def _meet_every_request(app: APIFlask, house: House) -> None:
    """Set what every request passes, in this order, and every answer."""
    settings = house.settings
    requests.follow(app)
    count(app, house.metrics)
    let_in(app, house.closing)
    refuse_foreign_names(app, settings.is_ours)
    trust(app, settings.trusted_origins)
    guard(app, Keys(settings.key_sums, settings.requests_a_minute))
    problems.register(app)
    complete(app, keys_needed=bool(settings.key_sums))
    app.after_request(secure)


def _add_routes(app: APIFlask, house: House) -> None:
    pipeline, settings, metrics = house.pipeline, house.settings, house.metrics
    app.register_blueprint(api_blueprint(pipeline, house.cache, house.gate, settings, metrics))
    app.register_blueprint(avatars_blueprint(pipeline, settings))
    app.register_blueprint(voices_blueprint(pipeline, settings))
    app.register_blueprint(jobs_blueprint(house.jobs, settings))
    app.register_blueprint(sessions_blueprint(house.sessions, pipeline))
    app.register_blueprint(pages_blueprint())
    app.register_blueprint(metrics_blueprint(metrics, pipeline))
    app.register_blueprint(health_blueprint(house.fault))


def _add_commands(app: APIFlask, house: House) -> None:
    app.cli.add_command(models_commands(house.models))
    app.cli.add_command(key)
    app.cli.add_command(say_command(house.here))
    app.cli.add_command(doctor_command(house.settings, house.here, house.cluster))
    app.cli.add_command(train_command(house.here, house.models, house.settings.data / "training"))


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
