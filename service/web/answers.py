"""What routes have in common: how answers are described, streamed, and what bodies are taken."""

import logging
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, TypeAlias

from flask import Response, g, request, stream_with_context
from pydantic import BaseModel
from werkzeug.exceptions import UnsupportedMediaType

from service.web.problems import BadRequest

log = logging.getLogger(__name__)

Answer: TypeAlias = dict[str, str | dict[str, dict[str, Any]]]

CLIP: Answer = {
    "description": "MP4",
    "content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}},
}
_HEADERS = {
    "Chunk-Index": "As in the request",
    "Chunk-Start-Frame": "As in the request",
    "Chunk-Frames": "How many frames it has; not where it is streamed while a voice speaks",
    "Next-Start-Frame": "`start_frame` of the chunk that follows; as `Chunk-Frames`",
    "Chunk-Words": "Milliseconds at which each word begins and ends, `80-420 450-900`; as `Chunk-Frames`",
    "Speech-Engine": "Who spoke",
    "Voice": "With which voice",
    "Lips-Engine": "Who drew the lips",
    "Lips-Weights": "With which weights: `wav2lip_gan`, `wav2lip`, or `own`, a network of this avatar's own;"
    " not where the engine needs none",
    "Server-Timing": "Milliseconds spent before the first frame, by stage",
}
SPOKEN: Answer = CLIP | {
    "headers": {
        name: {"description": about, "schema": {"type": "string"}} for name, about in _HEADERS.items()
    }
}
WEBVTT: Answer = {"description": "WebVTT", "content": {"text/vtt": {}}}
SUBRIP: Answer = {"description": "SubRip", "content": {"application/x-subrip": {}}}
EVENTS: Answer = {"description": "Server-sent events", "content": {"text/event-stream": {}}}
JPEG: Answer = {"description": "JPEG", "content": {"image/jpeg": {}}}
_PROBLEM: Answer = {
    "description": "problem+json",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


KEPT: dict[int | str, Answer] = {304: {"description": "The client has it"}}
"""What a client is answered that shows the `ETag` of what it has kept."""
PARTS: dict[int | str, Answer] = KEPT | {
    206: {"description": "The range asked for"},
    416: _PROBLEM,
}
"""What a player is answered that asks for a part of a file."""


def described(schema: type[BaseModel], description: str) -> Answer:
    """An answer in JSON whose schema some other route gives as its own."""
    reference = {"$ref": f"#/components/schemas/{schema.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": reference}}}


def answers(good: Answer, *statuses: int) -> dict[int | str, Answer]:
    """What a route answers, for the OpenAPI document."""
    problems: dict[int | str, Answer] = dict.fromkeys(statuses, _PROBLEM)
    return ({200: good} if good else {}) | problems


def expect(mimetype: str) -> None:
    """Refuse a body of another type: its fields would silently be missing."""
    g.expected_type = mimetype
    if request.mimetype != mimetype:
        raise UnsupportedMediaType


def expect_upload(most: int) -> None:
    """Take a form with files of so many bytes together."""
    expect("multipart/form-data")
    request.max_content_length = request.max_form_memory_size = most


def check_length(text: str, limit: int) -> None:
    """Refuse a text of too many characters."""
    if len(text) > limit:
        raise BadRequest("text-too-long", length=len(text), limit=limit)


def stream_events(events: Iterator[str]) -> Response:
    """Answer with server-sent events; they may be written in the language of the request."""
    g.leave()  # a server that stops does not wait for these
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(stream_with_context(events), mimetype="text/event-stream", headers=headers)


def stream_clip(data: Generator[bytes, None, None], headers: dict[str, str]) -> Response:
    """Answer with a clip, once its first bytes are there: what goes wrong before can still be told."""
    pieces = _followed(data, g.request_id)
    next(pieces)
    # Proxies that buffer would undo the streaming.
    return Response(pieces, mimetype="video/mp4", headers={**headers, "X-Accel-Buffering": "no"})


def _followed(data: Generator[bytes, None, None], request_id: str) -> Iterator[bytes]:
    """Yield nothing as soon as there is something, then what there is.

    What fails after the head of an answer can be told to the log alone.
    """
    with closing(data):
        first = next(data, b"")
        try:
            yield b""
            yield first
            yield from data
        except Exception:
            log.exception("an answer broke off in the middle", extra={"request_id": request_id})
            raise
