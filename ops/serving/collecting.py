"""How often a process that serves pages looks for cycles of objects that nobody uses any more."""

from __future__ import annotations

import gc

NEW_OBJECTS = 50_000  # after which Python looks among the youngest; by itself after 700


def collect_rarely() -> None:
    """Called when everything is loaded: leave that out of every later look, and look less often.

    The page of a conversation of 100,000 messages spends a third of its time on looking otherwise.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
