"""The soak of `benchmarks/soak.py`, a short one: it is answered as it should be, and leaves nothing."""

from benchmarks.soak import complaints, soak


def test_a_short_soak_is_flat() -> None:
    taken, failures = soak(seconds=24, samples=2, tell=print)
    assert taken[-1].requests > taken[0].requests > 0
    assert not failures
    # In so short a time memory still grows: everything is met for the first time.
    assert not [what for what in complaints(taken) if "memory" not in what]
    assert taken[-1].memory < taken[0].memory + 150
