"""The process that answers: gunicorn with one worker of many threads, so that models are loaded once."""

from collections.abc import Callable

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger

from service.settings import Settings

GRACE = 10  # seconds for running clips when the server is stopped


class _Log(Logger):  # type: ignore[misc]
    """Leaves what gunicorn tells to the handler of all logs."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self.error_log.propagate = True


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, make_app: Callable[[], Flask], settings: Settings) -> None:
        self._make_app = make_app
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": self._settings.threads,
            "graceful_timeout": GRACE,
            "timeout": 0,  # a worker thread may rightly stream for minutes
            "keepalive": 30,
            "control_socket_disable": True,
            "logger_class": _Log,
            "errorlog": None,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._make_app()


def serve(make_app: Callable[[], Flask], settings: Settings) -> None:
    """Serve until the process is told to stop.

    Args:
        make_app: called in the worker process: threads and models do not survive a fork.
    """
    _Gunicorn(make_app, settings).run()
