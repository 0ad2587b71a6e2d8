"""Disconnects the signal receivers, for tests of what they do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from messaging import signals


@contextmanager
def disconnected() -> Iterator[None]:
    """Disconnect the receivers of messaging.signals within this block, and connect them again in any case."""
    for signal, model, receiver in signals.RECEIVERS:
        signal.disconnect(sender=model, dispatch_uid=signals.dispatch_uid(receiver))
    try:
        yield
    finally:
        signals.connect()
