"""What `/metrics` tells, after real clips."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app import create_app
from service.settings import Settings


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return create_app(Settings(data=tmp_path)).test_client()


def figures(client: FlaskClient) -> dict[tuple[str, tuple[str, ...]], float]:
    """(name, values of the labels in order of their names) → value."""
    answer = client.get("/metrics")
    assert answer.mimetype == "text/plain"
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def speak(client: FlaskClient, **fields: object) -> None:
    body = {"text": "Раз, два!", "language": "ru", "voice": "espeak:ru+f2", **fields}
    with client.post("/api/generate_stream", json=body) as answer:
        assert answer.data


def test_a_clip_is_measured(client: FlaskClient) -> None:
    speak(client)
    speak(client, audio="flac")
    told = figures(client)
    engines = ("visemes", "espeak")  # the labels "lips" and "speech"
    assert told["voiceover_clips_total", engines] == 2
    assert told["voiceover_first_fragment_seconds_count", engines] == 2
    assert told["voiceover_render_ratio_count", engines] == 2
    first, ratio = (told[f"voiceover_{n}_sum", engines] for n in ("first_fragment_seconds", "render_ratio"))
    assert first > 0
    assert ratio > 0
    assert told["voiceover_clips_in_progress", ()] == 0
    assert told["voiceover_films_waiting", ()] == 0


def test_a_clip_that_was_made_before_counts_as_such(client: FlaskClient) -> None:
    speak(client)
    speak(client)
    told = figures(client)
    assert told["voiceover_cache_hits_total", ()] == 1
    assert told["voiceover_clips_total", ("visemes", "espeak")] == 1


def test_a_clip_that_nobody_fetches_to_its_end_gives_no_ratio(client: FlaskClient) -> None:
    body = {"text": "слово " * 60, "language": "ru", "voice": "espeak:ru+f2"}
    answer = client.post("/api/generate_stream", json=body)
    assert next(answer.response)
    assert figures(client)["voiceover_clips_in_progress", ()] == 1
    answer.close()
    told = figures(client)
    assert told["voiceover_clips_in_progress", ()] == 0
    assert told["voiceover_clips_total", ("visemes", "espeak")] == 1
    assert ("voiceover_render_ratio_count", ("visemes", "espeak")) not in told
    assert not [name for name, _ in told if name == "voiceover_errors_total"]


def test_requests_and_problems_are_counted_under_few_names(client: FlaskClient) -> None:
    for number in range(3):
        client.get(f"/api/jobs/{number}")
        client.get(f"/nothing/{number}")
        client.open("/healthz", method=f"METHOD{number}")
    told = figures(client)
    assert told["voiceover_requests_total", ("GET", "/api/jobs/<job_id>", "404")] == 3
    assert told["voiceover_requests_total", ("GET", "none", "404")] == 3
    assert told["voiceover_requests_total", ("other", "none", "405")] == 3
    assert told["voiceover_errors_total", ("job-not-found",)] == 3
    assert told["voiceover_errors_total", ("http-404",)] == 3


def test_a_page_tells_of_a_stall(client: FlaskClient) -> None:
    assert client.post("/api/stalls", json={"lips": "visemes"}).status_code == 204
    assert figures(client)["voiceover_stalls_total", ("visemes",)] == 1


@pytest.mark.parametrize("body", [{}, {"lips": "teeth"}, {"lips": 5}, {"lips": "visemes", "more": 1}])
def test_what_is_no_stall_is_not_counted(client: FlaskClient, body: dict[str, object]) -> None:
    assert client.post("/api/stalls", json=body).status_code == 422
    assert not [name for name, _ in figures(client) if name == "voiceover_stalls_total"]


def test_apps_count_for_themselves(client: FlaskClient, tmp_path: Path) -> None:
    other = create_app(Settings(data=tmp_path / "other")).test_client()
    client.post("/api/stalls", json={"lips": "visemes"})
    assert ("voiceover_stalls_total", ("visemes",)) not in figures(other)
