"""The OpenAPI document is the contract: every answer is one that it promises, whatever is asked."""

from collections import Counter

import pytest

from tests.hostile.siege import Siege

REQUESTS = 8
"""To each address; `python -m benchmarks.hostile` sends ten thousand."""


def test_every_answer_is_one_that_the_document_promises(siege: Siege) -> None:
    statuses = Counter[int]()
    for label in siege.labels():
        statuses += siege.attack(label, REQUESTS).statuses
    assert statuses.total() > 250
    assert {200, 201, 202, 204, 400, 404, 409, 422} <= statuses.keys(), "deep enough to meet all of these"


@pytest.mark.parametrize(
    ("path", "requests"), [("/api/split", 150), ("say", 150), ("/api/generate_stream", 25)]
)
def test_no_text_is_a_mistake_of_the_servers(siege: Siege, path: str, requests: int) -> None:
    statuses = siege.tell(path, requests).statuses
    assert statuses[200] > 0.5 * requests
