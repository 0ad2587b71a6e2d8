"""Staging a file's rows again, when a worker continues an import that another one began to store."""

from __future__ import annotations

from collections.abc import Iterable

from ops.files.problems import Problem
from ops.files.sources import SourceRow
from ops.imports.checking import parents, people
from ops.imports.checking.check_file import Progress, RowContext, rows_of, stage, until_unreadable
from ops.imports.checking.findings import Mark, rows_marked
from ops.imports.checking.guards import take_guards_off
from ops.imports.checking.roots import NO_ROW, Roots
from ops.imports.staging.base import JOINS, Staging
from ops.imports.storing.plan import Plan


def restage(
    staging: Staging, rows: Iterable[SourceRow], plan: Plan, *, context: RowContext, progress: Progress
) -> Roots:
    """Stage the rows that ``plan`` stores (its tables are filled already); returns their roots.

    Nothing is looked up again: the database holds a part of the rows by now.
    """
    wanted = rows_marked(plan.marks, Mark.NEW, Mark.CHANGED)
    last = len(wanted) - 1
    checked = rows_of(until_unreadable(rows, []), context, _ignore)
    stage(staging, (row for row in checked if row[0] <= last and wanted[row[0]]), progress)
    if plan.guarded:
        take_guards_off(staging, whole=False)
    staging.index_ids()
    staging.execute(people.FIND_PEOPLE)
    roots = parents.find_parents(staging, last)
    for (number,) in staging.stream(f"SELECT number FROM {JOINS}"):
        roots.parents[number] = NO_ROW
    for _ in roots.resolve():
        pass  # the checks left no loop
    return roots


def _ignore(problem: Problem) -> None:
    """It was reported when the file was checked."""
