"""Finding the header row of a file: the first one, one below a title, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from django.utils.translation import gettext as _

from messaging.languages.wording import grouped
from ops.files.headers.columns import MOST_HEADERS, Columns, address, addressed, named
from ops.files.headers.fitting import Fit, fit
from ops.files.headers.samples import FileRow, samples_of
from ops.files.headers.suggested import columns_suggestion
from ops.files.headers.unfit import HeaderUnfit
from ops.files.problems import Problem, Unreadable
from ops.files.sources import Reading

LOOKED_AT = 20  # rows that are searched for a header
ENOUGH = 3  # columns that a header below other rows has to name
LONGEST_BEGINNING = 1_000_000  # characters of the first rows


@dataclass(frozen=True)
class Header:
    """The header of a file: the number of its row (0: none), its names, and where the columns are under it."""

    row: int
    names: list[str]
    fit: Fit
    samples: list[list[str]]

    @property
    def width(self) -> int:
        return len(self.names)


def header_row(rows: Sequence[FileRow], columns: Columns, reading: Reading) -> int:
    """Return the number of the header row: the chosen one, or the one that names most columns; 0 for none."""
    if reading.header_row == 0 and rows and _names_places(rows[0][1], columns):
        return rows[0][0]  # a file of ours, made from rows of a file without a header
    if reading.header_row is not None:
        return reading.header_row
    if not rows:
        return 1
    found = [columns.found_in(values, reading) for _, values in rows[:LOOKED_AT]]
    best = max(range(len(found)), key=lambda index: (found[index], -index))
    enough = min(ENOUGH, len(columns.names))
    is_below = best and found[best] >= enough and found[best] > 2 * found[0]
    return rows[best if is_below else 0][0]


def read_header(rows: Sequence[FileRow], columns: Columns, reading: Reading, *, row: int) -> Header:
    """Return the header of a file, which is in ``row`` (0 if there is none) of its first ``rows``.

    Raises HeaderUnfit, also if the first row is probably not a header; Unreadable.
    """
    below = [one for one in rows if one[0] > row]
    if not row:
        return _headerless(below, columns, reading)
    cells = next((values for number, values in rows if number == row), [])
    names = [named(cell) for cell in cells]
    if not any(names) and len(names) <= MOST_HEADERS:
        words = _("row %(row)s, the header, is empty: choose another row for it.") % {"row": grouped(row)}
        raise Unreadable(words, row=row, cure="header_row")
    try:
        found = fit(names, columns, reading, row=row, rows=below)
    except HeaderUnfit as error:
        if reading.header_row is None and not columns.found_in(cells, reading):
            error = _no_header(sorted(rows, key=itemgetter(0)), columns, reading) or error
        raise error from None
    notices = (*_titles(rows, row, reading), *found.notices)
    sound = Fit(found.sources, found.unknown, found.places, found.blank, found.counters, notices)
    return Header(row, addressed(names), sound, samples_of(below, len(names)))


def _headerless(rows: Sequence[FileRow], columns: Columns, reading: Reading) -> Header:
    width = max((len(values) for _, values in rows), default=0)
    names = [address(place) for place in range(width)]
    if not reading.columns and (unfit := _no_header(rows, columns, reading, chosen=True)):
        raise unfit
    found = fit(names, columns, reading, row=None, rows=rows)
    return Header(0, names, found, samples_of(rows, width))


def _no_header(
    rows: Sequence[FileRow], columns: Columns, reading: Reading, *, chosen: bool = False
) -> HeaderUnfit | None:
    """Return the error of a file whose first row seems to hold values like the others; else None.

    ``chosen``: the user chose that the file has no header.
    """
    guessed: Mapping[str, int] = columns.by_values([values for _, values in rows])
    if not guessed and not chosen:
        return None
    width = max((len(values) for _, values in rows), default=0)
    names = [address(place) for place in range(width)]
    called = {column: names[guessed[column]] for column in columns.names if column in guessed}
    missing = [column for column in columns.names if column not in called and column not in columns.may_be_missing]
    suggestions = []
    if guessed and all(column in columns.may_be_left_out for column in missing):
        taken = {**called, **dict.fromkeys(missing, "")}
        rest = [name for name in names if name not in called.values()]
        one = columns_suggestion(names, columns, taken, called, rest, rows)
        words = f"{_('The file has no header: its first row holds values like the others.')} {one.sentence}"
        suggestions = [replace(one, sentence=words, also={**one.also, "header_row": 0})]
    samples = samples_of(rows, width)
    expected = columns.expected
    return HeaderUnfit(
        names, [], missing, [], expected=expected, row=None, samples=samples, suggestions=suggestions, guessed=called
    )


def _names_places(cells: Sequence[str], columns: Columns) -> bool:
    """Return whether these cells name columns by their places."""
    names = [named(cell) for cell in cells]
    places = [name for name in names if name not in columns.always_ignored]
    return bool(places) and all(name == address(place) for place, name in enumerate(places))


def _titles(rows: Sequence[FileRow], row: int, reading: Reading) -> list[Problem]:
    """Return the notice about rows above the header that are not blank."""
    above = [number for number, values in rows if number < row and any(value.strip() for value in values)]
    if not above:
        return []
    if len(above) == 1:
        said = _("the header is row %(row)s; row %(first)s above it is left out.")
    else:
        said = _("the header is row %(row)s; rows %(first)s–%(last)s above it are left out.")
    words = said % {"row": row, "first": above[0], "last": above[-1]}
    return [Problem(None, "", "notice", words, "header_row")]
