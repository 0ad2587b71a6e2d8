"""What is wrong with the rows of a file taken together, and against what is stored: set-based, streamed."""

from __future__ import annotations

from collections.abc import Sequence

from ops.accounts.usernames import username_problem
from ops.transfers.problems import Problem, Report, label
from ops.transfers.roots import Roots
from ops.transfers.staging import ROWS, Staging

NAMED_IN_A_LOOP = 6  # messages of a loop that are named; the others are counted

REPEATS = f"""
SELECT rows.number, earlier.number, rows.external_id, rows.sender <> earlier.sender,
    rows.receiver <> earlier.receiver, rows.sent_at <> earlier.sent_at, rows.content <> earlier.content,
    COALESCE(rows.parent_external_id, '') <> COALESCE(earlier.parent_external_id, '')
FROM (
    SELECT external_id, MIN(number) AS number FROM {ROWS} WHERE external_id IS NOT NULL AND content IS NOT NULL
    GROUP BY external_id HAVING COUNT(*) > 1
) repeated
CROSS JOIN {ROWS} rows CROSS JOIN {ROWS} earlier
WHERE rows.external_id = repeated.external_id AND rows.number > repeated.number
    AND earlier.number = repeated.number AND rows.content IS NOT NULL
ORDER BY rows.number
"""
DROP_REPEATS = f"""
DELETE FROM {ROWS} WHERE EXISTS (
    SELECT 1 FROM {ROWS} earlier WHERE earlier.external_id = {ROWS}.external_id AND earlier.number < {ROWS}.number
)
"""
STORED_OTHERWISE = f"""
SELECT * FROM (
    SELECT rows.number, rows.external_id, rows.sender <> senders.username AS sender,
        rows.receiver <> receivers.username AS receiver, {{sent_at}} <> stored."timestamp" AS sent_at,
        rows.content <> stored.content AS content,
        COALESCE(rows.parent_external_id, '') <> COALESCE(parents.external_id, '') AS parent
    FROM {ROWS} rows CROSS JOIN {{messages}} stored CROSS JOIN {{users}} senders CROSS JOIN {{users}} receivers
    LEFT JOIN {{messages}} parents ON parents.id = stored.parent_message_id
    WHERE stored.external_id = rows.external_id AND rows.content IS NOT NULL
        AND senders.id = stored.sender_id AND receivers.id = stored.receiver_id
) compared
WHERE sender OR receiver OR sent_at OR content OR parent
ORDER BY number
"""
DROP_STORED = f"""
DELETE FROM {ROWS} WHERE external_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM {{messages}} stored WHERE stored.external_id = {ROWS}.external_id)
"""
# A message without an id of its own is the same as a stored one if everybody would say so.
DROP_STORED_WITHOUT_ID = f"""
DELETE FROM {ROWS} WHERE number IN (
    SELECT rows.number
    FROM {ROWS} rows CROSS JOIN {{users}} senders CROSS JOIN {{messages}} stored CROSS JOIN {{users}} receivers
    WHERE rows.external_id IS NULL AND senders.username = rows.sender AND stored.sender_id = senders.id
        AND stored."timestamp" = {{sent_at}} AND stored.external_id IS NULL AND stored.content = rows.content
        AND receivers.id = stored.receiver_id AND receivers.username = rows.receiver
)
"""
UNKNOWN_PEOPLE = f"""
SELECT number, 1, sender FROM {ROWS} rows
WHERE sender IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {{users}} known WHERE known.username = rows.sender)
UNION ALL
SELECT number, 2, receiver FROM {ROWS} rows
WHERE receiver IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {{users}} known WHERE known.username = rows.receiver)
ORDER BY 1, 2
"""
MISSING_PARENTS = f"""
SELECT number, parent_external_id FROM {ROWS} rows
WHERE parent_external_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM {ROWS} parents WHERE parents.external_id = rows.parent_external_id)
    AND NOT EXISTS (SELECT 1 FROM {{messages}} stored WHERE stored.external_id = rows.parent_external_id)
ORDER BY number
"""
ANSWERED_ROWS = f"""
SELECT rows.number, parents.number FROM {ROWS} rows CROSS JOIN {ROWS} parents
WHERE parents.external_id = rows.parent_external_id
"""
COMPARED = ("sender", "receiver", "timestamp", "content", "parent_external_id")


def skip_repeats(staging: Staging, report: Report) -> int:
    """Report rows that repeat an earlier external id; take those with the same message away. Returns how many."""
    found = 0
    for number, earlier, external_id, *differs in staging.stream(REPEATS):
        found += 1
        different = _differing(differs)
        if different:
            message = f"rows {earlier} and {number} share external_id {label(external_id)} with different {different}: "
            report(Problem(number, "", "error", f"{message}give each message an id of its own."))
        else:
            report(Problem(number, "", "notice", f"row {number} repeats row {earlier}; skipped"))
    if found:
        staging.execute(DROP_REPEATS)
    return found


def skip_stored(staging: Staging, report: Report) -> int:
    """Report rows whose external id is stored with another message; take what is stored away. Returns how many."""
    for number, external_id, *differs in staging.stream(STORED_OTHERWISE):
        message = f"{label(external_id)} is already stored with different {_differing(differs)}: "
        report(Problem(number, "external_id", "error", f"{message}correct the row, or give it another id."))
    return staging.execute(DROP_STORED) + staging.execute(DROP_STORED_WITHOUT_ID)


def check_people(staging: Staging, report: Report, *, create_users: bool) -> None:
    """Report senders and receivers who have no account and are not to get one, or cannot under that name."""
    for number, column, username in staging.stream(UNKNOWN_PEOPLE):
        if create_users:
            fault = username_problem(username)
        else:
            fault = f"no user {label(username, quoted=True)}: correct the name, or choose to create missing users."
        if fault:
            report(Problem(number, "sender" if column == 1 else "receiver", "error", fault))


def check_parents(staging: Staging, report: Report) -> None:
    """Report answers to messages that are neither in the file nor stored."""
    for number, parent in staging.stream(MISSING_PARENTS):
        message = f"parent {label(parent)} is neither in the file nor stored: add its row, or leave this empty."
        report(Problem(number, "parent_external_id", "error", message))


def find_roots(staging: Staging, report: Report) -> Roots:
    """Which row each reply goes back to; reports replies that go round in a loop."""
    roots = Roots(staging.value(f"SELECT COALESCE(MAX(number), 0) FROM {ROWS}"))
    for number, parent in staging.stream(ANSWERED_ROWS):
        roots.parents[number] = parent
    for loop in roots.resolve():
        message = f"replies in a loop: {_path(staging, loop)} ({_places(loop)}): correct one of these parents."
        report(Problem(loop[0], "parent_external_id", "error", message))
    return roots


def _differing(differs: Sequence[object]) -> str:
    return ", ".join(column for column, differing in zip(COMPARED, differs, strict=True) if differing)


def _path(staging: Staging, loop: list[int]) -> str:
    """The external ids of a loop in order, back to the first: '1 → 2 → 1'."""
    named = loop[:NAMED_IN_A_LOOP]
    places = ", ".join(["%s"] * len(named))
    ids = dict(staging.stream(f"SELECT number, external_id FROM {ROWS} WHERE number IN ({places})", named))
    steps = [label(ids[number]) for number in named]
    if len(loop) > len(named):
        steps.append("…")
    return " → ".join([*steps, steps[0]])


def _places(loop: list[int]) -> str:
    """The rows of a loop: 'row 2', 'rows 2–3', 'rows 2, 7, 9'."""
    if len(loop) == 1:
        return f"row {loop[0]}"
    rows = sorted(loop)
    if rows[-1] - rows[0] == len(rows) - 1:
        return f"rows {rows[0]}–{rows[-1]}"
    listed = ", ".join(map(str, rows[:NAMED_IN_A_LOOP]))
    left = len(rows) - NAMED_IN_A_LOOP
    return f"rows {listed} and {left:,} more" if left > 0 else f"rows {listed}"
