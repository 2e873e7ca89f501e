"""Who is asking, as far as turns are concerned."""

from flask import request

HEADER = "Viewer"
LONGEST = 64  # characters


def viewer() -> str:
    """Return what tells viewers apart: the address, and the token that a page draws when it is opened.

    It is no proof of anything: whoever draws many tokens goes behind those who wait already, each time.
    """
    return f"{request.remote_addr} {request.headers.get(HEADER, '')[:LONGEST]}"
