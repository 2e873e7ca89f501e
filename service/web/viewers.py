"""Who is asking, as far as turns are concerned."""

import select
import socket

from flask import g, request

HEADER = "Viewer"
LONGEST = 64  # characters


def has_gone() -> bool:
    """Whether the client of this request has hung up; False where the server in front does not let us see."""
    connection = request.environ.get("gunicorn.socket")
    if connection is None:
        return False
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    try:
        # Asked first: a socket with a timeout would wait for that long where there is nothing to read.
        return bool(poll.poll(0)) and not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return True


def viewer() -> str:
    """Return what tells viewers apart: the key or the address, and the token that a page draws.

    It is no proof of anything: whoever draws many tokens goes behind those who wait already, each time.
    """
    return f"{g.get('key') or request.remote_addr} {request.headers.get(HEADER, '')[:LONGEST]}"
