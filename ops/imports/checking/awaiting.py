"""Stored messages that await a row of the file as their parent: an answer that came first, and what it answers."""

from __future__ import annotations

from array import array

from django.utils.translation import gettext as _

from ops.files.problems import Problem, label
from ops.imports.checking.findings import Findings, Mark
from ops.imports.checking.roots import Roots
from ops.imports.staging.base import Staging

# In the order of the index, which a database without statistics would not use otherwise.
ANY = """
SELECT COUNT(*) FROM (
    SELECT 1 FROM {messages} WHERE awaited_parent_external_id IS NOT NULL
    ORDER BY awaited_parent_external_id LIMIT 1
) waiting
"""
# Rows and the stored messages that await them. Those that wait are few, and both ids have an index.
AWAITED = """
SELECT rows.number, waiting.id, rows.external_id FROM {messages} waiting CROSS JOIN {rows} rows
WHERE waiting.awaited_parent_external_id IS NOT NULL AND rows.external_id = waiting.awaited_parent_external_id
ORDER BY waiting.id
"""
# Rows that answer a message below one that waits, with that one. UNION ends on loops.
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
    """Report rows that stored messages await, and that answer those messages themselves: a loop.

    Only rows below a message that waits can close one, so usually there is nothing to look for.
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
    """How many stored messages join what new rows bring."""
    if not staging.value(ANY):
        return 0
    return sum(findings.marks[number] == Mark.NEW for number, _, _ in staging.stream(AWAITED))
