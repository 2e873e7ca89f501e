"""Who may ask, as far as browsers tell: pages of this server, and of sites that it was told to trust."""

from collections.abc import Callable, Collection

from flask import Flask, Response, request

from service.web.door import OPEN
from service.web.problems import BadRequest

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
ASKED_BY_PAGES = "Authorization, Content-Type, If-None-Match, Last-Event-ID, Range, Viewer, X-Request-Id"
REMEMBERED = 600  # seconds that a browser need not ask again what a page may do


def refuse_foreign_names(app: Flask, is_ours: Callable[[str], bool]) -> None:
    """Answer to this server's own names alone: whoever owns another could make it point here (DNS rebinding).

    Args:
        is_ours: takes the host of a request, without its port.
    """

    @app.before_request
    def check() -> None:
        if request.endpoint not in OPEN and not is_ours(_without_port(request.host)):
            raise BadRequest("foreign-host")


def trust(app: Flask, origins: Collection[str]) -> None:
    """Let pages of these sites read answers (CORS), and write. To be called before the door is set."""

    def is_trusted() -> bool:
        return request.headers.get("Origin") in origins

    @app.before_request
    def tell_in_advance() -> Response | None:
        """Answer a browser that asks what a page may do: it shows no key with that."""
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not asks or not is_trusted():
            return None
        answer = Response(status=204)
        answer.headers["Access-Control-Allow-Methods"] = ", ".join(sorted({"GET", *WRITES}))
        answer.headers["Access-Control-Allow-Headers"] = ASKED_BY_PAGES
        answer.headers["Access-Control-Max-Age"] = str(REMEMBERED)
        return answer

    @app.before_request
    def refuse_foreign_pages() -> None:
        """Writes come from scripts, from our own pages and from trusted ones; browsers tell (RFC 6454)."""
        if request.method in WRITES and _is_foreign() and not is_trusted():
            raise BadRequest("foreign-page")

    @app.after_request
    def allow(answer: Response) -> Response:
        if origins:
            answer.vary.add("Origin")
        if is_trusted():
            answer.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            answer.headers["Access-Control-Expose-Headers"] = "*"
        return answer


def _without_port(host: str) -> str:
    """Take "[::1]:80" for "::1". What is no host at all is left as something that nobody is called."""
    return (host[1:].partition("]") if host.startswith("[") else host.partition(":"))[0].lower()


def _is_foreign() -> bool:
    """Whether a browser says so; scripts send neither of the two headers (Fetch Metadata; RFC 6454)."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site not in ("same-origin", "none")
    # A proxy may speak https outside and http to us: the scheme is not compared.
    origin = request.headers.get("Origin")
    return origin is not None and origin.partition("://")[2] != request.host
