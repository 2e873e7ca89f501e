"""What the server writes down, for people or for machines; never what users send."""

import json
import logging
from datetime import UTC, datetime
from traceback import format_tb
from types import TracebackType
from typing import Any, Literal, TypeAlias

from flask import g, has_request_context

from voiceover.errors import VoiceoverError

LogFormat: TypeAlias = Literal["text", "json"]
ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

TELLERS = frozenset({"app", "service", "voiceover", "tts", "visemes", "wav2lip", "gunicorn", "werkzeug"})
"""Whose loggers are heard. Of others only errors are: Coqui notes each text, Piper what it cannot say."""

TELLABLE = (VoiceoverError, OSError, ImportError)
"""Errors whose messages are made of nothing that users send; of others the log has the kind and the place."""


def configure(form: LogFormat) -> None:
    """Send the logs of the whole process to standard error."""
    handler = logging.StreamHandler()
    handler.addFilter(is_discreet)
    handler.addFilter(add_request_id)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def is_discreet(record: logging.LogRecord) -> bool:
    """Whether a record comes from somebody who writes down nothing that users send."""
    return record.name.partition(".")[0] in TELLERS or record.levelno >= logging.ERROR


def add_request_id(record: logging.LogRecord) -> bool:
    """Give a record the id of the request that is being answered, or "-"."""
    if not hasattr(record, "request_id"):
        record.request_id = g.get("request_id", "-") if has_request_context() else "-"
    return True


class _Discreet(logging.Formatter):
    """Tells where an error came from, and in its words only where they are no user's."""

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler may have told all there
        return super().format(record)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802  # logging's own name
        lines, error = list[str](), ei[1]
        while error is not None:
            kind = type(error).__name__
            told = f"{kind}: {error}" if isinstance(error, TELLABLE) else kind
            lines = [*format_tb(error.__traceback__), told, *lines]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(line.rstrip("\n") for line in lines)


class TextLines(_Discreet):
    """Lines for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s")


class JsonLines(_Discreet):
    """One JSON object a line; what a record carries as `facts` becomes members of it."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", "-"),
        }
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
