"""Headers that no browser sends."""

import pytest
from flask.testing import FlaskClient

from app import create_app
from service.keys import sum_of
from service.settings import Settings

NAMES = ["Host", "Origin", "Sec-Fetch-Site", "Authorization", "Accept-Language", "Cookie", "Content-Type"]
NAMES += [
    "Content-Length",
    "Content-Encoding",
    "Transfer-Encoding",
    "If-None-Match",
    "If-Modified-Since",
    "Range",
]
NAMES += ["Last-Event-ID", "Viewer", "X-Request-Id", "X-Forwarded-For", "Accept"]
VALUES = ["", '"', "é", "W/", "-1", "9" * 30, "\u0663".encode().decode("latin-1"), "a=b;c=", "x" * 10_000]
VALUES += ["Basic", "Basic é", "Basic ////", "Basic OnM=", "Bearer é", "Digest x="]
VALUES += ["[", "[abc]", "[::1", "http://[abc]", "http://[", "http://localhost:abc", "//", "localhost:99999"]
VALUES += [
    "bytes=0-",
    "bytes=5-1",
    "bytes=-" + "9" * 30,
    "bytes=a-b",
    "gzip",
    "chunked",
    "ru;q=x",
    "*;q=1e999",
]
VALUES += ["application/json; charset=x", "application/json;charset=utf-7", "multipart/form-data; boundary="]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A server with keys, reached through a proxy."""
    settings = Settings(data=tmp_path_factory.mktemp("guarded"), api_keys=sum_of("key"), proxies=1)
    return create_app(settings).test_client()


@pytest.mark.parametrize("name", NAMES)
def test_no_header_is_a_mistake_of_the_servers(client: FlaskClient, guarded: FlaskClient, name: str) -> None:
    for value in VALUES:
        for asked in (client, guarded):
            form = {
                "data": b'{"text": "\xe2\x80\xa6"}',
                "headers": {"Content-Type": "application/json", name: value},
            }
            for answer in (
                asked.post("/api/generate_stream", **form),
                asked.get("/static/js/api.js", headers={name: value}),
            ):
                with answer:
                    assert answer.status_code < 500, value
                    assert answer.headers["X-Request-Id"]
