"""Ten thousand requests that nobody sane would send: `python -m benchmarks.hostile --requests 10000`.

Three quarters come from the server's OpenAPI document, what it allows and what it forbids; the rest are
hostile texts. It ends at the first answer that the document does not promise, and tells how to ask for it.
"""

import argparse
import faulthandler
import logging
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import psutil

from tests.hostile.siege import Siege, Tally, Tracebacks, besieged

ROUND = 40  # requests to an address before its next turn
COSTLY = {
    "POST /api/generate": 6,
    "POST /api/generate_stream": 20,
    "DELETE /api/avatars/{avatar_id}": 8,
    "DELETE /api/voices/{voice_id}": 8,
}
"""Requests to addresses at which films, clips, avatars and voices are made, or made again."""
TEXTS = {"/api/split": 200, "say": 200, "/api/generate_stream": 20}
"""Texts in each round."""
HANGS = 300.0  # seconds


def attack(siege: Siege, requests: int, start: int) -> Tally:
    """Send at least so many requests, to all addresses in turn."""
    total, turn = Tally(), 0
    while total.statuses.total() < requests:
        for label in siege.labels():
            faulthandler.dump_traceback_later(HANGS, exit=True)
            total += siege.attack(label, COSTLY.get(label, ROUND), start + turn)
        for path, texts in TEXTS.items():
            faulthandler.dump_traceback_later(HANGS, exit=True)
            total += siege.tell(path, texts, start + turn)
        turn += 1
        print(f"{total.statuses.total()} requests", flush=True)
    faulthandler.cancel_dump_traceback_later()
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="other seeds make other requests")
    options = parser.parse_args()
    mistakes = Tracebacks()
    logging.getLogger().addHandler(mistakes)
    threading.excepthook = lambda args: mistakes.told.append(f"{args.exc_type.__name__} in a thread")
    process, begun = psutil.Process(), time.perf_counter()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
        siege = Siege(besieged(Path(data)))
        tally = attack(siege, options.requests, options.seed)
    print(f"\n{tally.statuses.total()} requests in {time.perf_counter() - begun:.0f} s\n")
    print("| status | answers |\n|---|---|")
    for status, count in sorted(Counter(tally.statuses).items()):
        print(f"| {status} | {count} |")
    print(f"\nslowest: {tally.slowest:.1f} s; tracebacks in the log: {len(mistakes.told)}")
    print(f"memory {process.memory_info().rss / 2**20:.0f} MiB, {process.num_fds()} files, ", end="")
    print(f"{len(process.children())} child processes")
    for told in mistakes.told[:3]:
        print(told)


if __name__ == "__main__":
    main()
