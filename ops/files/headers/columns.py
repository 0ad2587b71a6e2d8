"""The columns that are wanted from a file, and the names of its headers.

Every column of a file can be addressed by its place, as "column 7"; one without a name has no other name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.translation import gettext as _

from ops.files.formulas import bare
from ops.files.sources import Reading
from ops.files.wording import listed

MOST_HEADERS = 1_000
# Characters that do not distinguish names: blanks, underscores, hyphens, quotes and byte order marks.
FORMATTING = re.compile("[\\s_\\-\u2010-\u2015\"'`´“”„‟«»‘’‚\ufeff\u200b]+")


def no_names(headers: Sequence[str]) -> Mapping[str, str]:
    """Return no other names: the default of Columns.by_name."""
    return {}


def no_places(rows: Sequence[Sequence[str]]) -> Mapping[str, int]:
    """Return no places: the default of Columns.by_values."""
    return {}


@dataclass(frozen=True)
class Columns:
    """The columns that are wanted from a file.

    ``names`` are in the order of a row's values; the first identifies a row. ``aliases`` maps a name to a second name
    under which it is found too. A file may lack those in ``may_be_missing``, and those in ``may_be_left_out`` if the
    Reading maps them to "". Headers in ``always_ignored`` are never unknown. ``by_name`` maps columns to the headers
    that other programs use for them, ``by_values`` to their places in rows without a header: both results are only
    suggested, never applied unasked.
    """

    names: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    may_be_missing: tuple[str, ...] = ()
    may_be_left_out: tuple[str, ...] = ()
    always_ignored: tuple[str, ...] = ()
    by_name: Callable[[Sequence[str]], Mapping[str, str]] = field(default=no_names, compare=False)
    by_values: Callable[[Sequence[Sequence[str]]], Mapping[str, int]] = field(default=no_places, compare=False)

    @property
    def expected(self) -> str:
        """Which headers are expected, in words."""
        needed = ", ".join(name for name in self.names if name not in self.may_be_missing)
        if not self.may_be_missing:
            return _("Expected, once each: %(columns)s.") % {"columns": needed}
        return _("Expected, once each: %(columns)s; %(others)s may be there as well.") % {
            "columns": needed,
            "others": listed(self.may_be_missing),
        }

    @property
    def no_values(self) -> tuple[str, ...]:
        """The values of an empty row."""
        return ("",) * len(self.names)

    @cached_property
    def _called(self) -> dict[str, set[str]]:
        """The names of each column, made ``plain``; cached, because each of the first rows is compared with them."""
        return {name: {plain(one) for one in (name, self.aliases.get(name)) if one} for name in self.names}

    def found_in(self, cells: Sequence[str], reading: Reading) -> int:
        """Return how many of the columns these cells name, in our words or in those of other programs."""
        headers = [named(cell) for cell in cells[:MOST_HEADERS]]
        known = {plain(header) for header in headers if header}
        ours = {name for name, called in self._called.items() if known & called}
        chosen = ((name, reading.columns.get(name)) for name in self.names)
        ours |= {name for name, header in chosen if header and plain(header) in known}
        return len(ours | self.by_name(headers).keys())


def named(cell: str) -> str:
    """Return the header in a cell, without the guard of our own files."""
    return bare(cell.strip(" \t\r\n\ufeff").strip())


def plain(name: str) -> str:
    """Return a name without what does not distinguish names: case, blanks, underscores, hyphens, quotes."""
    return FORMATTING.sub("", unicodedata.normalize("NFKC", name)).casefold()


def addressed(headers: Sequence[str]) -> list[str]:
    """Return the headers, with the address in place of an empty name."""
    return [header or address(place, headers) for place, header in enumerate(headers)]


def address(place: int, headers: Sequence[str] = ()) -> str:
    """Return the name of the column at ``place`` (counted from 0), different from all of the headers."""
    called = f"column {place + 1}"
    while called in headers:
        called = f"#{called}"
    return called
