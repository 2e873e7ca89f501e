"""Whom the server waits for when it is stopped: who is being answered, and nobody else."""

from pathlib import Path

import pytest

from app import create_app
from service.closing import Closing
from service.settings import Settings


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/realtime", "/static/js/desk.js", "/static/nothing", "/api/voices"])
def test_who_has_been_answered_is_not_waited_for(tmp_path: Path, path: str, method: str) -> None:
    closing = Closing()
    client = create_app(Settings(data=tmp_path), closing=closing).test_client()
    client.open(path, method=method).close()
    assert closing.close(patience=0)


@pytest.mark.parametrize("path", ["/static/js/desk.js", "/healthz"])
def test_who_is_still_being_answered_is_waited_for(tmp_path: Path, path: str) -> None:
    closing = Closing()
    with create_app(Settings(data=tmp_path), closing=closing).test_client() as client:
        answer = client.get(path, buffered=False)
        assert not closing.close(patience=0)
        answer.close()
        assert closing.close(patience=0)
