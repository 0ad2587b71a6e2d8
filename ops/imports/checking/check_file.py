"""Checking a whole file before its first row is stored: what is wrong with it, and what becomes of each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any

from ops.files.problems import Problem, Report, Unreadable
from ops.files.sources import SourceRow
from ops.imports.checking import parents, people, repeats, stored
from ops.imports.checking.findings import Findings, Mark
from ops.imports.checking.guards import check_lengths, take_guards_off
from ops.imports.checking.roots import Roots
from ops.imports.checking.rows import StagedRow, checked_rows
from ops.imports.options import Choices
from ops.imports.staging.base import CHANGES, JOINS, LEFT_OUT, PEOPLE, ROWS, Staging

SHOWN = 20  # rows of a file that are shown as they will be
LONGEST_KEPT = 1_000  # characters of a value of these rows
ROWS_BETWEEN_SIGNS = 1_000

Progress = Callable[[int], None]  # called with the number of rows read so far

# Who is named only in rows that are left out gets no account.
FORGET_PEOPLE = f"""
DELETE FROM {PEOPLE} WHERE username NOT IN (
    SELECT sender FROM {ROWS} rows WHERE sender IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM {LEFT_OUT} gone WHERE gone.number = rows.number)
    UNION SELECT receiver FROM {ROWS} rows WHERE receiver IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM {LEFT_OUT} gone WHERE gone.number = rows.number)
)
"""


@dataclass(frozen=True)
class RowContext:
    """How the rows of a file are read.

    ``time_zone``: of times that name none. ``guarded``: values may be guarded as our CSV exports guard them. ``now``:
    what is later lies in the future. ``returning``: we wrote the file, of rows that were left out.
    """

    time_zone: str
    guarded: bool
    now: datetime
    returning: bool = False


@dataclass
class Checked:
    """What the checks found. ``first``: the first rows as the file has them, long values cut; ``guarded``: whether the
    guards of our exports were taken off; ``complete``: whether all was read."""

    findings: Findings
    roots: Roots
    guarded: bool
    first: list[SourceRow]
    counts: dict[str, Any]
    complete: bool

    @property
    def last_row(self) -> int:
        return len(self.findings.marks) - 1


def check(
    staging: Staging,
    rows: Iterable[SourceRow],
    *,
    choices: Choices,
    context: RowContext,
    progress: Progress,
    also: Iterable[Problem] = (),
) -> Checked:
    """Stage the rows and check them. ``also`` are problems that were found before.

    Only temporary tables are written to, so nobody waits for it.
    """
    findings = Findings(staging)
    for problem in also:
        findings.report(problem)
    first: list[SourceRow] = []
    ends: list[Unreadable] = []
    kept = _keeping_first(until_unreadable(rows, ends), first)
    stage(staging, findings.marking(rows_of(kept, context, findings.report)), progress)
    guards = _finish_staging(staging, context)
    if guards:
        findings.report(Problem(None, "", "notice", _guards_taken_off(guards)))
    elif context.guarded:
        check_lengths(staging, findings)
    for end in ends:
        findings.report(end.problem)
    roots = _check_together(staging, findings, choices, progress, complete=not ends)
    counts = _counts(staging, findings, roots, choices)
    return Checked(findings, roots, guards > 0, first, counts, complete=not ends)


def _check_together(
    staging: Staging, findings: Findings, choices: Choices, progress: Progress, *, complete: bool
) -> Roots:
    last_row = len(findings.marks) - 1
    repeats.skip_repeats(staging, findings)
    progress(last_row)
    people.check_people(staging, findings, create_users=choices.create_users)
    progress(last_row)
    if stored.find_known(staging, findings):
        progress(last_row)
        stored.check_stored(staging, findings, choices)
    progress(last_row)
    roots = parents.find_parents(staging, last_row)
    parents.join_stored(staging, roots)
    # A parent may stand in the part of a file that could not be read.
    if complete:
        parents.check_parents(staging, findings, start_conversations=choices.start_conversations)
    progress(last_row)
    parents.check_loops(staging, findings, roots)
    parents.leave_out_answers(findings, roots, choices)
    progress(last_row)
    return roots


def stage(staging: Staging, rows: Iterable[StagedRow], progress: Progress) -> None:
    """Fill the table of rows, reporting progress every ROWS_BETWEEN_SIGNS rows."""
    staging.fill(ROWS, _reporting(rows, progress))


def _finish_staging(staging: Staging, context: RowContext) -> int:
    """Take guards off where the file has them, and index the rows; from how many values they were taken."""
    guards = take_guards_off(staging, whole=not context.returning) if context.guarded else 0
    staging.index_ids()
    return guards


def _counts(staging: Staging, findings: Findings, roots: Roots, choices: Choices) -> dict[str, Any]:
    marks = findings.marks
    changed = staging.value(f"SELECT COUNT(*) FROM {CHANGES}")
    known = findings.count(Mark.KNOWN)
    skipped = changed if choices.existing == "skip" else 0
    return {
        "rows": len(marks) - findings.count(Mark.NONE),
        "new": findings.count(Mark.NEW),
        "changed": changed - skipped,
        "unchanged": known,
        "repeated": findings.count(Mark.REPEATED),
        "rejected": findings.count(Mark.EXCLUDED),
        "users": _people_to_create(staging, findings),
        **_threads(staging, findings, roots),
        "errors": findings.levels["error"],
        "warnings": findings.levels["warning"],
        "notices": findings.levels["notice"],
        "cures": dict(findings.cures),
    }


def _threads(staging: Staging, findings: Findings, roots: Roots) -> dict[str, int]:
    """How many conversations begin with new rows, and how many new rows are replies."""
    new = findings.where(Mark.NEW)
    joining = sum(new[number] for (number,) in staging.stream(f"SELECT number FROM {JOINS}"))
    beginning = sum(1 for row, parent in zip(new, roots.parents, strict=True) if row and not parent) - joining
    return {"conversations": beginning, "replies": new.count(1) - beginning}


def _people_to_create(staging: Staging, findings: Findings) -> int:
    """How many accounts are missing; PEOPLE keeps those that rows which come in need."""
    if not staging.value(f"SELECT COUNT(*) FROM {PEOPLE}"):
        return 0
    out = findings.where(Mark.EXCLUDED)
    if any(out) and staging.value(f"SELECT COUNT(*) FROM {PEOPLE} WHERE fault IS NULL"):
        staging.fill(LEFT_OUT, ((number,) for number, gone in enumerate(out) if gone))
        staging.execute(FORGET_PEOPLE)
    return staging.value(f"SELECT COUNT(*) FROM {PEOPLE} WHERE COALESCE(fault, '') = ''")


def rows_of(rows: Iterable[SourceRow], context: RowContext, report: Report) -> Iterator[StagedRow]:
    """The rows ready for staging, each checked by itself; see rows.checked_rows."""
    return checked_rows(rows, now=context.now, report=report, time_zone=context.time_zone, guarded=context.guarded)


def until_unreadable(rows: Iterable[SourceRow], ends: list[Unreadable]) -> Iterator[SourceRow]:
    """The rows up to where they cannot be read any more; why goes to ``ends``."""
    try:
        yield from rows
    except Unreadable as error:
        ends.append(error)


def _keeping_first(rows: Iterator[SourceRow], first: list[SourceRow]) -> Iterator[SourceRow]:
    """The rows; as much as is shown of the first of them goes to ``first`` as well."""

    def keep(row: SourceRow) -> SourceRow:
        number, values, problem = row
        first.append((number, [value[:LONGEST_KEPT] for value in values], problem))
        return row

    return chain(map(keep, islice(rows, SHOWN)), rows)


def _reporting(rows: Iterable[StagedRow], progress: Progress) -> Iterator[StagedRow]:
    for count, row in enumerate(rows):
        if count % ROWS_BETWEEN_SIGNS == 0:
            progress(count)
        yield row


def _guards_taken_off(values: int) -> str:
    return f"A leading ' was taken off {values:,} value{'' if values == 1 else 's'}, as exports put it there."
