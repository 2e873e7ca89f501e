"""The OpenAPI document: what any route may answer, beside what each says of itself."""

from collections.abc import Iterator, Mapping
from typing import Any

from apiflask import APIFlask

from service.web import schemas
from service.web.answers import answers
from service.web.origin import WRITES

KEYS = {"bearer": {"type": "http", "scheme": "bearer"}, "basic": {"type": "http", "scheme": "basic"}}
OPEN = frozenset({"/healthz", "/readyz"})
"""Where nobody is asked for a key, and by which name he came."""


def complete(app: APIFlask, keys_needed: bool) -> None:
    """Let the document tell of the problems that a request may meet before its route, and of keys."""
    # What APIFlask says of errors by itself is not what `problems.py` answers.
    app.config.update(AUTO_404_RESPONSE=False, AUTO_VALIDATION_ERROR_RESPONSE=False)

    @app.spec_processor
    def add(document: dict[Any, Any] | str) -> dict[Any, Any] | str:
        assert isinstance(document, dict)  # the format is JSON
        problem = schemas.ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
        document["components"]["schemas"] |= problem.pop("$defs") | {"Problem": problem}
        if keys_needed:
            document["components"]["securitySchemes"] = KEYS
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if "requestBody" in operation:
                    operation["requestBody"]["required"] = True
                if path in OPEN:
                    continue
                if keys_needed:
                    operation["security"] = [{name: []} for name in KEYS]
                for status in _on_the_way(method, operation, keys_needed):
                    operation["responses"].setdefault(str(status), answers({}, status)[status])
        return document


def _on_the_way(method: str, operation: Mapping[str, Any], keys_needed: bool) -> Iterator[int]:
    """Yield the statuses with which a request may end before its route is called."""
    yield 421
    if keys_needed:
        yield from (401, 429)
    if method.upper() in WRITES:
        yield 403
    if "requestBody" in operation:
        yield from (400, 413, 415, 422)
