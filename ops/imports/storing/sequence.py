"""The order in which an import is stored: people, changed texts, new messages, and then joins to awaited parents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ops.imports.checking.findings import Mark, rows_marked
from ops.imports.checking.roots import Roots
from ops.imports.models import Import
from ops.imports.staging.base import Staging
from ops.imports.storing import joining, messages, people, texts
from ops.imports.storing.ids import Bases
from ops.imports.storing.order import in_order
from ops.imports.storing.plan import Plan
from ops.jobs.run import Run


def store_all(
    staging: Staging,
    roots: Roots,
    plan: Plan,
    run: Run,
    bases: Bases,
    import_: Import,
    *,
    now: datetime,
    advance: Callable[[int], None],
) -> None:
    """Create the people, change the texts, store the messages of the plan and join what awaited them, starting at the
    cursor of ``run``.

    ``advance`` is called within each batch of messages with the number stored by then. Raises JobFailed if the results
    of the check no longer hold, and whatever the database raises.
    """
    choices = import_.get_choices()
    order = in_order(roots, rows_marked(plan.marks, Mark.NEW), plan.piece)
    with staging.writing():
        if choices.create_users or "" in choices.people.values():
            people.create_people(staging, run, bases, now)
        if choices.existing == "edit":
            texts.change_texts(staging, run, bases)
        notify_at = now if choices.notify else None
        messages.store_messages(staging, order, run, bases, notify_at=notify_at, advance=advance)
    joining.join_awaiting(staging, run, bases, import_=import_, rows=len(plan.marks) - 1)
