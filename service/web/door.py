"""The door of a server with keys: scripts show theirs as Bearer, browsers ask their user for it (Basic)."""

from flask import Flask, Response, g, request

from service.closing import Closing
from service.keys import Keys
from service.web.problems import BadRequest

OPEN = frozenset({"health.healthz", "health.readyz"})
"""What load balancers ask."""


def let_in(app: Flask, closing: Closing) -> None:
    """Let in who comes while the server is not being stopped, and count who is inside."""

    @app.before_request
    def enter() -> None:
        g.leave = closing.enter()
        if closing.begun and request.endpoint not in OPEN:
            raise closing.refusal()

    @app.after_request
    def entered(answer: Response) -> Response:
        answer.direct_passthrough = False  # else Werkzeug tells of no file when it has been sent
        answer.call_on_close(g.leave)
        return answer


def guard(app: Flask, keys: Keys) -> None:
    """Let in only who shows a key, if keys are needed."""
    if not keys.needed:
        return

    @app.before_request
    def check() -> None:
        if request.endpoint in OPEN:
            return
        address, shown = request.remote_addr or "", _shown()
        if keys.distrusts(address):
            raise BadRequest("too-many-wrong-keys")
        known = keys.recognise(shown)
        if known is None:
            if shown:
                keys.count_wrong(address)
            raise BadRequest("key-needed")
        if not keys.allows(known):
            raise BadRequest("too-many-requests")
        g.key = known


def _shown() -> str:
    """Return the key that comes with a request, or ""."""
    try:
        shown = request.authorization
    except ValueError:  # Werkzeug's, of letters that are none of base64
        return ""
    if shown is None:
        return ""
    return (shown.token if shown.type == "bearer" else shown.password) or ""
