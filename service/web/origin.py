"""Writes come from scripts and from our own pages; no other site may use a visitor's browser for them."""

from urllib.parse import urlsplit

from flask import request

from service.web.problems import BadRequest

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def refuse_foreign_pages() -> None:
    """
    Raises:
        BadRequest: a browser sends this for a page of another site.
    """
    if request.method in WRITES and _is_foreign():
        raise BadRequest("foreign-page")


def _is_foreign() -> bool:
    """Whether a browser says so; scripts send neither of the two headers (Fetch Metadata; RFC 6454)."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site not in ("same-origin", "none")
    # A proxy may speak https outside and http to us: the scheme is not compared.
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host
