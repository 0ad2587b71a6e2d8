"""The signal for changed texts, which all code that changes one sends.

It is sent in the transaction of the change, after the new texts and their revisions are stored: the receivers' changes
commit together with it, and an exception in a receiver rolls it back.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.dispatch import Signal

# ``sender``: the message model; ``ids``: a list of the ids of messages with a changed text; ``using``: their database;
# ``erased``: whether an erasure blanked the texts. New and deleted messages are not included.
# The conversations were locked before the messages, so a receiver may lock rows that belong to them.
texts_changed = Signal()


def somebody_listens(model: Any) -> bool:
    """Return whether ``texts_changed`` has receivers, so that collecting the ids of changed messages is worth it."""
    return texts_changed.has_listeners(model)


def announce(model: Any, ids: Collection[int], *, using: str, erased: bool = False) -> None:
    """Send ``texts_changed`` for these messages, unless there are none."""
    if ids:
        texts_changed.send(sender=model, ids=list(ids), using=using, erased=erased)
