"""Checking all rows of a file before the first is stored: finds problems, and decides what happens to each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.utils.translation import ngettext

from messaging.languages.wording import numbered
from ops.files.headers.unfit import HeaderUnfit
from ops.files.problems import Problem, Unreadable
from ops.files.sources import SourceRow
from ops.files.suggestions import Suggestion
from ops.imports.checking import awaiting, guards, parents, people, repeats, stored
from ops.imports.checking.findings import Findings, Mark
from ops.imports.checking.roots import Roots
from ops.imports.checking.rows import StagedRow, checked_rows
from ops.imports.checking.values import ids
from ops.imports.checking.values.context import RowContext, Unusual
from ops.imports.options import Choices
from ops.imports.staging.base import Staging

SHOWN = 20  # rows of a file that the preview shows
KEPT_OF_VALUE = 1_000  # characters of a value of these rows
ROWS_PER_BEAT = 1_000

Progress = Callable[[int], None]  # is called with the number of rows read so far


@dataclass
class Checked:
    """The results of the check. ``first`` are the first rows as the file has them, long values cut.

    ``guarded``: the file's values have the guards of our exports. ``whole``: ids such as 12.0 were made whole numbers.
    ``complete``: the file was read to its end.
    """

    findings: Findings
    roots: Roots
    guarded: bool
    whole: bool
    first: list[SourceRow]
    counts: dict[str, Any]
    complete: bool

    @property
    def last_row(self) -> int:
        return len(self.findings.marks) - 1


def check(
    staging: Staging,
    rows: Iterable[SourceRow],
    context: RowContext,
    choices: Choices,
    *,
    progress: Progress,
    notices: Iterable[Problem] = (),
    suggestions: Iterable[Suggestion] = (),
    by: Any = None,
) -> Checked:
    """Stage the rows and check them for ``by``, who will read the findings. ``notices`` and ``suggestions`` are those
    of the source; they become findings as well.

    Writes only to temporary tables, so it blocks nobody.
    """
    findings = Findings(staging)
    first: list[SourceRow] = []
    ends: list[Unreadable] = []
    readable = until_unreadable(_keeping_first(rows, first), ends)
    unusual = Unusual(context)
    staging.fill("rows", _marked(checked_rows(readable, context, findings.report, unusual), findings, progress))
    # After the rows: the notices and suggestions of the source may depend on all of them.
    for problem in notices:
        findings.report(problem)
    removed = guards.remove_guards(staging) if context.guarded else 0
    people.use_accounts(staging, choices.people)
    staging.index_ids()
    unusual.report(findings)
    ids.refuse_shortened(staging, findings, unusual.ids)
    whole = ids.make_whole(staging, findings, unusual.ids)
    if removed:
        findings.report(Problem(None, "", "notice", _guards_removed(removed)))
    for end in ends:
        findings.report(end.problem)
        findings.suggestions += end.suggestions
    findings.suggestions += [*suggestions, *unusual.suggestions()]
    roots = _check_together(staging, findings, choices, progress, complete=not ends, by=by)
    counts = _counts(staging, findings, roots, choices)
    return Checked(findings, roots, context.guarded, whole, first, counts, complete=not ends)


def _check_together(
    staging: Staging, findings: Findings, choices: Choices, progress: Progress, *, complete: bool, by: Any
) -> Roots:
    last_row = len(findings.marks) - 1
    repeats.skip_repeats(staging, findings)
    repeats.check_alike(staging, findings, once=choices.alike_once)
    progress(last_row)
    people.check_people(staging, findings, choices, by=by)
    progress(last_row)
    if stored.find_known(staging, findings):
        progress(last_row)
        stored.check_stored(staging, findings, choices)
    people.check_anonymised(staging, findings)
    progress(last_row)
    roots = parents.find_parents(staging, last_row)
    parents.join_stored(staging, roots)
    # A parent may be in the part of a file that could not be read.
    if complete:
        parents.check_parents(staging, findings, start_conversations=choices.start_conversations)
    progress(last_row)
    parents.check_loops(staging, findings, roots)
    awaiting.check_awaiting(staging, findings, roots)
    parents.exclude_answers(staging, findings, roots, choices)
    findings.gathered = parents.gather_siblings(staging, roots, findings.where(Mark.NEW))
    findings.drop_excluded_rows(texts_change=choices.existing == "edit")
    progress(last_row)
    return roots


def _counts(staging: Staging, findings: Findings, roots: Roots, choices: Choices) -> dict[str, Any]:
    return {
        "rows": len(findings.marks) - findings.count(Mark.NONE),
        "new": findings.count(Mark.NEW),
        "changed": _changed(staging, findings, choices),
        "undated": findings.undated,
        "joined": awaiting.count_joining(staging, findings),
        "unchanged": findings.count(Mark.KNOWN),
        "repeated": findings.count(Mark.REPEATED),
        "rejected": findings.count(Mark.EXCLUDED),
        "users": people.count_missing(staging, findings),
        "created": people.count_created(staging),
        **_threads(staging, findings, roots),
        "errors": findings.levels["error"],
        "warnings": findings.levels["warning"],
        "notices": findings.levels["notice"],
        "cures": dict(findings.cures),
    }


def _changed(staging: Staging, findings: Findings, choices: Choices) -> int:
    """Return how many stored texts will be replaced, or await a decision."""
    if choices.existing == "refuse":
        return int(staging.value("SELECT COUNT(*) FROM {changes}"))
    return findings.count(Mark.CHANGED)


def _threads(staging: Staging, findings: Findings, roots: Roots) -> dict[str, int]:
    """Return how many conversations start with new rows, and how many new rows are replies."""
    new = findings.where(Mark.NEW)
    joining = sum(new[number] for (number,) in staging.stream("SELECT number FROM {joins}"))
    beginning = sum(1 for row, parent in zip(new, roots.parents, strict=True) if row and not parent) - joining
    return {"conversations": beginning - findings.gathered, "replies": new.count(1) - beginning}


def until_unreadable(rows: Iterable[SourceRow], ends: list[Unreadable]) -> Iterator[SourceRow]:
    """Yield the rows until the file becomes unreadable; the reason is added to ``ends``.

    Raises HeaderUnfit if a column turns out to be in none of the rows.
    """
    try:
        yield from rows
    except HeaderUnfit:
        raise
    except Unreadable as error:
        ends.append(error)


def _keeping_first(rows: Iterable[SourceRow], first: list[SourceRow]) -> Iterator[SourceRow]:
    """Yield the rows; add the first ones to ``first``, with as much of them as the preview shows."""
    left = iter(rows)
    for number, values, problem in islice(left, SHOWN):
        first.append((number, [value[:KEPT_OF_VALUE] for value in values], problem))
        yield number, values, problem
    yield from left


def _marked(rows: Iterable[StagedRow], findings: Findings, progress: Progress) -> Iterator[StagedRow]:
    """Yield the rows; mark each as new, or as excluded if it is faulty."""
    for count, row in enumerate(rows):
        if count % ROWS_PER_BEAT == 0:
            progress(count)
        findings.mark(row[0], Mark.EXCLUDED if row[-1] is None else Mark.NEW)
        yield row


def _guards_removed(values: int) -> str:
    text = ngettext(
        "A leading ' was taken off %(number)s value, as exports put it there.",
        "A leading ' was taken off %(number)s values, as exports put it there.",
        values,
    )
    return numbered(text, values)
