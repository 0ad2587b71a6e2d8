"""Running Python's garbage collector less often."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

NEW_OBJECTS = 50_000  # before Python collects the youngest generation; its default is 700


@contextmanager
def loading() -> Iterator[None]:
    """Do not collect while everything is loaded, which would take a sixth of that time and find almost nothing; exclude
    what is loaded from every later collection."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def collect_rarely() -> None:
    """Exclude what is loaded from later collections, and collect less often. For processes that serve pages, once
    everything is loaded."""
    # Otherwise the page of a conversation of 100,000 messages spends a third of its time on collecting.
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
