"""The order in which an import is stored: people, changed texts, messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model

from messaging.models import Conversation, Message, MessageHistory
from ops.imports.checking.findings import Mark
from ops.imports.checking.roots import Roots
from ops.imports.options import Choices
from ops.imports.staging.base import Staging
from ops.imports.storing import batches, texts
from ops.imports.storing.batches import Bases, ImportCounts, Work
from ops.imports.storing.order import in_order
from ops.imports.storing.plans import Plan


def reserve_ids(staging: Staging, counts: dict[str, Any], last_row: int) -> Bases:
    """Reserve the ids of new rows and people, so that what an import added is known by its ids."""
    new, changed, users = counts["new"], counts["changed"], counts["users"]
    return Bases(
        messages=staging.reserve_ids(Message, last_row) if new else None,
        conversations=staging.reserve_ids(Conversation, last_row) if new else None,
        histories=staging.reserve_ids(MessageHistory, last_row) if changed else None,
        users=staging.reserve_ids(get_user_model(), users) if users else None,
    )


def store_all(
    staging: Staging,
    roots: Roots,
    plan: Plan,
    work: Work,
    bases: Bases,
    choices: Choices,
    *,
    now: datetime,
    stored: Callable[[int], None],
) -> None:
    """Create the people, change the texts and store the messages of the plan, from the cursor of ``work`` on.

    ``stored`` is called within each batch with the number of messages stored by then. Raises ImportStopped where what
    was checked does not hold any more, and whatever the database raises.
    """
    new = plan.marks.translate(bytes(mark == Mark.NEW for mark in range(256)))
    order = in_order(roots, new, plan.piece)
    with staging.writing():
        if choices.create_users:
            batches.create_people(staging, work, bases, now)
        if choices.existing == "edit":
            texts.change_texts(staging, work, bases)
        notify_at = now if choices.notify else None
        batches.store_messages(staging, order, work, bases, notify_at=notify_at, stored=stored)


def counts_of(counts: dict[str, Any]) -> ImportCounts:
    """What an import adds, by the counts of its checks."""
    return ImportCounts(counts["new"], counts["replies"], counts["conversations"], counts["users"])
