"""Clients that go at the wrong moment, hardly read, or hardly write."""

import random
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tests.faults.census import Census, Home, fetch, figure, speak, speak_in_turn
from tests.server import RunningServer, ask, read_until, wait_until

ABORTED = 1_000
AT_ONCE = 16
MOST_THREADS = 32  # by default
LONG = "слово " * 150


def calm(server: RunningServer) -> None:
    wait_until(lambda: not server.encoders(), "ffmpeg goes on for nobody")
    wait_until(lambda: figure(server, "voiceover_clips_in_progress") == 0, "a clip goes on for nobody")
    assert figure(server, "voiceover_chunks_waiting") == 0


def settled(server: RunningServer) -> Census:
    """Count when all threads that will be there are."""
    assert speak(server).status == 200
    busy = [socket.create_connection((server.host, server.port)) for _ in range(MOST_THREADS)]
    for connection in busy:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")  # a thread each waits for the rest
    time.sleep(1)
    for connection in busy:
        connection.close()
    calm(server)
    return Census.of(server)


def test_a_thousand_requests_aborted_at_random_moments_leave_nothing(
    server: RunningServer, home: Home
) -> None:
    before = settled(server)
    chance = random.Random(1)
    plans = [
        (number, chance.choice((1, 5, 30)), chance.expovariate(8), chance.random())
        for number in range(ABORTED)
    ]

    def abort(plan: tuple[int, int, float, float]) -> None:
        number, words, patience, manner = plan
        with ask(server, f"{number} " + "слово " * words, Viewer=f"v{number % 7}") as connection:
            connection.settimeout(patience)
            try:
                while connection.recv(65_536):
                    pass
            except TimeoutError:
                pass
            if manner < 0.5:  # gone without a farewell: the connection is reset
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(abort, plans))
    assert speak_in_turn(server, "И снова.").status == 200
    calm(server)
    wait_until(lambda: not Census.of(server).exceeds(before), f"{Census.of(server)}, before {before}")
    assert not home.strays()


def test_who_goes_is_forgotten_within_a_second(server: RunningServer) -> None:
    calm(server)
    taken = []
    for _ in range(5):
        with ask(server, LONG) as connection:
            read_until(connection, b"mdat")
            gone = time.monotonic()
        wait_until(lambda: figure(server, "voiceover_clips_in_progress") == 0, "it goes on for nobody")
        taken.append(time.monotonic() - gone)
    assert sorted(taken)[2] < 1.0, f"in the middle of five, whatever else the machine does: {taken}"


def test_who_leaves_the_line_gives_his_turn_away_and_who_stays_has_it(server: RunningServer) -> None:
    calm(server)
    inside = [ask(server, LONG, Viewer=f"in{number}") for number in range(7)]
    wait_until(lambda: figure(server, "voiceover_chunks_waiting") > 0, "nobody has to wait")
    with ask(server, "Я подожду.", Viewer="stays") as patient:
        time.sleep(1)  # he is looked at some times
        for connection in reversed(inside):  # those who wait go first
            connection.close()
        assert b"200 OK" in read_until(patient, b"\r\n\r\n")
    wait_until(lambda: figure(server, "voiceover_chunks_waiting") == 0, "who has gone still waits")
    calm(server)


def test_who_reads_a_byte_a_second_keeps_nobody_out(server: RunningServer) -> None:
    before = settled(server)
    sluggards = [ask(server, "слово " * 40, Viewer=f"slow{number}") for number in range(4)]
    over = threading.Event()

    def dawdle(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while not over.wait(1.0):
            try:
                if not connection.recv(1):
                    return
            except OSError:
                return

    with ThreadPoolExecutor(len(sluggards)) as pool:
        for connection in sluggards:
            pool.submit(dawdle, connection)
        try:
            answers = [speak_in_turn(server, f"Раз, {number}.") for number in range(3)]
        finally:
            over.set()
    for connection in sluggards:
        connection.close()
    assert [answer.status for answer in answers] == [200] * 3, answers
    calm(server)
    wait_until(lambda: not Census.of(server).exceeds(before), f"{Census.of(server)}, before {before}")


def test_who_says_nothing_or_stops_in_the_middle_of_a_word_keeps_nobody_out(server: RunningServer) -> None:
    before = settled(server)
    mute = [socket.create_connection((server.host, server.port)) for _ in range(100)]
    for number, connection in enumerate(mute):
        if number % 2:
            connection.sendall(b"POST /api/generate_stream HTTP/1.1\r\nHost: localhost\r\nContent-Le")
    wait_until(lambda: fetch(server, "/healthz").status == 200, "nobody is let in")
    for connection in mute:
        connection.close()
    assert speak(server).status == 200
    wait_until(lambda: not Census.of(server).exceeds(before), f"{Census.of(server)}, before {before}")


def test_a_body_of_which_the_end_never_comes_is_given_up(server: RunningServer) -> None:
    head = (
        "POST /api/split HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    )
    with socket.create_connection((server.host, server.port), timeout=30) as connection:
        connection.sendall(head.encode() + b'{"text": "')
        assert b"400 BAD REQUEST" in read_until(connection, b"\r\n\r\n")
    assert speak(server).status == 200
