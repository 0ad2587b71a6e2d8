"""Joining stored messages to the parents that they awaited and an import has brought."""

from __future__ import annotations

from messaging import joining
from ops.imports.checking.awaiting import ANY
from ops.imports.models import Import, Joined
from ops.imports.staging.base import Staging
from ops.imports.storing.ids import Bases, ids_after
from ops.jobs.pacing import Pace
from ops.jobs.run import Run

PIECE = 500  # messages in the first batch; Pace multiplies it while batches are fast

# At least one of each pair came with this import; somebody else may have stored the other one meanwhile. Joined
# messages no longer await a parent, so a resumed import finds only the remaining pairs.
FIND = """
INSERT INTO {awaiting} SELECT waiting.id, parents.id FROM {messages} waiting CROSS JOIN {messages} parents
WHERE waiting.awaited_parent_external_id IS NOT NULL AND parents.external_id = waiting.awaited_parent_external_id
    AND ((waiting.id > %s AND waiting.id <= %s) OR (parents.id > %s AND parents.id <= %s))
"""
NEXT = "SELECT message_id, parent_id FROM {awaiting} WHERE message_id > %s ORDER BY message_id LIMIT %s"


def join_awaiting(staging: Staging, run: Run, bases: Bases, *, import_: Import, rows: int) -> None:
    """Join messages of this import with stored ones that awaited them or that they awaited; Joined keeps the moves."""
    if bases.messages is None or not staging.value(ANY):
        return
    ids = ids_after(bases.messages, rows)
    staging.execute(FIND, [*ids, *ids])
    after = 0
    pace = Pace()
    while pairs := dict(staging.stream(NEXT, [after, PIECE * pace.size])):
        with pace.timed(), run.batch():
            moves = joining.join(pairs, using=staging.using)
            Joined.objects.using(staging.using).bulk_create(
                (Joined(batch=import_, **move._asdict()) for move in moves), ignore_conflicts=True
            )
            joined = sum(pairs.get(move.message_id) == move.parent_id for move in moves)
            run.cursor["joined"] = run.cursor.get("joined", 0) + joined
        after = max(pairs)
