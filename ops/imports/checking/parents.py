"""Finding the message that each row answers: another row, a stored message, or none."""

from __future__ import annotations

from array import array
from itertools import groupby, islice
from operator import itemgetter

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import numbered
from ops.files.problems import Problem, label
from ops.files.suggestions import Suggestion
from ops.imports.checking.findings import Findings, Mark
from ops.imports.checking.roots import NO_ROW, Roots
from ops.imports.options import Choices
from ops.imports.staging.base import Staging

LOOPS_AT_A_TIME = 100  # loops whose ids are looked up together
NAMED_IN_A_LOOP = 6  # messages of a loop that are named; the others are counted

ANSWERS = """
SELECT rows.number, COALESCE(parents.number, 0)
FROM {rows} rows LEFT JOIN {rows} parents ON parents.external_id = rows.parent_external_id
WHERE rows.parent_external_id IS NOT NULL
"""
JOIN_OTHERS = """
INSERT INTO {joins} SELECT orphans.number, stored.id, stored.conversation_id
FROM {orphans} orphans CROSS JOIN {rows} rows CROSS JOIN {messages} stored
WHERE rows.number = orphans.number AND stored.external_id = rows.parent_external_id
    AND NOT EXISTS (SELECT 1 FROM {known} known WHERE known.number = orphans.number)
"""
# Our exports name messages without an external id by their number.
JOIN_OWN = """
INSERT INTO {joins} SELECT answers.number, stored.id, stored.conversation_id
FROM (
    SELECT rows.number, {own_parent} AS own FROM {orphans} orphans CROSS JOIN {rows} rows
    WHERE rows.number = orphans.number
) answers
CROSS JOIN {messages} stored
WHERE stored.id = answers.own AND stored.external_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM {known} known WHERE known.number = answers.number)
"""
JOIN_KNOWN = """
INSERT INTO {joins} SELECT rows.number, known.message_id, known.conversation_id
FROM {known} known CROSS JOIN {rows} parents CROSS JOIN {rows} rows
WHERE parents.number = known.number AND rows.parent_external_id = parents.external_id
    AND NOT EXISTS (SELECT 1 FROM {known} own WHERE own.number = rows.number)
"""
# EXCEPT, because PostgreSQL expects one row to remain after two NOT EXISTS, and would read a whole table for it.
MISSING_PARENTS = """
SELECT rows.number, rows.parent_external_id FROM (
    SELECT number FROM {orphans} EXCEPT SELECT number FROM {joins} EXCEPT SELECT number FROM {known}
) missing CROSS JOIN {rows} rows
WHERE rows.number = missing.number
"""
# Rows whose parent is missing, sorted by that parent.
SIBLINGS = """
SELECT rows.number, rows.parent_external_id FROM (
    SELECT number FROM {orphans} EXCEPT SELECT number FROM {joins} EXCEPT SELECT number FROM {known}
) missing CROSS JOIN {rows} rows
WHERE rows.number = missing.number
ORDER BY rows.parent_external_id, rows.number
"""


def find_parents(staging: Staging, last_row: int) -> Roots:
    """Return which row each row answers; rows whose parent is not in the file go to the table ``orphans``."""
    roots = Roots(last_row)
    orphans = array("i")
    for number, parent in staging.stream(ANSWERS):
        if parent:
            roots.parents[number] = parent
        else:
            orphans.append(number)
    staging.fill("orphans", zip(orphans, strict=True))
    return roots


def join_stored(staging: Staging, roots: Roots) -> None:
    """Find the stored messages that rows answer. These rows, and rows that are stored already, then answer no row."""
    staging.execute(JOIN_OTHERS)
    staging.execute(JOIN_OWN)
    staging.execute(JOIN_KNOWN)
    staging.analyze("joins")
    for query in ("SELECT number FROM {joins}", "SELECT number FROM {known}"):
        for (number,) in staging.stream(query):
            roots.parents[number] = NO_ROW


def check_parents(staging: Staging, findings: Findings, *, start_conversations: bool) -> None:
    """Report answers to messages that are neither in the file nor stored."""
    for number, parent in staging.stream(MISSING_PARENTS):
        if start_conversations:
            message = _("parent %(parent)s is neither in the file nor stored: the message begins a conversation.")
            message %= {"parent": label(parent)}
            findings.report(Problem(number, "parent_external_id", "warning", message))
        else:
            message = _(
                "parent %(parent)s is neither in the file nor stored: add its row, leave this empty, or choose that it "
                "begins a conversation."
            ) % {"parent": label(parent)}
            findings.report(Problem(number, "parent_external_id", "error", message, "start_conversations"))


def check_loops(staging: Staging, findings: Findings, roots: Roots) -> None:
    """Resolve the roots; report replies that form a loop."""
    loops = roots.resolve()
    alone = array("i")
    while some := list(islice(loops, LOOPS_AT_A_TIME)):
        ids = _ids_to_name(staging, some)
        alone.extend(loop[0] for loop in some if len(loop) == 1)
        for loop in some:
            about = {"path": _path(ids, loop), "rows": _places(loop)}
            message = _("replies in a loop: %(path)s (%(rows)s): correct one of these parents.") % about
            findings.report(Problem(loop[0], "parent_external_id", "error", message))
            for row in loop[1:]:
                findings.exclude(row, message)
    if alone:
        findings.suggestions.append(_self_parents(alone))


def exclude_answers(staging: Staging, findings: Findings, roots: Roots, choices: Choices) -> None:
    """Exclude rows that answer an excluded row, or let them start conversations if that is chosen."""
    excluded = findings.where(Mark.EXCLUDED)
    if not any(excluded):
        return
    if choices.start_conversations:
        _start_below(staging, findings, roots, excluded)
    for row, parent in roots.cut_off(excluded):
        message = _("its parent, row %(row)s, is left out: correct that row, and import both.") % {"row": parent}
        if choices.only_valid:
            findings.report(Problem(row, "parent_external_id", "error", message, "start_conversations"))
        else:
            findings.mark(row, Mark.EXCLUDED)
    roots.reset()
    roots.resolve_without_loops()  # only excluded rows are in loops


def gather_siblings(staging: Staging, roots: Roots, new: bytearray) -> int:
    """Put new rows that answer the same missing message into one conversation, with all replies to them.

    Return how many of them therefore do not start a conversation. The roots must have been resolved.
    """
    leaders: dict[int, int] = {}
    for _parent, siblings in groupby(staging.stream(SIBLINGS), key=itemgetter(1)):
        first, *others = [number for number, _parent in siblings if new[number]] or [NO_ROW]
        leaders |= dict.fromkeys(others, first)
    if leaders:
        for row, root in enumerate(roots.roots):
            roots.roots[row] = leaders.get(root or row, root)
    return len(leaders)


def _start_below(staging: Staging, findings: Findings, roots: Roots, excluded: bytearray) -> None:
    started = array("i")
    for row, parent in enumerate(roots.parents):
        if parent and excluded[parent] and not excluded[row]:
            roots.parents[row] = NO_ROW
            started.append(row)
            message = _("its parent, row %(row)s, is left out: the message begins a conversation.") % {"row": parent}
            findings.report(Problem(row, "parent_external_id", "warning", message))
    staging.fill("orphans", zip(started, strict=True))


def _self_parents(rows: array) -> Suggestion:
    if len(rows) == 1:
        sentence = _(
            "Row %(row)s names itself as its parent: Slack, for one, writes the beginning of a thread like that."
        ) % {"row": rows[0]}
    else:
        many = ngettext(
            "%(number)s message names itself as its parent: Slack, for one, writes the beginning of a thread like "
            "that.",
            "%(number)s messages name themselves as their parents: Slack, for one, writes the beginning of a thread "
            "like that.",
            len(rows),
        )
        sentence = numbered(many, len(rows))
    return Suggestion("self_parents_begin", True, sentence, _("Let such messages begin conversations"))


def _ids_to_name(staging: Staging, loops: list[list[int]]) -> dict[int, str]:
    """Return the external ids of those rows of the loops that messages name."""
    named = [row for loop in loops for row in loop[:NAMED_IN_A_LOOP]]
    places = ", ".join(["%s"] * len(named))
    return dict(staging.stream(f"SELECT number, external_id FROM {{rows}} WHERE number IN ({places})", named))


def _path(ids: dict[int, str], loop: list[int]) -> str:
    """Join the external ids of a loop in order, back to the first: '1 → 2 → 1'."""
    steps = [label(ids[row]) for row in loop[:NAMED_IN_A_LOOP]]
    if len(loop) > NAMED_IN_A_LOOP:
        steps.append("…")
    return " → ".join([*steps, steps[0]])


def _places(loop: list[int]) -> str:
    """Name the rows of a loop: 'row 2', 'rows 2–3', 'rows 2, 7, 9'."""
    if len(loop) == 1:
        return _("row %(row)s") % {"row": loop[0]}
    rows = sorted(loop)
    if rows[-1] - rows[0] == len(rows) - 1:
        return _("rows %(first)s–%(last)s") % {"first": rows[0], "last": rows[-1]}
    listed = ", ".join(map(str, rows[:NAMED_IN_A_LOOP]))
    left = len(rows) - NAMED_IN_A_LOOP
    if left <= 0:
        return _("rows %(rows)s") % {"rows": listed}
    return numbered(
        ngettext("rows %(rows)s and %(number)s more", "rows %(rows)s and %(number)s more", left), left, rows=listed
    )
