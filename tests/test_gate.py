"""Who is let in when: threads that stand in line, and real clips on a small server."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from service.gate import HEAD_START, LONGEST, Gate, Place
from service.settings import Settings
from voiceover.errors import Busy

PATIENCE = 60.0  # seconds; a limit against hanging


class Line:
    """A gate, and threads that stand before it one behind the other."""

    def __init__(self, places: int = 1) -> None:
        self.now = 0.0
        self.gate = Gate(places, PATIENCE, clock=lambda: self.now)
        self.entered: list[str] = []
        self.places: dict[str, Place] = {}

    def join(self, name: str, first: bool = False) -> None:
        """Let a thread line up; its viewer is the first letter of its name."""
        before = self.gate.waiting() + len(self.entered)

        def stand() -> None:
            place = self.gate.enter(name[0], first)
            self.places[name] = place
            self.entered.append(name)

        threading.Thread(target=stand, daemon=True).start()
        until(lambda: self.gate.waiting() + len(self.entered) == before + 1)

    def leave(self) -> None:
        """Let out whoever has been inside longest, and in who is next."""
        count, waiting = len(self.entered), self.gate.waiting()
        self.gate.leave(self.places.pop(next(iter(self.places))))
        until(lambda: len(self.entered) == count + min(1, waiting))

    def order(self) -> list[str]:
        """Let everybody through; return them in the order in which they were let in."""
        while self.gate.waiting():
            self.leave()
        return self.entered


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_no_more_than_the_places_are_inside() -> None:
    line = Line(places=2)
    for name in ("a1", "b1", "c1", "d1"):
        line.join(name)
    assert line.entered == ["a1", "b1"]
    line.leave()
    assert line.entered == ["a1", "b1", "c1"]
    line.order()


def test_viewers_take_turns_however_much_one_asks_for() -> None:
    line = Line()
    for name in ("a1", "a2", "a3", "a4", "b1", "b2", "c1"):
        line.join(name)
    assert line.order() == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


def test_who_has_no_place_goes_before_who_has_one() -> None:
    line = Line(places=2)
    for name in ("b1", "a1", "a2", "b2"):
        line.join(name)
    line.leave()  # b1: of the two who wait, only a is still inside
    assert line.entered[-1] == "b2"
    line.order()


def test_a_first_chunk_goes_before_later_ones() -> None:
    line = Line()
    line.join("a1")
    for name in ("b1", "c1"):
        line.join(name)
    line.join("d1", first=True)
    assert line.order() == ["a1", "d1", "b1", "c1"]


def test_first_chunks_do_not_starve_a_later_one() -> None:
    line = Line()
    line.join("a1")
    line.join("b1")
    for number in range(2 * HEAD_START):
        line.join(f"a{number + 2}", first=True)
    assert line.order().index("b1") <= HEAD_START + 1


def test_new_names_for_each_chunk_do_not_starve_who_waits() -> None:
    line = Line()
    line.join("a1")
    line.join("b1")
    for number in range(2 * HEAD_START):
        line.join(f"{chr(ord('c') + number)}1", first=True)
        line.leave()
    assert "b1" in line.order()[: HEAD_START + 3]


def test_a_wait_that_would_be_too_long_is_refused_at_once() -> None:
    gate = Gate(places=1, patience=0.5)
    place = gate.enter("a")
    with pytest.raises(Busy) as refusal:
        gate.enter("b")
    assert refusal.value.details["retry_after"] == 1
    assert gate.waiting() == 0
    gate.leave(place)
    gate.leave(gate.enter("b"))


def test_one_who_asks_for_much_is_refused_and_others_are_not() -> None:
    line = Line()
    line.gate.patience = 4.5  # turns of a second each
    for name in ("a1", "a2", "a3", "a4"):
        line.join(name)
    line.join("a5")
    with pytest.raises(Busy):
        line.gate.enter("a")
    line.join("b1")
    assert line.gate.waiting() == 5
    line.order()


def test_who_waited_in_vain_is_out_of_the_line() -> None:
    gate = Gate(places=1, patience=1.001)
    place = gate.enter("a")
    with pytest.raises(Busy):  # a place is expected to be held for a second, and this one is held longer
        gate.enter("b")
    assert gate.waiting() == 0
    gate.leave(place)


def test_a_place_may_be_given_back_twice() -> None:
    line = Line()
    line.join("a1")
    place = line.places["a1"]
    line.join("b1")
    line.leave()
    line.gate.leave(place)
    line.join("c1")
    assert line.entered == ["a1", "b1"]
    line.order()


def test_who_fetches_slowly_does_not_keep_others_out() -> None:
    line = Line()
    line.join("a1")
    line.now = LONGEST + 1
    line.join("b1")
    assert line.entered == ["a1", "b1"]


def test_a_gate_that_is_given_more_places_lets_in_who_waits() -> None:
    line = Line(places=0)
    line.join("a1")
    line.join("b1")
    assert line.entered == [] and line.gate.full()
    line.gate.resize(2)
    until(lambda: sorted(line.entered) == ["a1", "b1"])
    assert line.gate.full()
    line.gate.resize(3)
    assert not line.gate.full()
    line.gate.resize(1)
    line.join("c1")
    assert sorted(line.entered) == ["a1", "b1"], "nobody is thrown out, and nobody let in"
    line.gate.leave(line.places["a1"])
    assert sorted(line.entered) == ["a1", "b1"]
    line.gate.leave(line.places["b1"])
    until(lambda: line.entered[2:] == ["c1"])


def test_a_film_steps_aside_for_speech() -> None:
    line = Line()
    with line.gate.film() as step_aside:
        line.join("a1")
        assert line.entered == []
        through = threading.Event()
        threading.Thread(target=lambda: (step_aside(), through.set()), daemon=True).start()
        until(lambda: line.entered == ["a1"])
        line.join("b1")
        assert not through.is_set()
        line.order()
        assert line.entered == ["a1", "b1"], "speech goes before the film that waits"
        line.leave()
        assert through.wait(PATIENCE)
    line.join("c1")
    assert line.entered[-1] == "c1"


# Real clips.


@pytest.fixture
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    settings = Settings(data=tmp_path_factory.mktemp("data"), renders=1, max_wait=0.5)
    with create_app(settings).test_client() as client:
        yield client


def speak(client: FlaskClient, text: str) -> TestResponse:
    return client.post("/api/generate_stream", json={"text": text, "language": "ru"})


def test_a_busy_server_says_so_and_when_to_come_again(client: FlaskClient) -> None:
    first = speak(client, "слово " * 60)
    assert next(first.response)
    refused = speak(client, "Другое.")
    assert refused.status_code == 503
    assert refused.get_json()["code"] == "busy"
    assert 1 <= int(refused.headers["Retry-After"]) <= 30
    first.close()  # in the middle: the viewer is gone
    assert speak(client, "Другое.").data
    kept = speak(client, "слово " * 30)  # nobody begins to read it
    kept.close()
    blocked = speak(client, "слово " * 60)
    assert next(blocked.response)
    assert speak(client, "Другое.").data, "what is in the cache needs no place"
    blocked.close()


def test_a_chunk_that_cannot_be_spoken_gives_its_place_back(client: FlaskClient) -> None:
    for _ in range(3):
        assert speak(client, "Раз!").status_code == 200
        assert speak(client, "☃").status_code in (200, 422, 500)
    assert speak(client, "Два!").status_code == 200
