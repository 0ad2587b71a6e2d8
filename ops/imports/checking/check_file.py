"""Checking a whole file before its first row is stored: what is wrong with it, and what becomes of each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any

from ops.files.problems import Problem, Report, Unreadable
from ops.files.sources import SourceRow
from ops.imports.checking import faults
from ops.imports.checking.findings import Findings, Mark
from ops.imports.checking.guards import take_guards_off
from ops.imports.checking.known import find_known
from ops.imports.checking.roots import Roots
from ops.imports.checking.rows import StagedRow, checked_rows
from ops.imports.options import Choices
from ops.imports.staging.base import JOINS, LEFT_OUT, PEOPLE, ROWS, Staging
from ops.imports.storing.batches import PIECE
from ops.imports.storing.plans import Plan

SHOWN = 20  # rows of a file that are shown as they will be
REMEMBERED = 1_000  # characters of a value of these rows
ROWS_BETWEEN_SIGNS = 1_000

Tell = Callable[[int], None]  # rows read so far

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
class How:
    """How the rows of a file are taken: the time zone of times that name none, whether values may be guarded as our
    CSV exports guard them, which moment is now; ``returning`` says that we wrote the file, of rows that were left out.
    """

    time_zone: str
    guarded: bool
    now: datetime
    returning: bool = False


@dataclass
class Checked:
    """What the checks found. ``first`` are the first rows as the file has them, long values cut; ``complete`` says that
    all was read."""

    findings: Findings
    roots: Roots
    plan: Plan
    first: list[SourceRow]
    counts: dict[str, Any]
    complete: bool

    def may_be_stored(self, choices: Choices) -> bool:
        return self.complete and (choices.only_valid or not self.findings.levels["error"])


def check(
    staging: Staging, rows: Iterable[SourceRow], *, choices: Choices, how: How, tell: Tell, also: Iterable[Problem] = ()
) -> Checked:
    """Stage the rows and check them. ``also`` are problems that were found before.

    Only temporary tables are written to, so nobody waits for it.
    """
    findings = Findings(staging)
    for problem in also:
        findings(problem)
    first: list[SourceRow] = []
    ends: list[Unreadable] = []
    taken = _remembering(_readable(rows, ends), first)
    _stage(staging, findings.marking(_checked(taken, how, findings)), tell)
    guards = _finish_staging(staging, how)
    if guards:
        findings(Problem(None, "", "notice", _guards_taken_off(guards)))
    elif how.guarded:
        faults.check_lengths(staging, findings)
    for end in ends:
        findings(end.problem)
    roots = _check_together(staging, findings, choices, tell, complete=not ends)
    plan = Plan(findings.marks, guards > 0, PIECE)
    counts = _counts(staging, findings, roots, choices)
    return Checked(findings, roots, plan, first, counts, complete=not ends)


def take_up(staging: Staging, rows: Iterable[SourceRow], plan: Plan, *, how: How, tell: Tell) -> Roots:
    """Stage the rows again that are to be stored, as ``plan`` says (its tables are filled already); their roots."""
    wanted = plan.marks.translate(bytes(mark in (Mark.NEW, Mark.CHANGED) for mark in range(256)))
    last = len(wanted) - 1
    readable = _readable(rows, [])
    _stage(staging, (row for row in _checked(readable, how, _unheard) if row[0] <= last and wanted[row[0]]), tell)
    if plan.guarded:
        take_guards_off(staging, whole=False)
    staging.index_ids()
    staging.execute(faults.FIND_PEOPLE)
    roots = faults.find_parents(staging, last)
    for (number,) in staging.stream(f"SELECT number FROM {JOINS}"):
        roots.parents[number] = 0
    for _ in roots.resolve():
        pass  # the checks left no loop
    return roots


def _check_together(staging: Staging, findings: Findings, choices: Choices, tell: Tell, *, complete: bool) -> Roots:
    last_row = len(findings.marks) - 1
    faults.skip_repeats(staging, findings)
    tell(last_row)
    faults.check_people(staging, findings, create_users=choices.create_users)
    tell(last_row)
    if find_known(staging, findings):
        tell(last_row)
        faults.check_stored(staging, findings, choices)
    tell(last_row)
    roots = faults.find_parents(staging, last_row)
    faults.join_stored(staging, roots)
    # A parent may stand in the part of a file that could not be read.
    if complete:
        faults.check_parents(staging, findings, start_conversations=choices.start_conversations)
    tell(last_row)
    faults.check_loops(staging, findings, roots)
    faults.leave_out_answers(findings, roots, choices)
    tell(last_row)
    return roots


def _stage(staging: Staging, rows: Iterable[StagedRow], tell: Tell) -> None:
    staging.fill(ROWS, _telling(rows, tell))


def _finish_staging(staging: Staging, how: How) -> int:
    """Take guards off where the file has them, and index the rows; from how many values they were taken."""
    guards = take_guards_off(staging, whole=not how.returning) if how.guarded else 0
    staging.index_ids()
    return guards


def _counts(staging: Staging, findings: Findings, roots: Roots, choices: Choices) -> dict[str, Any]:
    marks = findings.marks
    changed = staging.value(f"SELECT COUNT(*) FROM {faults.CHANGES}")
    known = findings.count(Mark.KNOWN)
    skipped = changed if choices.existing == "skip" else 0
    return {
        "rows": len(marks) - findings.count(Mark.NONE),
        "new": findings.count(Mark.NEW),
        "changed": changed - skipped,
        "unchanged": known,
        "repeated": findings.count(Mark.REPEATED),
        "rejected": findings.count(Mark.OUT),
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
    out = findings.where(Mark.OUT)
    if any(out) and staging.value(f"SELECT COUNT(*) FROM {PEOPLE} WHERE fault IS NULL"):
        staging.fill(LEFT_OUT, ((number,) for number, gone in enumerate(out) if gone))
        staging.execute(FORGET_PEOPLE)
    return staging.value(f"SELECT COUNT(*) FROM {PEOPLE} WHERE COALESCE(fault, '') = ''")


def _checked(rows: Iterable[SourceRow], how: How, report: Report) -> Iterator[StagedRow]:
    return checked_rows(rows, now=how.now, report=report, time_zone=how.time_zone, guarded=how.guarded)


def _readable(rows: Iterable[SourceRow], ends: list[Unreadable]) -> Iterator[SourceRow]:
    """The rows up to where they cannot be read any more; why goes to ``ends``."""
    try:
        yield from rows
    except Unreadable as error:
        ends.append(error)


def _remembering(rows: Iterator[SourceRow], first: list[SourceRow]) -> Iterator[SourceRow]:
    """The rows; as much as is shown of the first of them goes to ``first`` as well."""

    def remember(row: SourceRow) -> SourceRow:
        number, values, problem = row
        first.append((number, [value[:REMEMBERED] for value in values], problem))
        return row

    return chain(map(remember, islice(rows, SHOWN)), rows)


def _telling(rows: Iterable[StagedRow], tell: Tell) -> Iterator[StagedRow]:
    for count, row in enumerate(rows):
        if count % ROWS_BETWEEN_SIGNS == 0:
            tell(count)
        yield row


def _unheard(problem: Problem) -> None:
    """It was reported when the file was checked."""


def _guards_taken_off(values: int) -> str:
    return f"A leading ' was taken off {values:,} value{'' if values == 1 else 's'}, as exports put it there."
