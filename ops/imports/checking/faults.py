"""What is wrong with the rows of a file taken together, and against what is stored: set-based, streamed."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import islice

from ops.accounts.usernames import username_problem
from ops.deletion import erased_names
from ops.files.formulas import GUARD
from ops.files.problems import Problem, label
from ops.imports import own_ids
from ops.imports.checking.findings import Findings, Mark
from ops.imports.checking.roots import NO_ROW, Roots
from ops.imports.checking.rows import LONGEST, too_long
from ops.imports.options import Choices
from ops.imports.staging.base import CHANGES, JOINS, KNOWN, ORPHANS, PEOPLE, REPEATED, ROWS, Staging

PEOPLE_AT_A_TIME = 10_000  # names that are looked up together
LOOPS_AT_A_TIME = 100  # whose ids are looked up together
NAMED_IN_A_LOOP = 6  # messages of a loop that are named; the others are counted

FIND_REPEATED = f"""
INSERT INTO {REPEATED} (external_id)
SELECT external_id FROM {ROWS} WHERE external_id IS NOT NULL GROUP BY external_id HAVING COUNT(*) > 1
"""
# Of several rows with one id the first sound one counts.
CHOOSE_REPEATED = f"""
UPDATE {REPEATED} SET number = (
    SELECT COALESCE(MIN(CASE WHEN content IS NOT NULL THEN number END), MIN(number)) FROM {ROWS}
    WHERE {ROWS}.external_id = {REPEATED}.external_id
)
"""
REPEATS = f"""
SELECT rows.number, earlier.number, rows.external_id, rows.sender <> earlier.sender,
    rows.receiver <> earlier.receiver, rows.sent_at <> earlier.sent_at, rows.content <> earlier.content,
    COALESCE(rows.parent_external_id, '') <> COALESCE(earlier.parent_external_id, '')
FROM {REPEATED} repeated CROSS JOIN {ROWS} rows CROSS JOIN {ROWS} earlier
WHERE rows.external_id = repeated.external_id AND rows.number <> repeated.number
    AND earlier.number = repeated.number AND rows.content IS NOT NULL
"""
DROP_REPEATS = f"""
DELETE FROM {ROWS} WHERE number IN (
    SELECT rows.number FROM {REPEATED} repeated CROSS JOIN {ROWS} rows
    WHERE rows.external_id = repeated.external_id AND rows.number <> repeated.number
)
"""
STORED_OTHERWISE = f"""
SELECT number, external_id, message_id, was_edited, sender, receiver, sent_at, content, parent FROM (
    SELECT rows.number, rows.external_id, known.message_id, stored.edited AS was_edited,
        rows.sender <> senders.username AS sender, rows.receiver <> receivers.username AS receiver,
        {{sent_at}} <> stored."timestamp" AS sent_at, rows.content <> stored.content AS content,
        CASE WHEN parents.id IS NULL THEN rows.parent_external_id IS NOT NULL ELSE COALESCE(rows.parent_external_id, '')
            NOT IN (COALESCE(parents.external_id, '{own_ids.BEGINNING}' || parents.id), '{{own}}' || parents.id)
            END AS parent
    FROM {KNOWN} known CROSS JOIN {ROWS} rows CROSS JOIN {{messages}} stored CROSS JOIN {{users}} senders
    CROSS JOIN {{users}} receivers LEFT JOIN {{messages}} parents ON parents.id = stored.parent_message_id
    WHERE rows.number = known.number AND stored.id = known.message_id AND rows.external_id IS NOT NULL
        AND rows.content IS NOT NULL AND senders.id = stored.sender_id AND receivers.id = stored.receiver_id
) compared
WHERE sender OR receiver OR sent_at OR content OR parent
"""
# A row that began a conversation because its parent was missing does so again.
BEGAN_WITHOUT_PARENT = f"""
SELECT rows.number FROM {KNOWN} known CROSS JOIN {ROWS} rows CROSS JOIN {{messages}} stored
WHERE rows.number = known.number AND stored.id = known.message_id AND stored.parent_message_id IS NULL
    AND rows.parent_external_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM {{messages}} parents WHERE parents.external_id = rows.parent_external_id)
    AND NOT EXISTS (
        SELECT 1 FROM {ROWS} parents CROSS JOIN {KNOWN} stored_parents
        WHERE parents.external_id = rows.parent_external_id AND stored_parents.number = parents.number
    )
"""
FIND_PEOPLE = f"""
INSERT INTO {PEOPLE} (username)
SELECT name FROM (SELECT sender AS name FROM {ROWS} UNION SELECT receiver FROM {ROWS}) named
WHERE name IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {{users}} known WHERE known.username = named.name)
"""
UNKNOWN_PEOPLE = f"""
SELECT rows.number, 1, rows.sender, people.fault
FROM {ROWS} rows CROSS JOIN {PEOPLE} people WHERE people.username = rows.sender AND people.fault IS NOT NULL
UNION ALL
SELECT rows.number, 2, rows.receiver, people.fault
FROM {ROWS} rows CROSS JOIN {PEOPLE} people WHERE people.username = rows.receiver AND people.fault IS NOT NULL
"""
ANSWERS = f"""
SELECT rows.number, COALESCE(parents.number, 0)
FROM {ROWS} rows LEFT JOIN {ROWS} parents ON parents.external_id = rows.parent_external_id
WHERE rows.parent_external_id IS NOT NULL
"""
JOIN_OTHERS = f"""
INSERT INTO {JOINS} SELECT orphans.number, stored.id, stored.conversation_id
FROM {ORPHANS} orphans CROSS JOIN {ROWS} rows CROSS JOIN {{messages}} stored
WHERE rows.number = orphans.number AND stored.external_id = rows.parent_external_id
    AND NOT EXISTS (SELECT 1 FROM {KNOWN} known WHERE known.number = orphans.number)
"""
# What has no id from elsewhere is named by its number.
JOIN_OWN = f"""
INSERT INTO {JOINS} SELECT answers.number, stored.id, stored.conversation_id
FROM (
    SELECT rows.number, {{own_parent}} AS own FROM {ORPHANS} orphans CROSS JOIN {ROWS} rows
    WHERE rows.number = orphans.number
) answers
CROSS JOIN {{messages}} stored
WHERE stored.id = answers.own AND stored.external_id IS NULL
    AND NOT EXISTS (SELECT 1 FROM {KNOWN} known WHERE known.number = answers.number)
"""
JOIN_KNOWN = f"""
INSERT INTO {JOINS} SELECT rows.number, known.message_id, known.conversation_id
FROM {KNOWN} known CROSS JOIN {ROWS} parents CROSS JOIN {ROWS} rows
WHERE parents.number = known.number AND rows.parent_external_id = parents.external_id
    AND NOT EXISTS (SELECT 1 FROM {KNOWN} own WHERE own.number = rows.number)
"""
MISSING_PARENTS = f"""
SELECT rows.number, rows.parent_external_id FROM {ORPHANS} orphans CROSS JOIN {ROWS} rows
WHERE rows.number = orphans.number
    AND NOT EXISTS (SELECT 1 FROM {JOINS} joins WHERE joins.number = orphans.number)
    AND NOT EXISTS (SELECT 1 FROM {KNOWN} known WHERE known.number = orphans.number)
"""
MAY_BE_LONG = f"SELECT number, {{column}} FROM {ROWS} WHERE substr({{column}}, 1, 1) = %s AND length({{column}}) > %s"
COMPARED = ("sender", "receiver", "timestamp", "content", "parent_external_id")
TEXT_ONLY = (False, False, False, True, False)


def check_lengths(staging: Staging, findings: Findings) -> None:
    """Report values that are too long where what was taken for a guard of our exports is a character like others."""
    for column, most in LONGEST.items():
        for number, value in staging.stream(MAY_BE_LONG.replace("{column}", column), [GUARD, most]):
            findings(Problem(number, column, "error", too_long(column, value, guarded=False)))


def skip_repeats(staging: Staging, findings: Findings) -> None:
    """Report rows that repeat an earlier external id; take those with the same message away."""
    if not staging.execute(FIND_REPEATED):
        return
    staging.execute(CHOOSE_REPEATED)
    for number, earlier, external_id, *differs in staging.stream(REPEATS):
        different = _differing(differs)
        if different:
            message = f"rows {earlier} and {number} share external_id {label(external_id)} with different {different}: "
            message += "give each message an id of its own."
            findings(Problem(number, "", "error", message))
            # Once: with the reasons of thousands its row would be too long to be read again.
            if findings.marks[earlier] != Mark.OUT:
                findings.leave_out(earlier, message)
        else:
            findings.mark(number, Mark.REPEATED)
            findings(Problem(number, "", "notice", f"row {number} repeats row {earlier}; skipped"))
    staging.execute(DROP_REPEATS)


def check_stored(staging: Staging, findings: Findings, choices: Choices) -> int:
    """Report rows whose id is stored with another message. Returns how many have only another text.

    Rows are marked as known, or as changed where ``choices`` say that texts are to be replaced.
    """
    for (number,) in staging.stream(f"SELECT number FROM {KNOWN}"):
        if findings.marks[number] == Mark.NEW:
            findings.marks[number] = Mark.KNOWN
    staging.fill(CHANGES, _changes(staging, findings, choices))
    return staging.value(f"SELECT COUNT(*) FROM {CHANGES}")


def _changes(staging: Staging, findings: Findings, choices: Choices) -> Iterator[tuple]:
    """(row, message id, whether it was edited) of rows with another text than is stored; reports other differences."""
    began: set[int] | None = None  # asked for only where it makes a difference
    for number, external_id, message_id, was_edited, *differs in staging.stream(STORED_OTHERWISE):
        different = tuple(map(bool, differs))
        began_here = False
        if different[-1]:
            if began is None:
                began = {row for (row,) in staging.stream(BEGAN_WITHOUT_PARENT)}
            began_here = number in began
            different = (*different[:-1], not (began_here and choices.start_conversations))
        if different == TEXT_ONLY:
            if choices.existing == "edit":
                findings.mark(number, Mark.CHANGED)
            elif choices.existing == "refuse":
                message = f"{label(external_id)} is already stored with different content: "
                message += "correct the row, give it another id, or choose what becomes of changed texts."
                findings(Problem(number, "external_id", "error", message, "existing"))
            yield number, message_id, bool(was_edited)
        elif any(different):
            findings(_stored_otherwise(number, external_id, different, began_here=began_here))


def _stored_otherwise(number: int, external_id: str, different: tuple[bool, ...], *, began_here: bool) -> Problem:
    """The problem of a row whose id is stored with another message, or with this one without its parent."""
    name = label(external_id)
    if began_here and not any(different[:-2]):
        message = f"{name} is already stored, as the beginning of a conversation, and its parent is not: "
        message += "choose that such messages begin one, or leave parent_external_id empty."
        return Problem(number, "parent_external_id", "error", message, "start_conversations")
    message = f"{name} is already stored with different {_differing(different)}: "
    return Problem(number, "external_id", "error", f"{message}correct the row, or give it another id.")


def check_people(staging: Staging, findings: Findings, *, create_users: bool) -> None:
    """Report senders and receivers who have no account and are not to get one, or cannot under that name."""
    if not staging.execute(FIND_PEOPLE) or not _find_faults_of_people(staging, create_users=create_users):
        return
    for number, column, username, fault in staging.stream(UNKNOWN_PEOPLE):
        findings(
            Problem(
                number,
                "sender" if column == 1 else "receiver",
                "error",
                fault
                or f"no user {label(username, quoted=True)}: correct the name, or choose to create missing users.",
                "" if fault else "create_users",
            )
        )


def _find_faults_of_people(staging: Staging, *, create_users: bool) -> int:
    """Set why there can be no account under a missing name ("" where nobody asked for one); how many names that are."""
    faults = list(_faults_of_names(staging, create_users=create_users))
    for name, fault in faults:
        staging.execute(f"UPDATE {PEOPLE} SET fault = %s WHERE username = %s", [fault, name])
    if create_users:
        return len(faults)
    return len(faults) + staging.execute(f"UPDATE {PEOPLE} SET fault = '' WHERE fault IS NULL")


def _faults_of_names(staging: Staging, *, create_users: bool) -> Iterator[tuple[str, str]]:
    """Missing names under which there can be no account, and why: erased people's, and what is no username."""
    names = (name for (name,) in staging.stream(f"SELECT username FROM {PEOPLE}"))
    while some := list(islice(names, PEOPLE_AT_A_TIME)):
        known = erased_names.erased(some)
        for name in some:
            if name in known:
                yield name, erased_names.refusal(name, known[name])
            elif create_users and (fault := username_problem(name)):
                yield name, fault


def find_parents(staging: Staging, last_row: int) -> Roots:
    """Which row each row answers; those whose parent is not in the file go to ORPHANS."""
    roots = Roots(last_row)
    orphans = array("i")
    for number, parent in staging.stream(ANSWERS):
        if parent:
            roots.parents[number] = parent
        else:
            orphans.append(number)
    staging.fill(ORPHANS, zip(orphans, strict=True))
    return roots


def join_stored(staging: Staging, roots: Roots) -> None:
    """Find the stored messages that rows answer. Such rows answer no row; nor do those that are stored themselves."""
    staging.execute(JOIN_OTHERS)
    staging.execute(JOIN_OWN)
    staging.execute(JOIN_KNOWN)
    staging.plan(JOINS)
    for table in (JOINS, KNOWN):
        for (number,) in staging.stream(f"SELECT number FROM {table}"):
            roots.parents[number] = NO_ROW


def check_parents(staging: Staging, findings: Findings, *, start_conversations: bool) -> None:
    """Report answers to messages that are neither in the file nor stored."""
    for number, parent in staging.stream(MISSING_PARENTS):
        missing = f"parent {label(parent)} is neither in the file nor stored"
        if start_conversations:
            message = f"{missing}: the message begins a conversation."
            findings(Problem(number, "parent_external_id", "warning", message))
        else:
            message = f"{missing}: add its row, leave this empty, or choose that it begins a conversation."
            findings(Problem(number, "parent_external_id", "error", message, "start_conversations"))


def check_loops(staging: Staging, findings: Findings, roots: Roots) -> None:
    """Resolve the roots; report replies that go round in a loop."""
    loops = roots.resolve()
    while some := list(islice(loops, LOOPS_AT_A_TIME)):
        ids = _named(staging, some)
        for loop in some:
            message = f"replies in a loop: {_path(ids, loop)} ({_places(loop)}): correct one of these parents."
            findings(Problem(loop[0], "parent_external_id", "error", message))
            for row in loop[1:]:
                findings.leave_out(row, message)


def leave_out_answers(findings: Findings, roots: Roots, choices: Choices) -> None:
    """What answers a row that is left out is left out too, or begins a conversation where that is chosen."""
    out = findings.where(Mark.OUT)
    if not any(out):
        return
    if choices.start_conversations:
        _begin_below(findings, roots, out)
    for row, parent in roots.cut_off(out):
        message = f"its parent, row {parent}, is left out: correct that row, and import both."
        if choices.only_valid:
            findings(Problem(row, "parent_external_id", "error", message, "start_conversations"))
        else:
            findings.marks[row] = Mark.OUT
    roots.forget()
    for _ in roots.resolve():
        pass  # only rows that are left out go in loops


def _begin_below(findings: Findings, roots: Roots, out: bytearray) -> None:
    for row, parent in enumerate(roots.parents):
        if parent and out[parent] and not out[row]:
            roots.parents[row] = NO_ROW
            message = f"its parent, row {parent}, is left out: the message begins a conversation."
            findings(Problem(row, "parent_external_id", "warning", message))


def _differing(differs: Sequence[object]) -> str:
    return ", ".join(column for column, differing in zip(COMPARED, differs, strict=True) if differing)


def _named(staging: Staging, loops: list[list[int]]) -> dict[int, str]:
    """The external ids of those rows of the loops that are named."""
    named = [row for loop in loops for row in loop[:NAMED_IN_A_LOOP]]
    places = ", ".join(["%s"] * len(named))
    return dict(staging.stream(f"SELECT number, external_id FROM {ROWS} WHERE number IN ({places})", named))


def _path(ids: dict[int, str], loop: list[int]) -> str:
    """The external ids of a loop in order, back to the first: '1 → 2 → 1'."""
    steps = [label(ids[row]) for row in loop[:NAMED_IN_A_LOOP]]
    if len(loop) > NAMED_IN_A_LOOP:
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
