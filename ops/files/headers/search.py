"""Finding the header of each column."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ops.files.headers.columns import Columns, plain
from ops.files.sources import Reading


class Search:
    """The search for the header of each column: ``places`` has its place, None if no header holds the column."""

    def __init__(self, headers: Sequence[str], columns: Columns, reading: Reading) -> None:
        self._headers, self._columns, self._reading = headers, columns, reading
        chosen = {column: self._chosen(name) for column, name in reading.columns.items() if name}
        taken = {place for found in chosen.values() for place in found[:1]}
        # Every place that matches a column: the first one holds it, any other makes its header ``repeated``.
        self._found = {
            column: chosen.get(column, []) if column in reading.columns else self._by_name(column, taken)
            for column in columns.names
        }
        self.places: dict[str, int | None] = {
            column: found[0] if found else None for column, found in self._found.items()
        }
        self._used = [place for place in self.places.values() if place is not None]

    def missing(self) -> list[str]:
        """Return the columns that are needed and not found."""
        columns, chosen = self._columns, self._reading.columns
        return [
            column
            for column, place in self.places.items()
            if place is None
            and column not in columns.may_be_missing
            and not (column in columns.may_be_left_out and chosen.get(column) == "")
        ]

    def repeated(self) -> list[str]:
        """Return the headers that occur more than once, or hold more than one column."""
        several = (found[0] for found in self._found.values() if len(found) > 1)
        twice = (place for place in self._used if self._used.count(place) > 1)
        return list(dict.fromkeys(self._headers[place] for place in (*several, *twice)))

    def unknown(self) -> list[str]:
        """Return the headers that hold none of the columns."""
        known = {*self.repeated(), *self._columns.always_ignored}
        free = (header for place, header in enumerate(self._headers) if place not in self._used)
        return [header for header in dict.fromkeys(free) if header not in known]

    def _chosen(self, name: str) -> list[int]:
        """Return the places of a header that was chosen by its name or its place."""
        if found := self._exactly(name) or self._alike(name):
            return found
        numbered = re.fullmatch(r"#*column (\d{1,4})", name)
        place = int(numbered[1]) - 1 if numbered else -1
        return [place] if 0 <= place < len(self._headers) else []

    def _by_name(self, column: str, taken: set[int]) -> list[int]:
        """Return the places of a column's name or alias, except headers chosen for other columns (``taken``)."""
        names = [name for name in (column, self._columns.aliases.get(column)) if name]
        for find in (self._exactly, self._alike):
            for name in names:
                if found := [place for place in find(name) if place not in taken]:
                    return found
        return []

    def _exactly(self, name: str) -> list[int]:
        return [place for place, header in enumerate(self._headers) if header == name]

    def _alike(self, name: str) -> list[int]:
        wanted = plain(name)
        return [place for place, header in enumerate(self._headers) if wanted and plain(header) == wanted]
