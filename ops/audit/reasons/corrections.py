"""The reasons of corrections, shown beside their edits. The trail keeps them, where an erasure can empty them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ops.audit.models import Entry

MESSAGE = "messaging.message"


def explain(shown: Iterable[tuple[int, list[Any]]], *, event: str) -> None:
    """Set the ``reason`` of each edit that is a correction, in place; ``shown`` holds messages' keys with their edits.

    An entry with this ``event`` holds the ``revision`` that the correction made. Runs one query, or none without edits
    by staff.
    """
    corrected = [(key, edits) for key, edits in shown if any(edit.by_staff for edit in edits)]
    if not corrected:
        return
    entries = Entry.objects.filter(event=event, target_type=MESSAGE, target_id__in={str(key) for key, _ in corrected})
    reasons = {
        (target_id, details.get("revision")): reason
        for target_id, details, reason in entries.values_list("target_id", "details", "reason")
    }
    for key, edits in corrected:
        edits[:] = [edit._replace(reason=reasons.get((str(key), edit.revision), "")) for edit in edits]
