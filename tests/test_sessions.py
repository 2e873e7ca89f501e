"""Conversations: text that comes in pieces becomes chunks, pages follow, nothing is lost."""

import json
import subprocess
import sys
import threading
from itertools import islice
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from service.sessions import Event, HeldSession, Manner, Session, SessionStore
from tests.server import running_server
from voiceover import chunks
from voiceover.errors import Busy, InvalidRequest, NotFound

MANNER = Manner("ru", "astronaut", "auto", "auto")
TEXT = "Привет! Меня зовут Аватар. Т.е. я, А. С. Пушкин, живу на ул. Мира 3.14 года. Как дела? Хорошо"


def session() -> Session:
    return HeldSession("id", MANNER, chunks.split, 10_000)


def spoken(talk: Session) -> list[str]:
    return [event.chunk.text for event in known(talk) if event.chunk]


def known(talk: Session) -> list[Event]:
    """All events so far."""
    talk.close()
    return [event for event in talk.watch(0) if event]


@given(st.lists(st.integers(0, len(TEXT)), max_size=20))
def test_however_text_comes_it_is_cut_as_if_it_had_come_at_once(places: list[int]) -> None:
    talk = session()
    ends = [*sorted(places), len(TEXT)]
    for start, stop in zip([0, *ends], ends, strict=False):
        talk.say(TEXT[start:stop], end=False)
    talk.say("", end=True)
    assert spoken(talk) == [chunk.text for chunk in chunks.split(TEXT, "ru")]


@given(st.text(max_size=200), st.integers(1, 7))
def test_no_character_is_lost_whatever_comes(text: str, step: int) -> None:
    talk = session()
    for start in range(0, len(text), step):
        talk.say(text[start : start + step], end=False)
    talk.say("", end=True)
    said = "".join("".join(spoken(talk)).split())
    assert [c for c in said if c.isalnum()] == [c for c in text if c.isalnum()]


def test_a_sentence_is_spoken_when_the_next_word_is_whole() -> None:
    talk = session()
    assert talk.say("Привет", end=False) == []
    assert talk.say("! К", end=False) == []
    (chunk,) = talk.say("ак ", end=False)
    assert (chunk.index, chunk.text) == (0, "Привет!")
    (chunk,) = talk.say("дела?\n", end=False)
    assert (chunk.index, chunk.text) == (1, "Как дела?")


def test_a_sentence_that_nobody_ends_is_spoken_after_a_while() -> None:
    talk = session()
    talk.say("Ну вот", end=False)
    event = next(event for event in talk.watch(0) if event)
    assert event.chunk
    assert event.chunk.text == "Ну вот"


def test_an_interruption_forgets_what_is_pending() -> None:
    talk = session()
    talk.say("Раз. Два. Тр", end=False)
    talk.interrupt()
    talk.say("Четыре.", end=True)
    assert [event.kind for event in known(talk)] == ["chunk", "interrupt", "chunk", "closed"]
    assert spoken(talk) == ["Раз.", "Четыре."]


def test_a_page_that_is_opened_again_goes_on_where_nobody_has_spoken() -> None:
    talk = session()
    talk.say("Раз. Два. Три.", end=True)
    assert talk.resume == 0
    talk.tell("begun", 0)
    talk.tell("ended", 0)
    talk.tell("begun", 1)
    talk.close()
    later = [event for event in islice(talk.watch(talk.resume), 10) if event]
    assert [event.chunk.text for event in later if event.chunk] == ["Три."]
    with pytest.raises(InvalidRequest):
        talk.tell("begun", 3)


def test_everybody_who_watches_sees_the_same() -> None:
    talk = session()
    seen: list[list[Event]] = [[], []]
    watchers = [
        threading.Thread(target=lambda into=into: into.extend(e for e in talk.watch(0) if e)) for into in seen
    ]
    for watcher in watchers:
        watcher.start()
    for word in TEXT.split(" "):
        talk.say(word + " ", end=False)
    talk.say("", end=True)
    talk.close()
    for watcher in watchers:
        watcher.join(30)
    assert seen[0] == seen[1]
    assert [event.id for event in seen[0]] == list(range(1, len(seen[0]) + 1))


def test_sessions_are_bounded_and_forgotten() -> None:
    store = SessionStore(chunks.split, most=1, most_text=100, hours=1)
    first = store.open(MANNER)
    with pytest.raises(Busy):
        store.open(MANNER)
    store.close(first.id)
    with pytest.raises(NotFound):
        store.get(first.id)
    forgetful = SessionStore(chunks.split, most=1, most_text=100, hours=0)
    forgetful.open(MANNER)
    forgetful.open(MANNER)
    with pytest.raises(InvalidRequest):
        first.say("а" * 101, end=False)


def test_a_script_leads_a_conversation(client: FlaskClient) -> None:
    answer = client.post("/api/sessions", json={"language": "ru"})
    assert answer.status_code == 201
    talk = answer.get_json()
    assert talk["page"] == f"/realtime?session={talk['id']}"
    said = client.post(talk["say"], json={"text": "Привет! Как дела?", "end": True}).get_json()
    assert [chunk["text"] for chunk in said["chunks"]] == ["Привет!", "Как дела?"]
    base = f"/api/sessions/{talk['id']}"
    assert client.post(f"{base}/heard", json={"event": "begun", "index": 0}).status_code == 204
    assert client.post(talk["interrupt"]).status_code == 204
    assert client.get(base).get_json()["resume"] == 4
    assert client.delete(base).status_code == 204
    assert client.get(base).get_json()["code"] == "session-not-found"
    assert client.post(talk["say"], json={"text": "x"}).status_code == 404


def test_events_are_told_as_a_browser_reads_them(client: FlaskClient) -> None:
    talk = client.post("/api/sessions", json={}).get_json()
    client.post(talk["say"], json={"text": "Раз. Два.", "end": True})
    with client.get(talk["events"], headers={"Last-Event-ID": "1"}) as answer:
        assert answer.mimetype == "text/event-stream"
        first = next(answer.iter_encoded()).decode()
    identity, kind, data = first.strip().split("\n")
    assert (identity, kind) == ("id: 2", "event: chunk")
    assert json.loads(data.removeprefix("data: "))["text"] == "Два."


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"avatar": "nobody"}, "avatar-not-found"),
        ({"voice": "nobody"}, "voice-not-found"),
        ({"language": "xx"}, "language-not-found"),
        ({"lips": "nobody"}, "lips-not-found"),
        ({"x": 1}, "invalid-fields"),
    ],
)
def test_what_cannot_be_spoken_is_refused_at_once(
    client: FlaskClient, body: dict[str, object], code: str
) -> None:
    answer = client.post("/api/sessions", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


def test_the_example_streams_words(tmp_path: Path) -> None:
    script = Path(__file__).parents[1] / "examples" / "converse.py"
    with running_server(tmp_path) as server:
        url = server.url
        command = [sys.executable, script, TEXT, "--server", url, "--words-per-minute", "60000"]
        page = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    assert page.startswith(f"{url}/realtime?session=")
