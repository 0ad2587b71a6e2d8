"""Checking each row of a file of reports by itself, without the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from messaging.languages.wording import grouped, numbered
from ops.files.formulas import bare
from ops.files.problems import Problem, label
from ops.files.sources import SourceRow
from ops.files.timestamps import LONGEST, Moment
from ops.imports.checking.rows import CANNOT_BE_STORED, LONGEST_EXTERNAL_ID
from ops.moderation.models import Outcome
from ops.moderation.models.cases import LONGEST_NOTE
from ops.moderation.report_imports.columns import NAMES

REVISION = re.compile(r"[1-9]\d{0,8}", re.ASCII)
OUTCOMES = tuple(one.value for one in Outcome if one != Outcome.ERASED)
NEEDED = {
    "external_id": gettext_lazy(
        "the external ID is empty: give each report one, by which it is known when it comes again."
    ),
    "message": gettext_lazy("the message is empty: give the external ID of the reported message."),
    "label": gettext_lazy("the label is empty: give the slug of a label."),
}
KEPT = 1_024  # sentences in each cache
Report = Callable[[Problem], None]


@dataclass(slots=True)
class Row:
    """A row of the file. ``revision`` is None if the file does not give the reported revision."""

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
    """Yield the valid rows, and call ``report`` with every problem of the others.

    ``guarded`` files carry our exports' formula guards. A report without a time gets ``now``.
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
            words = _("row %(number)s has this external ID too: give each report its own.")
            faults.append(("external_id", words % {"number": seen[external_id]}))
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
    """Yield (column, sentence) for each problem of the values, except the times."""
    language = get_language()
    for column, value in cells.items():
        if not value and column in NEEDED:
            yield column, _needed(column, language)
        elif found := CANNOT_BE_STORED.search(value):
            held = _("%(column)s holds a character that cannot be stored (%(character)s): remove it.")
            yield column, held % {"column": column, "character": f"U+{ord(found[0]):04X}"}
    external_id, note, revision, outcome = (cells[name] for name in ("external_id", "note", "revision", "outcome"))
    if len(external_id) > LONGEST_EXTERNAL_ID:
        yield "external_id", _long_id(len(external_id), language)
    if (length := len(note.strip())) > LONGEST_NOTE:
        yield "note", _long_note(length, language)
    if revision and REVISION.fullmatch(revision) is None:
        words = _("this is no number of a text: write 1 for the first text of the message, or leave it empty.")
        yield "revision", words
    if outcome and outcome not in OUTCOMES:
        words = _("%(outcome)s is no outcome: write one of %(outcomes)s, or leave it empty.")
        yield "outcome", words % {"outcome": label(outcome), "outcomes": ", ".join(OUTCOMES)}


# Cached: every row of a file may have such a fault, and building a sentence takes longer than checking a value.
@lru_cache(KEPT)
def _needed(column: str, language: str | None) -> str:
    return str(NEEDED[column])


@lru_cache(KEPT)
def _long_id(length: int, language: str | None) -> str:
    words = ngettext(
        "the external ID has %(number)s character: shorten it to %(most)s.",
        "the external ID has %(number)s characters: shorten it to %(most)s.",
        length,
    )
    return numbered(words, length, most=grouped(LONGEST_EXTERNAL_ID))


@lru_cache(KEPT)
def _long_note(length: int, language: str | None) -> str:
    words = ngettext(
        "the note has %(number)s character: shorten it to %(most)s.",
        "the note has %(number)s characters: shorten it to %(most)s.",
        length,
    )
    return numbered(words, length, most=grouped(LONGEST_NOTE))


def _moments(
    cells: dict[str, str],
    outcome: str,
    moments: Callable[[str], Moment],
    now: datetime,
    faults: list[tuple[str, str]],
) -> tuple[datetime, datetime | None]:
    """Return when the report was made and when it was settled; append problems to ``faults``."""
    created = _moment(cells["created_at"], moments, now, "created_at", faults) or now
    settled = _moment(cells["settled_at"], moments, now, "settled_at", faults)
    if settled is not None and outcome == Outcome.WAITING:
        faults.append(("settled_at", _("a report that waits has no time at which it was settled: leave it empty.")))
    elif settled is not None and settled < created:
        words = _("the report was settled before it was made: correct settled_at or created_at.")
        faults.append(("settled_at", words))
    return created, settled


def _moment(
    value: str, moments: Callable[[str], Moment], now: datetime, column: str, faults: list[tuple[str, str]]
) -> datetime | None:
    """Return the time in a cell, None if it is empty or invalid; append problems to ``faults``."""
    if not value:
        return None
    moment = moments(value[: LONGEST + 1])
    if moment.utc is None:
        faults.append((column, moment.problem))
        return None
    found = datetime.fromisoformat(moment.utc).replace(tzinfo=UTC)
    if found > now:
        faults.append((column, _("the time lies in the future: correct it, or leave it empty.")))
        return None
    return found
