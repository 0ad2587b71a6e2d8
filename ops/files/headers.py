"""Which header of a file holds which of the columns that are wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from xlsxwriter.utility import xl_col_to_name

from ops.files.problems import Unreadable, label
from ops.files.sources import Reading

KEEP_ONE = "Of columns with one name keep one; give the others other names, or remove them."
MOST_HEADERS = 1_000
LONGEST_LIST = 20  # headers, or positions of one, that a sentence names


@dataclass(frozen=True)
class Columns:
    """The columns that are wanted of a file.

    ``names`` are in the order of a row's values; the first identifies a row. ``aliases`` maps a name to another one
    under which it is found as well. A file need not have those that ``may_be_missing``, nor those that
    ``may_be_left_out`` where the reading says that it has none. A header called ``always_ignored`` is never unknown.
    """

    names: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    may_be_missing: tuple[str, ...] = ()
    may_be_left_out: tuple[str, ...] = ()
    always_ignored: str | None = None

    @property
    def expected(self) -> str:
        """Which headers are expected, in words."""
        needed = f"Expected, once each: {', '.join(name for name in self.names if name not in self.may_be_missing)}"
        optional = f"; {' and '.join(self.may_be_missing)} may be there as well" if self.may_be_missing else ""
        return f"{needed}{optional}."

    @property
    def no_values(self) -> tuple[str, ...]:
        """The values of a row that has none."""
        return ("",) * len(self.names)

    def known_headers(self, reading: Reading) -> set[str]:
        """The headers that are recognised."""
        return {*self.names, *self.aliases.values(), *reading.columns.values()}


class HeaderUnfit(Unreadable):
    """The headers of a file do not fit the columns: it can be read once somebody says which is which."""

    def __init__(
        self,
        headers: Sequence[str],
        unknown: Sequence[str],
        missing: Sequence[str],
        repeated: Sequence[str],
        *,
        expected: str,
        row: int | None,
    ) -> None:
        named = {"unknown": _listed(unknown), "missing": _listed(missing)}
        named["repeated"] = "; ".join(f"{label(name)} in {places(headers, name)}" for name in repeated)
        faults = "; ".join(f"{kind}: {names}" for kind, names in named.items() if names)
        remedy = f" {KEEP_ONE}" if repeated else ""
        cure = "" if repeated else "columns" if missing else "ignore_unknown"
        super().__init__(f"the columns of the header do not fit; {faults}. {expected}{remedy}", row=row, cure=cure)
        self.headers, self.unknown = list(headers), list(unknown)
        self.missing, self.repeated = list(missing), list(repeated)


@dataclass(frozen=True)
class Fit:
    """The header that holds each column, in the order of Columns.names (None where none does), and unknown headers."""

    sources: tuple[str | None, ...]
    unknown: tuple[str, ...]


def fit(headers: Sequence[str], columns: Columns, reading: Reading, *, row: int | None = None) -> Fit:
    """Find the header of each column. ``row`` is where the headers are.

    Raises HeaderUnfit naming all that are unknown, missing or repeated, Unreadable where there are too many.
    """
    if len(headers) > MOST_HEADERS:
        words = f"the file has {len(headers):,} columns: this is no file of messages."
        raise Unreadable(words, row=row)
    sources = {column: _source(column, headers, columns, reading.columns) for column in columns.names}
    missing = [
        column for column in columns.names if sources[column] is None and not _may_lack(column, columns, reading)
    ]
    used = [source for source in sources.values() if source is not None]
    repeated = [name for name in dict.fromkeys(used) if headers.count(name) > 1 or used.count(name) > 1]
    unknown = [name for name in dict.fromkeys(headers) if name not in used and name != columns.always_ignored]
    if missing or repeated or (unknown and not reading.ignore_unknown):
        named = [] if reading.ignore_unknown else unknown
        raise HeaderUnfit(headers, named, missing, repeated, expected=columns.expected, row=row)
    return Fit(tuple(sources.values()), tuple(unknown))


def places(headers: Sequence[str], name: str) -> str:
    """Where the columns of this name are, counted as people and as spreadsheets do: "columns 3 and 9 (C and I)"."""
    found = [place for place, header in enumerate(headers) if header == name]
    numbers = _joined([str(place + 1) for place in found])
    letters = _joined([xl_col_to_name(place) for place in found])
    return f"column{'' if len(found) == 1 else 's'} {numbers} ({letters})"


def _source(column: str, headers: Sequence[str], columns: Columns, chosen: Mapping[str, str]) -> str | None:
    if column in chosen:
        return chosen[column] if chosen[column] in headers and chosen[column] else None
    # A header that was chosen for another column is not found by its name.
    for name in (column, columns.aliases.get(column)):
        if name in headers and name not in chosen.values():
            return name
    return None


def _may_lack(column: str, columns: Columns, reading: Reading) -> bool:
    left_out = column in columns.may_be_left_out and reading.columns.get(column) == ""
    return column in columns.may_be_missing or left_out


def _joined(words: list[str]) -> str:
    if len(words) > LONGEST_LIST:
        return _listed(words)
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(label(name) for name in names[:LONGEST_LIST])
    return shown if len(names) <= LONGEST_LIST else f"{shown} and {len(names) - LONGEST_LIST:,} more"
