"""What is wrong with each row of a file of reports by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from ops.files.formulas import bare
from ops.files.problems import Problem, label
from ops.files.sources import SourceRow
from ops.files.timestamps import LONGEST, Moment
from ops.imports.checking.rows import CANNOT_BE_STORED, LONGEST_EXTERNAL_ID
from ops.moderation.bringing.columns import NAMES
from ops.moderation.models import Outcome
from ops.moderation.models.cases import LONGEST_NOTE

REVISION = re.compile(r"[1-9]\d{0,8}", re.ASCII)
OUTCOMES = tuple(one.value for one in Outcome if one != Outcome.ERASED)
NEEDED = {
    "external_id": "the external ID is empty: give each report one, by which it is known when it comes again.",
    "message": "the message is empty: give the external ID of the reported message.",
    "label": "the label is empty: give the slug of a label.",
}
Report = Callable[[Problem], None]


@dataclass(slots=True)
class Row:
    """A report of a file. ``revision`` is None where the file does not say which text was reported."""

    number: int
    external_id: str
    message: str
    label: str
    reporter: str
    note: str
    created_at: datetime
    revision: int | None
    outcome: str
    settled_at: datetime | None


def checked(
    rows: Iterable[SourceRow], report: Report, *, moments: Callable[[str], Moment], guarded: bool, now: datetime
) -> Iterator[Row]:
    """The sound rows; everything that is wrong with the others is reported with its column.

    ``guarded`` files have the guards of our exports. A report without a time was made ``now``.
    """
    seen: dict[str, int] = {}
    for number, values, problem in rows:
        if problem is not None:
            report(problem)
            continue
        cells = dict(zip(NAMES, (bare(one) for one in values) if guarded else values, strict=True))
        faults = list(_faults(cells))
        external_id = cells["external_id"]
        if external_id and seen.setdefault(external_id, number) != number:
            words = f"row {seen[external_id]} has this external ID too: give each report its own."
            faults.append(("external_id", words))
        outcome = cells["outcome"] or Outcome.WAITING.value
        created, settled = _moments(cells, outcome, moments, now, faults)
        for column, words in faults:
            report(Problem(number, column, "error", words))
        if not faults:
            yield Row(
                number=number,
                external_id=external_id,
                message=cells["message"],
                label=cells["label"],
                reporter=cells["reporter"],
                note=cells["note"].strip(),
                created_at=created,
                revision=int(cells["revision"]) if cells["revision"] else None,
                outcome=outcome,
                settled_at=None if outcome == Outcome.WAITING else settled or created,
            )


def _faults(cells: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(column, sentence) of what is wrong with the values, but for times."""
    for column, value in cells.items():
        if not value and column in NEEDED:
            yield column, NEEDED[column]
        elif found := CANNOT_BE_STORED.search(value):
            yield column, f"{column} holds a character that cannot be stored (U+{ord(found[0]):04X}): remove it."
    external_id, note, revision, outcome = (cells[name] for name in ("external_id", "note", "revision", "outcome"))
    if len(external_id) > LONGEST_EXTERNAL_ID:
        words = f"the external ID has {len(external_id):,} characters: shorten it to {LONGEST_EXTERNAL_ID}."
        yield "external_id", words
    if len(note.strip()) > LONGEST_NOTE:
        yield "note", f"the note has {len(note.strip()):,} characters: shorten it to {LONGEST_NOTE:,}."
    if revision and REVISION.fullmatch(revision) is None:
        yield "revision", "this is no number of a text: write 1 for the first text of the message, or leave it empty."
    if outcome and outcome not in OUTCOMES:
        yield "outcome", f"{label(outcome)} is no outcome: write one of {', '.join(OUTCOMES)}, or leave it empty."


def _moments(
    cells: dict[str, str],
    outcome: str,
    moments: Callable[[str], Moment],
    now: datetime,
    faults: list[tuple[str, str]],
) -> tuple[datetime, datetime | None]:
    """When the report was made, and settled; what is wrong with that is added to ``faults``."""
    created = _moment(cells["created_at"], moments, now, "created_at", faults) or now
    settled = _moment(cells["settled_at"], moments, now, "settled_at", faults)
    if settled is not None and outcome == Outcome.WAITING:
        faults.append(("settled_at", "a report that waits has no time at which it was settled: leave it empty."))
    elif settled is not None and settled < created:
        faults.append(("settled_at", "the report was settled before it was made: correct settled_at or created_at."))
    return created, settled


def _moment(
    value: str, moments: Callable[[str], Moment], now: datetime, column: str, faults: list[tuple[str, str]]
) -> datetime | None:
    """The time in a cell, None where there is none; what is wrong with it is added to ``faults``."""
    if not value:
        return None
    moment = moments(value[: LONGEST + 1])
    if moment.utc is None:
        faults.append((column, moment.problem))
        return None
    found = datetime.fromisoformat(moment.utc).replace(tzinfo=UTC)
    if found > now:
        faults.append((column, "the time lies in the future: correct it, or leave it empty."))
        return None
    return found
