"""How often a process looks for cycles of objects that nobody uses any more."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

NEW_OBJECTS = 50_000  # after which Python looks among the youngest; by itself after 700


@contextmanager
def loading() -> Iterator[None]:
    """Do not look while everything is loaded, which takes a sixth of that time and finds next to nothing; leave what is
    loaded out of every later look."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def collect_rarely() -> None:
    """Called in a process that serves pages when everything is loaded: leave that out of every later look, and look
    less often.

    The page of a conversation of 100,000 messages spends a third of its time on looking otherwise.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
