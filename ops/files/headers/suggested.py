"""Suggesting the columns that headers of other programs most likely mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from ops.files.headers.columns import Columns
from ops.files.headers.samples import FileRow, shortened
from ops.files.headers.search import Search
from ops.files.headers.unfit import LONGEST_LIST, listed_labels
from ops.files.problems import label
from ops.files.sources import Reading
from ops.files.suggestions import MOST_SAMPLES, Sample, Suggestion


def suggestions_of(
    headers: Sequence[str],
    columns: Columns,
    reading: Reading,
    missing: Sequence[str],
    unknown: Sequence[str],
    unnamed: Sequence[str],
    rows: Sequence[FileRow],
) -> list[Suggestion]:
    """Suggest the columns that other programs' headers mean, if those complete what is needed."""
    if unnamed:
        return []
    wanted = [column for column in columns.names if column not in reading.columns]
    free = [header for header in unknown if header not in reading.columns.values()]
    named = columns.by_name(free)
    wanted = [column for column in wanted if column in {*missing, *columns.may_be_missing}]
    called = {column: named[column] for column in wanted if column in named}
    left_out = [column for column in missing if column not in called]
    if not called or any(column not in columns.may_be_left_out for column in left_out):
        return []
    chosen = {**reading.columns, **called, **dict.fromkeys(left_out, "")}
    rest = [header for header in unknown if header not in called.values()]
    return [columns_suggestion(headers, columns, chosen, called, rest, rows)]


def columns_suggestion(
    headers: Sequence[str],
    columns: Columns,
    chosen: Mapping[str, str],
    called: Mapping[str, str],
    rest: Sequence[str],
    rows: Sequence[FileRow],
) -> Suggestion:
    """Return the suggestion to read the columns as ``chosen``; ``rest`` are the headers that it leaves out."""
    is_called = _("%(header)s is %(column)s")
    pairs = [is_called % {"header": label(header, quoted=True), "column": column} for column, header in called.items()]
    sentences = [_("The columns go by other names: %(columns)s.") % {"columns": ", ".join(pairs)}]
    if without := [column for column, header in chosen.items() if not header]:
        sentences.append(_("The file has no %(columns)s.") % {"columns": _and_no(without)})
    if rest:
        sentences.append(_("Left out: %(columns)s.") % {"columns": listed_labels(rest)})
    found = Search(headers, columns, Reading(columns=chosen))
    return Suggestion(
        "columns",
        dict(chosen),
        " ".join(sentences),
        _("Take these columns"),
        [_as_read(row, found.places) for row in rows[:MOST_SAMPLES]],
        also={"ignore_unknown": True} if rest else {},
    )


def _as_read(row: FileRow, places: Mapping[str, int | None]) -> Sample:
    number, values = row
    read = [
        f"{column}: {shortened(values[place])}"
        for column, place in places.items()
        if place is not None and place < len(values) and values[place]
    ]
    return Sample(number, " | ".join(map(shortened, values[:LONGEST_LIST])), "; ".join(read))


def _and_no(columns: Sequence[str]) -> str:
    """Return the words after "has no": "a", "a and no b"."""
    *others, last = columns
    for other in reversed(others):
        last = _("%(column)s and no %(others)s") % {"column": other, "others": last}
    return last
