"""Requests that nobody sane would send, made by schemathesis from the server's own OpenAPI document.

What is sent is either what the document allows or what it forbids; in half of the cases names are put in
that exist, so that requests reach further than to "there is no such thing". Every answer is held against
the document.
"""

import io
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app import create_app
from service.settings import Settings
from tests.hostile.texts import hostile
from tests.recordings import file, spoken
from voiceover.avatars import astronaut

Operation: TypeAlias = APIOperation[Any, Any, Any, Any]
Request: TypeAlias = Case[Any]

PROMISES = [status_code_conformance, content_type_conformance, response_schema_conformance]
NAMES = {
    "language": ["auto", "ru", "en", "de", "cmn", "ja", "ar"],
    "avatar": ["astronaut"],
    "voice": ["auto", "espeak:ru+f2", "espeak:en-us", "espeak:cmn"],
    "lips": ["auto", "visemes", "wav2lip"],
}


class Tracebacks(logging.Handler):
    """Keeps what a server writes down of its own mistakes."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.told.append(self.format(record))


@dataclass
class Tally:
    """What a server answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    """Seconds that one request took, to its last byte."""

    def __iadd__(self, other: "Tally") -> "Tally":
        self.statuses += other.statuses
        self.slowest = max(self.slowest, other.slowest)
        return self

    def count(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        self.slowest = max(self.slowest, seconds)


def besieged(data: Path) -> Flask:
    """Return a server that takes little, so that its limits are met, too."""
    return create_app(Settings(data=data, max_avatars=5, max_voices=5, max_waiting=2, max_films=5))


class Siege:
    """All that a server can be asked."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()
        schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
        operations: list[Operation] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
        self._operations = {operation.label: operation for operation in operations}
        self._things = Things(self._client)

    def labels(self) -> list[str]:
        """Return what can be attacked: methods and addresses, such as "POST /api/split"."""
        return list(self._operations)

    def attack(self, label: str, requests: int, start: int = 0) -> Tally:
        """Send at most so many requests to one address; fewer, where there is nothing to vary.

        Raises:
            Exception: an answer that the document does not promise; how to repeat the request is told.
        """
        tally = Tally()

        @seed(start)
        @_many(requests)
        @given(_cases(self._operations[label]), st.data())
        def once(case: Request, data: st.DataObject) -> None:
            if data.draw(st.booleans()):
                self._make_likely(case, data)
            begun = time.perf_counter()
            with self._client.open(**case.as_transport_kwargs()) as answer:
                if answer.mimetype == "text/event-stream":  # of which there may be no end
                    events = answer.iter_encoded()
                    first = next(events)
                    answer.close()
                    answer.set_data(first)
                answer.get_data()
                tally.count(answer.status_code, time.perf_counter() - begun)
                case.validate_response(answer, checks=PROMISES)
            if answer.status_code >= 500 and label != "GET /readyz":
                assert (answer.status_code, "retry-after" in answer.headers) == (503, True), answer.data

        once()
        return tally

    def tell(self, path: str, requests: int, start: int = 0) -> Tally:
        """Send so many hostile texts to `/api/split`, `/api/generate_stream` or, as "say", to a conversation.

        Raises:
            AssertionError: a text was neither taken nor refused as it should be.
        """
        tally = Tally()

        @seed(start)
        @_many(requests)
        @given(hostile(3 if path == "/api/generate_stream" else 12), st.sampled_from(NAMES["language"]))
        def once(text: str, language: str) -> None:
            if path == "say":
                place, body = f"/api/sessions/{self._things.id_of('session_id')}/say", {"text": text}
            else:
                place, body = path, {"text": text, "language": language}
            begun = time.perf_counter()
            with self._client.post(place, json=body) as answer:
                data = answer.data
            tally.count(answer.status_code, time.perf_counter() - begun)
            if answer.status_code == 200 and answer.mimetype == "video/mp4":
                assert data[4:8] == b"ftyp"
                assert len(answer.headers["Chunk-Words"].split()) == len(text.split())
            elif answer.status_code == 200:
                assert all(any(map(str.isalnum, chunk["text"])) for chunk in answer.get_json()["chunks"])
            else:
                assert (answer.status_code, answer.get_json()["code"]) == (422, "nothing-to-speak"), text

        once()
        return tally

    def _make_likely(self, case: Request, data: st.DataObject) -> None:
        """Put in names of what there is."""
        if isinstance(case.body, dict):
            for name in case.body.keys() & NAMES.keys():
                case.body[name] = data.draw(st.sampled_from(NAMES[name]))
        for name in case.path_parameters or ():
            case.path_parameters[name] = self._things.id_of(name)
        if case.path.endswith("/events"):
            case.query.clear()  # whoever asks for what has not happened yet would have to wait for it


def _many(requests: int) -> settings:
    return settings(
        max_examples=requests,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def _cases(operation: Operation) -> st.SearchStrategy[Request]:
    """What the document allows, and what it forbids of bodies and queries."""
    allowed = operation.as_strategy(GenerationMode.POSITIVE)
    if not operation.body and not operation.query:
        return allowed
    return allowed | operation.as_strategy(GenerationMode.NEGATIVE)


class Things:
    """What there is on a server to be asked for; made again when it was deleted."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self._ids: dict[str, str] = {}
        self._places: dict[str, tuple[str, Callable[[], str]]] = {
            "session_id": ("/api/sessions/{}", self._session),
            "job_id": ("/api/jobs/{}", self._film),
            "avatar_id": ("/api/avatars/{}", self._avatar),
            "voice_id": ("/api/voices/{}/sample.wav", self._voice),
        }

    def id_of(self, name: str) -> str:
        """Return what stands for a parameter in an address."""
        place, make = self._places[name]
        known = self._ids.get(name, "")
        with self._client.get(place.format(known)) as answer:
            if not known or answer.status_code == 404:
                self._ids[name] = make()
        return self._ids[name]

    def _session(self) -> str:
        session = self._client.post("/api/sessions", json={}).get_json()
        self._client.post(session["say"], json={"text": "Раз.", "end": True})
        return str(session["id"])

    def _film(self) -> str:
        while (answer := self._client.post("/api/generate", json={"text": "Да."})).status_code == 503:
            time.sleep(0.2)  # others are being made
        return str(answer.get_json()["id"])

    def _avatar(self) -> str:
        form = {"file": (io.BytesIO(cv2.imencode(".jpg", astronaut())[1].tobytes()), "me.jpg")}
        return str(self._client.post("/api/avatars", data=form).get_json()["id"])

    def _voice(self) -> str:
        form = {
            "recording": (io.BytesIO(file(spoken(), "ogg")), "me.ogg"),
            "name": "me",
            "consent": "true",
        }
        return str(self._client.post("/api/voices", data=form).get_json()["id"])
