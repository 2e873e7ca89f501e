"""What every answer carries, what the log tells of it, and who may not write."""

import io
import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from service.keys import sum_of
from service.logs import JsonLines, TextLines, add_request_id, configure
from service.registry import Registry
from service.settings import Settings
from service.web.answers import stream_clip
from tts.base import Voice
from voiceover.errors import SynthesisError
from voiceover.types import Speech

SECRET = "заветное"
VOICE = Voice("clumsy:ru", "clumsy", "ru", "Clumsy", "test")


class Clumsy:
    """Speaks one language and fails at everything it is asked to say, with the text in its complaint."""

    name = "clumsy"

    def voices(self) -> Sequence[Voice]:
        return [VOICE]

    def synthesize(self, text: str, voice: Voice, seed: int = 0) -> Speech:
        if "тихо" in text:
            raise SynthesisError("cannot speak this", voice=voice.id) from ValueError(text)
        raise ZeroDivisionError(text)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app(
        Settings(data=tmp_path_factory.mktemp("data")), speech=Registry("speech", {"clumsy": Clumsy})
    )


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(params=[JsonLines, TextLines])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the log of a test is, in either format."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(add_request_id)
    handler.setFormatter(request.param())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_every_answer_has_an_id_of_its_own(client: FlaskClient) -> None:
    answers = [client.get(path) for path in ("/healthz", "/realtime", "/nothing", "/static/js/main.js")]
    ids = {answer.headers["X-Request-Id"] for answer in answers}
    assert len(ids) == len(answers)
    for answer in answers:
        answer.close()


def test_a_problem_tells_its_id(client: FlaskClient) -> None:
    answer = client.post("/api/split", json={"text": "…"})
    assert answer.get_json()["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("wanted", ["a", "0af7651916cd43dd8448eb211c80319c", "job-7_b.2", "x" * 64])
def test_an_id_that_comes_along_is_taken(client: FlaskClient, wanted: str) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": wanted}).headers["X-Request-Id"] == wanted


@pytest.mark.parametrize("wanted", ["", "x" * 65, "a b", 'a"}{', "a;b", "<script>", "идентификатор".encode()])
def test_what_is_no_safe_id_is_not_taken(client: FlaskClient, wanted: str | bytes) -> None:
    sent = wanted if isinstance(wanted, str) else wanted.decode("latin-1")
    given = client.get("/healthz", headers={"X-Request-Id": sent}).headers["X-Request-Id"]
    assert given != sent
    assert len(given) == 16


@pytest.mark.parametrize("written", [JsonLines], indirect=True)
def test_the_log_tells_of_a_request_when_it_is_over(client: FlaskClient, written: io.StringIO) -> None:
    answer = client.get("/api/jobs/a-name-hard-to-guess", headers={"X-Request-Id": "mine"})
    answer.close()
    (line,) = (line for line in lines(written) if "route" in line)
    assert line["request_id"] == "mine"
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/jobs/<job_id>", 404)
    assert line["seconds"] >= 0
    assert line["level"] == "info"
    assert "hard-to-guess" not in written.getvalue()


@pytest.mark.parametrize("written", [JsonLines], indirect=True)
def test_what_is_logged_on_the_way_has_the_id(client: FlaskClient, written: io.StringIO) -> None:
    client.post("/api/generate_stream", json={"text": "раз"}, headers={"X-Request-Id": "mine"}).close()
    told = lines(written)
    assert [line["request_id"] for line in told] == ["mine"] * len(told)
    (bug,) = (line for line in told if line["level"] == "error")
    assert "ZeroDivisionError" in bug["error"]
    assert "in synthesize" in bug["error"], "the place is told"


@pytest.mark.parametrize("text", [SECRET, f"тихо, {SECRET}"])
def test_nothing_that_users_send_is_logged(client: FlaskClient, written: io.StringIO, text: str) -> None:
    answer = client.post(f"/api/generate_stream?{SECRET}", json={"text": text, "language": "ru"})
    assert answer.status_code == 500
    answer.close()
    client.post("/api/split", json={"text": SECRET, "voice": SECRET}).close()
    client.get(f"/{SECRET}").close()
    client.open("/api/split", method="SECRET").close()
    assert "500" in written.getvalue()
    assert SECRET not in written.getvalue()
    assert "SECRET" not in written.getvalue()


def test_libraries_write_down_no_texts(client: FlaskClient, capsys: pytest.CaptureFixture[str]) -> None:
    """As some do: Coqui notes what it is to speak, Piper the letters that it has no sound for."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        configure("json")
        logging.getLogger("TTS.utils.synthesizer").warning("Input: %s", SECRET)
        logging.getLogger("piper.phoneme_ids").warning("Missing phoneme from id map: %s", SECRET)
        client.get("/healthz").close()
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    told = capsys.readouterr().err
    assert "/healthz" in told
    assert SECRET not in told


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "https://elsewhere.example"},
    {"Origin": "http://localhost:8080"},
    {"Origin": "http://localhost.elsewhere.example"},
    {"Origin": "null"},
]
OURS = [
    {},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost"},
    {"Origin": "https://localhost"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_pages_of_other_sites_may_not_write(app: Flask, headers: dict[str, str]) -> None:
    client = app.test_client()
    writes = [
        (rule.rule.replace("<", "").replace(">", ""), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}
    ]
    assert len(writes) > 8
    for path, method in writes:
        answer = client.open(path, method=method, json={"text": "раз"}, headers=headers)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "foreign-page"), path
    told = {
        client.post("/api/split", headers=headers | {"Accept-Language": language}).get_json()["detail"]
        for language in ("ru", "en")
    }
    assert len(told) == 2


@pytest.mark.parametrize("headers", OURS)
def test_our_own_pages_and_scripts_may_write(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post("/api/split", json={"text": "Раз."}, headers=headers)
    assert answer.status_code == 200


def test_other_sites_are_given_no_answers_to_read(client: FlaskClient) -> None:
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for answer in (
        client.get("/api/voices", headers=elsewhere),
        client.options("/api/split", headers=elsewhere | asked),
    ):
        assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118


TRUSTED = "https://trusted.example"


@pytest.fixture
def trusting(tmp_path: Path) -> FlaskClient:
    keys = sum_of("key")
    return create_app(
        Settings(data=tmp_path, api_keys=keys, origins=f"{TRUSTED},http://other:1")
    ).test_client()


def test_pages_of_trusted_sites_may_read_and_write(trusting: FlaskClient) -> None:
    page = {"Origin": TRUSTED, "Sec-Fetch-Site": "cross-site"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    advance = trusting.options("/api/split", headers=page | asked)
    assert advance.status_code == 204, "a browser shows no key yet"
    assert "POST" in advance.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in advance.headers["Access-Control-Allow-Headers"]
    key = {"Authorization": "Bearer key"}
    answer = trusting.post("/api/split", json={"text": "Раз."}, headers=page | key)
    assert answer.status_code == 200
    refused = trusting.post("/api/split", json={"text": "Раз."}, headers=page)
    assert refused.status_code == 401, "and needs one all the same"
    for told in (advance, answer, refused):
        assert told.headers["Access-Control-Allow-Origin"] == TRUSTED
        assert told.headers["Access-Control-Expose-Headers"] == "*"
        assert "Access-Control-Allow-Credentials" not in told.headers
        assert "Origin" in told.headers["Vary"]


@pytest.mark.parametrize("origin", ["https://elsewhere.example", f"{TRUSTED}.elsewhere.example", "null", ""])
def test_trust_in_one_site_is_no_trust_in_others(trusting: FlaskClient, origin: str) -> None:
    page = {"Origin": origin, "Sec-Fetch-Site": "cross-site", "Authorization": "Bearer key"}
    answer = trusting.post("/api/split", json={"text": "Раз."}, headers=page)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "foreign-page")
    advance = trusting.options("/api/split", headers=page | {"Access-Control-Request-Method": "POST"})
    for told in (answer, advance):
        assert not [name for name, _ in told.headers if name.startswith("Access-Control")]
        assert "Origin" in told.headers["Vary"], "or a cache would mix them up"


@pytest.mark.parametrize("path", ["/realtime", "/docs", "/api/engines", "/static/js/main.js", "/nothing"])
def test_browsers_are_told_what_pages_need_not_do(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "script-src" not in policy, "scripts come from here alone"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("written", [JsonLines], indirect=True)
def test_what_breaks_off_in_the_middle_is_logged_with_its_id(app: Flask, written: io.StringIO) -> None:
    def broken() -> Iterator[bytes]:
        yield b"a beginning"
        raise ZeroDivisionError(SECRET)

    with app.test_request_context("/healthz", headers={"X-Request-Id": "mine"}):
        app.preprocess_request()
        answer = stream_clip(broken(), {})
    with pytest.raises(ZeroDivisionError):
        list(answer.response)
    (error,) = lines(written)
    assert (error["request_id"], error["message"]) == ("mine", "an answer broke off in the middle")
    assert "ZeroDivisionError" in error["error"]
    assert SECRET not in written.getvalue()
