"""The pages people open, and the routes that tell a load balancer how we are."""

from collections.abc import Callable
from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, make_response, render_template, request, send_from_directory

from service.web import problems, schemas
from service.web.answers import answers
from service.web.languages import tongue
from voiceover.errors import VoiceoverError


def pages_blueprint() -> APIBlueprint:
    """Return the pages."""
    pages = APIBlueprint("pages", __name__, enable_openapi=False)

    @pages.get("/")
    def film() -> Response:
        return _page("film.html")

    @pages.get("/realtime")
    def realtime() -> Response:
        return _page("talk.html" if "session" in request.args else "realtime.html")

    @pages.get("/docs")
    def docs() -> Response:
        answer = _page("docs.html")
        # Swagger UI sets styles from its script.
        answer.headers["Content-Security-Policy"] = f"{POLICY}; style-src 'self' 'unsafe-inline'"
        return answer

    @pages.get("/docs/assets/<path:name>")
    def docs_assets(name: str) -> Response:
        import swagger_ui_bundle

        return send_from_directory(Path(swagger_ui_bundle.swagger_ui_path), name)

    return pages


def health_blueprint(fault: Callable[[], VoiceoverError | None]) -> APIBlueprint:
    """Return `/healthz` (the process answers) and `/readyz` (it speaks without delay).

    Args:
        fault: returns why it does not; None: it does.
    """
    health = APIBlueprint("health", __name__, tag="Health")

    @health.get("/healthz")
    @health.output(schemas.StatusOut)
    def healthz() -> dict[str, str]:
        """Say that the server answers."""
        return {"status": "ok"}

    @health.get("/readyz")
    @health.output(schemas.StatusOut)
    @health.doc(responses=answers({}, 503))
    def readyz() -> dict[str, str] | Response:
        """Say whether a text is spoken at once, and if not, why."""
        if found := fault():
            return problems.answer_to(found)  # not raised: it would be in the log as often as it is asked
        return {"status": "ready"}

    return health


POLICY = (
    "default-src 'self'; media-src 'self' blob:; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

SECURITY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that know no frame-ancestors
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def secure(answer: Response) -> Response:
    """Set the headers that keep browsers from doing what no page of ours needs."""
    for name, value in SECURITY.items():
        answer.headers.setdefault(name, value)
    return answer


def _page(template: str) -> Response:
    language = tongue()
    answer = make_response(render_template(template, lang=language))
    answer.headers["Content-Language"] = language
    answer.headers["Vary"] = "Accept-Language, Cookie"
    answer.headers["Cache-Control"] = "no-cache"
    return answer
