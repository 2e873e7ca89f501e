"""Who gets in: nobody by mistake."""

import os
import re
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import ValidationError

from app import create_app
from service.keys import REMEMBERED, WRONG, Allowance, sum_of
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


STRANGER, NEIGHBOUR = {"REMOTE_ADDR": "203.0.113.7"}, {"REMOTE_ADDR": "203.0.113.8"}


def test_wrong_keys_are_counted_by_address(client: FlaskClient) -> None:
    def ask(key: str, who: dict[str, str]) -> int:
        return client.get("/openapi.json", headers=bearer(key), environ_overrides=who).status_code

    assert {client.get("/openapi.json", environ_overrides=STRANGER).status_code for _ in range(WRONG)} == {
        401
    }
    assert [ask(f"guess {number}", STRANGER) for number in range(WRONG + 1)] == [401] * WRONG + [429]
    assert ask(ONE, STRANGER) == 429, "nor is a right one looked at"
    assert ask(ONE, NEIGHBOUR) == 200
    refused = client.get("/openapi.json", environ_overrides=STRANGER)
    assert refused.get_json()["code"] == "too-many-wrong-keys"
    assert refused.headers["Retry-After"]


def test_nobody_is_locked_out_by_whoever_comes_through_the_same_proxy(tmp_path: Path) -> None:
    """A proxy on this machine gives its own address to everybody, unless it is told to be one."""
    for proxies, guesser in ((0, "127.0.0.1"), (1, "203.0.113.7")):
        app = create_app(Settings(data=tmp_path, api_keys=sum_of(ONE), proxies=proxies))

        def ask(key: str, address: str, app: Flask = app) -> int:
            forged = f"198.51.100.1, {address}"  # the first is what the asker says of himself
            headers = bearer(key) | {"X-Forwarded-For": forged}
            return app.test_client().get("/openapi.json", headers=headers).status_code

        told = {ask(f"guess {number}", "203.0.113.7") for number in range(2 * WRONG)}
        assert told == ({401, 429} if proxies else {401}), guesser
        assert ask(ONE, "203.0.113.8") == 200


def test_what_is_counted_takes_a_bounded_place() -> None:
    allowance = Allowance(1)
    for number in range(REMEMBERED + 10):
        assert allowance.use(str(number))
    assert len(allowance._used) == REMEMBERED


OURS = ["localhost", "localhost:3000", "LOCALHOST", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:3000"]
FOREIGN = ["rebound.example", "rebound.example:3000", "localhost.rebound.example", "192.168.1.5", "[fe80::1]"]
FOREIGN += ["localhost@rebound.example", "rebound.example#localhost", "", "127.0.0.1.rebound.example", "a b"]


def asked_as(name: str, settings: Settings) -> int:
    client = create_app(settings).test_client()
    assert client.get("/healthz", headers={"Host": name}).status_code == 200, "load balancers use any name"
    return client.get("/openapi.json", headers={"Host": name}).status_code


@pytest.mark.parametrize("name", OURS)
def test_a_server_for_this_machine_answers_to_its_names(tmp_path: Path, name: str) -> None:
    assert asked_as(name, Settings(data=tmp_path)) == 200


@pytest.mark.parametrize("name", FOREIGN)
def test_a_server_for_this_machine_answers_to_no_other_name(tmp_path: Path, name: str) -> None:
    """A page can make its own name point here, and would then be taken for one of ours."""
    assert asked_as(name, Settings(data=tmp_path)) == 421


def test_other_names_may_be_given(tmp_path: Path) -> None:
    named = Settings(data=tmp_path, hosts="voice.example,box.local")
    assert [asked_as(name, named) for name in ("voice.example", "box.local:80", "localhost")] == [200] * 3
    assert asked_as("rebound.example", named) == 421
    everybody = Settings(data=tmp_path, host="0.0.0.0", open="yes-anybody-may-use-this-server")
    assert asked_as("rebound.example", everybody) == 200, "who opens a server need not know its names"
    assert asked_as("rebound.example", everybody.model_copy(update={"hosts": "voice.example"})) == 421


@pytest.mark.parametrize(
    "setting", [{"hosts": "voice.example:80"}, {"origins": "*"}, {"origins": "https://a.example/path"}]
)
def test_what_is_no_name_or_origin_is_refused(setting: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(**setting)


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
