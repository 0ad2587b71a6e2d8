"""Stored messages that await a row of the file as their parent, because the answer was stored first."""

from __future__ import annotations

from array import array

from django.utils.translation import gettext as _

from ops.files.problems import Problem, label
from ops.imports.checking.findings import Findings, Mark
from ops.imports.checking.roots import Roots
from ops.imports.staging.base import Staging

# Ordered so that a database without statistics uses the index, too.
ANY = """
SELECT COUNT(*) FROM (
    SELECT 1 FROM {messages} WHERE awaited_parent_external_id IS NOT NULL
    ORDER BY awaited_parent_external_id LIMIT 1
) waiting
"""
# Rows and the stored messages that await them. Awaiting messages are few, and both ids have an index.
AWAITED = """
SELECT rows.number, waiting.id, rows.external_id FROM {messages} waiting CROSS JOIN {rows} rows
WHERE waiting.awaited_parent_external_id IS NOT NULL AND rows.external_id = waiting.awaited_parent_external_id
ORDER BY waiting.id
"""
# Rows that answer an awaiting message or one below it, each with that awaiting message. UNION ends on loops.
BELOW = """
WITH RECURSIVE tree(waiting, id) AS (
    SELECT waiting.id, waiting.id FROM {messages} waiting
    WHERE waiting.awaited_parent_external_id IS NOT NULL
        AND waiting.conversation_id IN (SELECT conversation_id FROM {joins})
    UNION
    SELECT tree.waiting, reply.id FROM tree JOIN {messages} reply ON reply.parent_message_id = tree.id
)
SELECT joins.number, tree.waiting FROM tree JOIN {joins} joins ON joins.parent_id = tree.id
"""


def check_awaiting(staging: Staging, findings: Findings, roots: Roots) -> None:
    """Report loops: rows that stored messages await and that answer those messages themselves, directly or not.

    Only rows below an awaiting message can close a loop, so usually there is nothing to check.
    """
    if not staging.value(ANY) or not staging.value("SELECT EXISTS (SELECT 1 FROM {joins})"):
        return
    below = array("q", [0]) * len(findings.marks)
    for number, waiting in staging.stream(BELOW):
        below[number] = waiting
    if not any(below):
        return
    nexts: dict[int, tuple[int, int, str]] = {}
    for number, waiting, external_id in staging.stream(AWAITED):
        if findings.marks[number] == Mark.NEW and (other := below[roots.roots[number] or number]):
            nexts[waiting] = (other, number, external_id)
    seen: dict[int, int] = {}
    for start in list(nexts):
        one = last = start
        while one in nexts and one not in seen:
            seen[one], last = start, one
            one = nexts[one][0]
        if seen.get(one) == start and one in nexts:
            _other, number, external_id = nexts.pop(last)
            message = _(
                "replies in a loop: %(id)s answers a stored message that answers it, directly or not: correct this "
                "parent."
            ) % {"id": label(external_id)}
            findings.report(Problem(number, "parent_external_id", "error", message))


def count_joining(staging: Staging, findings: Findings) -> int:
    """Return how many stored messages will join new rows."""
    if not staging.value(ANY):
        return 0
    return sum(findings.marks[number] == Mark.NEW for number, _, _ in staging.stream(AWAITED))
