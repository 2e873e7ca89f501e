"""The process that answers: gunicorn with one worker of many threads, so that models are loaded once."""

import ctypes
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker

from service.closing import Closing
from service.settings import Settings

LAST_STEPS = 5  # seconds for all that comes after running clips when the server is stopped
HEAD_TIMEOUT = 10.0  # seconds in which a client must have said what it wants
FIRST_BYTE = 0.1  # seconds for which a thread waits for a client that has said nothing yet
HEAPS, M_ARENA_MAX = 2, -8  # malloc.h
FAREWELL = 1.0  # seconds for which a thread waits for a client to hang up


class _Log(Logger):  # type: ignore[misc]
    """Leaves what gunicorn tells to the handler of all logs."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self.error_log.propagate = True

    def exception(self, msg: object, *args: object, **kwargs: Any) -> None:
        if isinstance(sys.exc_info()[1], TimeoutError):
            self.info("a client was too slow and is no longer waited for")
        else:
            super().exception(msg, *args, **kwargs)


class _Worker(ThreadWorker):  # type: ignore[misc]
    """Waits for no slow client where others wait, and stops in good order.

    gunicorn's own worker lets nobody in any more when it is told to stop: who comes then hears nothing until
    the process ends. This one answers them, with 503, until all that runs is done.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._heads: dict[TConn, float] = {}  # connections whose request is being read, and since when
        self._open: set[TConn] = set()  # connections that a thread is busy with
        self._stopping = False

    def handle(self, conn: TConn) -> object:
        """Answer a request; runs in one of many threads."""
        if not conn.initialized and not conn.wait_for_data(FIRST_BYTE):
            return _DEFER  # browsers open connections that they may never use
        self._open.add(conn)
        self._heads[conn] = time.monotonic()
        try:
            keep = super().handle(conn)
        finally:
            self._heads.pop(conn, None)
            self._open.discard(conn)
        if not keep:
            _part(conn.sock)
        return keep

    def handle_request(self, req: object, conn: TConn) -> object:
        self._heads.pop(conn, None)
        conn.sock.settimeout(self.app.settings.client_patience)
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Give up clients that do not come to the point; called every second."""
        super().murder_pending()
        for conn, since in list(self._heads.items()):
            if time.monotonic() - since > HEAD_TIMEOUT:
                _cut(conn.sock)

    def handle_exit(self, _sig: int, _frame: object) -> None:
        if not self._stopping:
            self._stopping = True
            threading.Thread(target=self._close, name="closing", daemon=True).start()

    def handle_quit(self, sig: int, frame: object) -> None:
        for conn in list(self._open):
            _cut(conn.sock)
        super().handle_quit(sig, frame)

    def _close(self) -> None:
        self.app.closing.close(self.app.settings.grace)
        deadline = time.monotonic() + FAREWELL
        while self._open and time.monotonic() < deadline:  # last bytes
            time.sleep(0.02)
        self.method_queue.defer(self._end)

    def _end(self) -> None:
        self.alive = False
        self.murder_keepalived(force=True)
        for conn in list(self._open):
            _cut(conn.sock)


def _cut(connection: socket.socket) -> None:
    """End what another thread reads or writes."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _part(connection: socket.socket) -> None:
    """Wait here for a client to hang up: gunicorn would, in the thread that lets everybody in."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(FAREWELL)
        connection.recv(1)
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(
        self, make_app: Callable[[Closing], Flask], settings: Settings, listener: socket.socket
    ) -> None:
        self.closing = Closing()
        self.settings = settings
        self._make_app = make_app
        self._listener = listener
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": f"fd://{self._listener.detach()}",
            "worker_class": _Worker,
            "workers": 1,
            "threads": self.settings.threads,
            "graceful_timeout": self.settings.grace + LAST_STEPS,
            "timeout": 0,  # a worker thread may rightly stream for minutes
            "keepalive": 30,
            "control_socket_disable": True,
            "logger_class": _Log,
            "errorlog": None,
            "post_fork": _settle,
            "child_exit": _end_its_group,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._make_app(self.closing)


def _settle(_arbiter: object, _worker: _Worker) -> None:
    """Lead a group of processes, and let all threads share few heaps.

    glibc would give each a heap of its own, and keep what is freed in all of them.
    """
    os.setpgid(0, 0)
    with suppress(AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS)


def _end_its_group(_arbiter: object, worker: _Worker) -> None:
    """End what a worker that was killed has left running: its ffmpeg."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(worker.pid, signal.SIGKILL)


def serve(make_app: Callable[[Closing], Flask], settings: Settings) -> None:
    """Serve until the process is told to stop.

    Args:
        make_app: called in the worker process: threads and models do not survive a fork.

    Raises:
        SystemExit: always: with 0 when it was told to stop, with a sentence where nothing can be served.
    """
    _Gunicorn(make_app, settings, _listener(settings.host, settings.port)).run()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as exc:
        sys.exit(
            f"Voiceover cannot listen at {host}:{port} ({os.strerror(exc.errno) if exc.errno else exc})."
            " Stop what does, or choose another port: VOICEOVER_PORT."
        )
