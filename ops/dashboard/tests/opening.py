"""A process of a web server, in which several requests open a cold dashboard at the same moment.

``python -m ops.dashboard.tests.opening NAME REQUESTS EXPECTED`` prints "ready", waits for a line, and then prints the
value that each request got. The request that computes it waits until EXPECTED requests of all processes have asked.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import datetime

import django
from django.core.cache import cache

from ops.dashboard import board_cache


def asking(name: str) -> str:
    """Return the key under which requests count themselves."""
    return f"{name}:asking"


def computing(name: str) -> str:
    """Return the key under which computations are counted."""
    return f"{name}:computed"


def main(name: str, requests: int, expected: int) -> None:
    """Request the value cached under ``name`` from this many threads at the same moment, and print the answers."""

    def compute(now: datetime) -> str:
        cache.incr(computing(name))
        until = time.monotonic() + board_cache.WAIT_SECONDS
        while cache.get(asking(name)) < expected and time.monotonic() < until:
            time.sleep(board_cache.POLL_SECONDS)
        return "figures"

    found: list[str | None] = []
    together = threading.Barrier(requests)

    def ask() -> None:
        together.wait()
        cache.incr(asking(name))
        kept = board_cache.get(name, ["cases"], compute)
        found.append(kept.value if kept else None)

    print("ready", flush=True)
    sys.stdin.readline()
    threads = [threading.Thread(target=ask) for _ in range(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    django.setup()
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
