"""The signal that tells of changed texts; every road that changes one sends it.

It is sent in the transaction of the change, when the new texts and their revisions are stored: what a receiver does is
stored together with the change, and a receiver that raises undoes it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.dispatch import Signal

# ``sender``: the model of messages; ``ids``: a list of the ids of messages with a new text; ``using``: their database;
# ``erased``: whether an erasure blanked the texts. A message that is new, or that is deleted, is not among them.
# The conversations were locked before the messages, so a receiver may lock what belongs to them.
texts_changed = Signal()


def somebody_listens(model: Any) -> bool:
    """Whether it is worth while to find out whose texts a statement changed."""
    return texts_changed.has_listeners(model)


def announce(model: Any, ids: Collection[int], *, using: str, erased: bool = False) -> None:
    """Send ``texts_changed`` for these messages; for none nothing is sent."""
    if ids:
        texts_changed.send(sender=model, ids=list(ids), using=using, erased=erased)
