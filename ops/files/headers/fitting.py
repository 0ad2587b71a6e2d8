"""Matching the headers of a file with the columns that are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import grouped
from ops.files.headers.columns import MOST_HEADERS, Columns, addressed
from ops.files.headers.samples import FileRow, full, is_counter, samples_of
from ops.files.headers.search import Search
from ops.files.headers.suggested import suggestions_of
from ops.files.headers.unfit import HeaderUnfit, columns_in_words
from ops.files.problems import Problem, Unreadable
from ops.files.sources import Reading


@dataclass(frozen=True)
class Fit:
    """The header that holds each column, in the order of Columns.names (None if none does), and unknown headers.

    ``places`` are those of ``sources``. Columns at ``blank`` have neither a name nor values in the first rows; those
    at ``counters`` have no name, and count the rows. Neither is read, as ``notices`` report.
    """

    sources: tuple[str | None, ...]
    unknown: tuple[str, ...]
    places: tuple[int | None, ...]
    blank: tuple[int, ...] = ()
    counters: tuple[int, ...] = ()
    notices: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class _Nameless:
    """Places of nameless columns: ``blank`` ones are empty, ``counters`` count the rows, ``others`` hold values."""

    blank: tuple[int, ...]
    counters: tuple[int, ...]
    others: tuple[int, ...]

    @classmethod
    def among(cls, places: Sequence[int], rows: Sequence[FileRow]) -> _Nameless:
        """Sort these columns by their values in the first rows."""
        values = {place: full(rows, place) for place in places}
        blank = tuple(place for place in places if not values[place])
        counters = tuple(place for place in places if values[place] and is_counter(values[place], first=place == 0))
        return cls(blank, counters, tuple(place for place in places if place not in (*blank, *counters)))

    def notices(self) -> tuple[Problem, ...]:
        """Return the notices that these columns are left out."""
        said = []
        if self.blank:
            text = ngettext(
                "%(columns)s has neither a name nor values: left out.",
                "%(columns)s have neither a name nor values: left out.",
                len(self.blank),
            )
            said.append(text % {"columns": columns_in_words(self.blank)})
        counts = _("%(column)s has no name and counts the rows: left out.")
        said += [counts % {"column": columns_in_words([place])} for place in self.counters]
        nameless = _("%(column)s has no name: its values are left out.")
        said += [nameless % {"column": columns_in_words([place])} for place in self.others]
        return tuple(Problem(None, "", "notice", words, "columns") for words in said)


def fit(
    headers: Sequence[str],
    columns: Columns,
    reading: Reading,
    *,
    row: int | None = None,
    rows: Sequence[FileRow] = (),
) -> Fit:
    """Find the header of each column. ``row`` is the row of the headers, ``rows`` are the first rows below it.

    Raises HeaderUnfit, with all unknown, missing and repeated headers; Unreadable if there are too many.
    """
    if len(headers) > MOST_HEADERS:
        said = _("the file has %(number)s columns, too many to be read.")
        raise Unreadable(said % {"number": grouped(len(headers))}, row=row)
    names = addressed(headers)
    found = Search(names, columns, reading)
    places = tuple(found.places.values())
    unnamed = [place for place, header in enumerate(headers) if not header and place not in places]
    nameless = _Nameless.among(unnamed, rows)
    asked = [names[place] for place in nameless.others]
    unknown = [name for name in found.unknown() if name not in {names[place] for place in unnamed}]
    missing, repeated = found.missing(), found.repeated()
    if missing or repeated or ((unknown or asked) and not reading.ignore_unknown):
        raise HeaderUnfit(
            names,
            [] if reading.ignore_unknown else unknown,
            missing,
            repeated,
            expected=columns.expected,
            row=row,
            unnamed=[] if reading.ignore_unknown else asked,
            samples=samples_of(rows, len(names)),
            suggestions=() if repeated else suggestions_of(names, columns, reading, missing, unknown, asked, rows),
        )
    return Fit(
        sources=tuple(None if place is None else names[place] for place in places),
        unknown=tuple(unknown),
        places=places,
        blank=() if reading.ignore_unknown else nameless.blank,
        counters=() if reading.ignore_unknown else nameless.counters,
        notices=nameless.notices(),
    )
