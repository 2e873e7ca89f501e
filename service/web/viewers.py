"""Who is asking, as far as turns are concerned."""

from flask import g, request

HEADER = "Viewer"
LONGEST = 64  # characters


def viewer() -> str:
    """Return what tells viewers apart: the key or the address, and the token that a page draws.

    It is no proof of anything: whoever draws many tokens goes behind those who wait already, each time.
    """
    return f"{g.get('key') or request.remote_addr} {request.headers.get(HEADER, '')[:LONGEST]}"
