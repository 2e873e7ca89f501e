"""What every request gets: an id that its asker learns too, and a line in the log when it is over."""

import logging
import re
import secrets
import time
from functools import partial

from flask import Flask, Response, g, request

log = logging.getLogger(__name__)

HEADER = "X-Request-Id"
SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def follow(app: Flask) -> None:
    """Follow every request of the app from here to its last byte; to be called before other hooks are set."""
    app.before_request(_begin)
    app.after_request(_answered)


def route() -> str:
    """Return the pattern of the address that is being answered: what stands for its parts is not told."""
    return request.url_rule.rule if request.url_rule else "none"


def method() -> str:
    """Return the method of the request; whatever HTTP does not know is "other"."""
    return request.method if request.method in METHODS else "other"


def seconds() -> float:
    """Return how long the request has been answered."""
    return time.perf_counter() - float(g.begun)


def _begin() -> None:
    g.begun = time.perf_counter()
    wanted = request.headers.get(HEADER, "")
    g.request_id = wanted if SAFE_ID.fullmatch(wanted) else secrets.token_hex(8)


def _answered(answer: Response) -> Response:
    answer.headers[HEADER] = g.request_id
    if request.endpoint != "static":  # modules of a page: dozens, and none of them fails
        facts = {"method": method(), "route": route(), "status": answer.status_code}
        answer.call_on_close(partial(_log, g.request_id, g.begun, facts))
    return answer


def _log(request_id: str, begun: float, facts: dict[str, object]) -> None:
    """Tell of a request whose last byte has been sent, or whose asker has gone."""
    facts = facts | {"seconds": round(time.perf_counter() - begun, 3)}
    extra = {"request_id": request_id, "facts": facts}
    log.info("%(method)s %(route)s %(status)s %(seconds).3f s", facts, extra=extra)
