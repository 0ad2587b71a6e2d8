"""Staging a file's rows again, when a worker resumes an import that is partly stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ops.files.problems import Problem
from ops.files.sources import SourceRow
from ops.imports.checking import parents, people
from ops.imports.checking.check_file import ROWS_PER_BEAT, Progress, until_unreadable
from ops.imports.checking.findings import Mark, rows_marked
from ops.imports.checking.guards import remove_guards
from ops.imports.checking.roots import NO_ROW, Roots
from ops.imports.checking.rows import StagedRow, checked_rows
from ops.imports.checking.values.context import RowContext
from ops.imports.checking.values.ids import remove_point_zero
from ops.imports.options import Choices
from ops.imports.staging.base import Staging
from ops.imports.storing.plan import Plan


def restage(
    staging: Staging,
    rows: Iterable[SourceRow],
    plan: Plan,
    choices: Choices,
    *,
    context: RowContext,
    progress: Progress,
) -> Roots:
    """Stage the rows that ``plan`` stores (its tables are filled already); return their roots.

    Rows are not compared with stored messages again, because some of them are stored by now.
    """
    wanted = rows_marked(plan.marks, Mark.NEW, Mark.CHANGED)
    checked = checked_rows(until_unreadable(rows, []), context, _ignore)
    staging.fill("rows", _wanted(checked, wanted, progress))
    if plan.guarded:
        remove_guards(staging)
    if plan.whole:
        remove_point_zero(staging)
    people.use_accounts(staging, choices.people)
    staging.index_ids()
    people.find_missing(staging)
    roots = parents.find_parents(staging, len(wanted) - 1)
    for (number,) in staging.stream("SELECT number FROM {joins}"):
        roots.parents[number] = NO_ROW
    roots.resolve_without_loops()  # the check excluded them
    parents.gather_siblings(staging, roots, rows_marked(plan.marks, Mark.NEW))
    return roots


def _wanted(rows: Iterable[StagedRow], wanted: bytearray, progress: Progress) -> Iterator[StagedRow]:
    """Yield the rows with a true byte in ``wanted``."""
    for count, row in enumerate(rows):
        if count % ROWS_PER_BEAT == 0:
            progress(count)
        if row[0] < len(wanted) and wanted[row[0]]:
            yield row


def _ignore(problem: Problem) -> None:
    """Ignore a problem: it was reported when the file was checked."""
