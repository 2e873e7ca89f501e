"""Who gets in: nobody by mistake."""

import os
import re
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pydantic import ValidationError

from app import create_app
from service.keys import sum_of
from service.settings import Settings

ROOT = Path(__file__).parents[1]
ONE, OTHER = "a-long-and-random-key", "another-long-and-random-key"
MOST = 5


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    keys = f"{sum_of(ONE)},{sum_of(OTHER)}"
    return create_app(Settings(data=tmp_path, api_keys=keys, requests_a_minute=MOST)).test_client()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def basic(key: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'anybody:{key}'.encode()).decode()}"}


@pytest.mark.parametrize("headers", [bearer(ONE), bearer(OTHER), basic(ONE)])
def test_who_has_a_key_comes_in(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.get("/realtime", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("guess"),
        bearer(sum_of(ONE)),
        bearer(""),
        basic("guess"),
        {"Authorization": f"Digest {ONE}"},
        {"Authorization": "Basic ???"},
        {"Authorization": ONE},
    ],
)
def test_who_has_none_does_not(client: FlaskClient, headers: dict[str, str]) -> None:
    for path in ("/realtime", "/api/voices", "/metrics", "/static/js/api.js", "/openapi.json", "/nothing"):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "key-needed"), path
        assert answer.headers["WWW-Authenticate"].startswith("Basic "), "browsers ask their user"


def test_load_balancers_need_no_key(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_a_key_is_good_for_so_many_requests(client: FlaskClient) -> None:
    statuses = [client.get("/openapi.json", headers=bearer(ONE)).status_code for _ in range(MOST + 2)]
    assert statuses == [200] * MOST + [429] * 2
    assert "Retry-After" in client.get("/openapi.json", headers=bearer(ONE)).headers
    assert client.get("/openapi.json", headers=bearer(OTHER)).status_code == 200, "each has its own"


def test_a_key_can_be_made(tmp_path: Path) -> None:
    made = create_app(Settings(data=tmp_path)).test_cli_runner().invoke(args=["key"])
    key, known = made.output.split()
    assert len(key) >= 43
    client = create_app(Settings(data=tmp_path, api_keys=known)).test_client()
    assert client.get("/realtime", headers=bearer(key)).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_needs_no_key(host: str) -> None:
    assert Settings(host=host).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "example.org"])
def test_anything_else_needs_one_or_a_word(host: str) -> None:
    with pytest.raises(ValidationError, match="VOICEOVER_API_KEYS"):
        Settings(host=host)
    assert Settings(host=host, api_keys=sum_of(ONE)).host == host
    assert Settings(host=host, open="yes-anybody-may-use-this-server").host == host


@pytest.mark.parametrize("setting", [{"api_keys": ONE}, {"open": "yes"}])
def test_what_is_neither_a_sum_nor_the_word_is_refused(setting: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(**setting)


def test_an_open_server_does_not_start_by_mistake(tmp_path: Path) -> None:
    environment = os.environ | {"VOICEOVER_HOST": "0.0.0.0", "VOICEOVER_DATA": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 1
    assert "VOICEOVER_API_KEYS" in result.stderr
    assert "VOICEOVER_OPEN" in result.stderr
    assert "Traceback" not in result.stderr


def test_every_promise_has_its_test() -> None:
    promises = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/security.md").read_text())
    assert len(promises) > 15
    for file, name in promises:
        assert f"def {name}(" in (ROOT / file).read_text(), name
