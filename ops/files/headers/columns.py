"""The columns that are wanted of a file, and what its headers are called.

Columns of a file are addressed by their place: one without a name is called "column 7", and so may any other be.
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
# What does not tell names apart: blanks, underscores, hyphens, quotes and byte order marks.
FORMATTING = re.compile("[\\s_\\-\u2010-\u2015\"'`´“”„‟«»‘’‚\ufeff\u200b]+")


def no_names(headers: Sequence[str]) -> Mapping[str, str]:
    """No header is known under another name."""
    return {}


def no_places(rows: Sequence[Sequence[str]]) -> Mapping[str, int]:
    """No column is recognised by its values."""
    return {}


@dataclass(frozen=True)
class Columns:
    """The columns that are wanted of a file.

    ``names`` are in the order of a row's values; the first identifies a row. ``aliases`` maps a name to another one
    under which it is found as well. A file need not have those that ``may_be_missing``, nor those that
    ``may_be_left_out`` where the reading says that it has none. Headers called as one of ``always_ignored`` are never
    unknown. ``by_name`` gives for each column the header that other programs call it by, ``by_values`` the place of
    each column in rows without a header: what they give is suggested, and never taken unasked.
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
        """The values of a row that has none."""
        return ("",) * len(self.names)

    @cached_property
    def _called(self) -> dict[str, set[str]]:
        """What each column is called, as ``plain`` tells names apart: a beginning is asked for it row by row."""
        return {name: {plain(one) for one in (name, self.aliases.get(name)) if one} for name in self.names}

    def found_in(self, cells: Sequence[str], reading: Reading) -> int:
        """How many of the columns these cells name, in our words or in those of other programs."""
        headers = [named(cell) for cell in cells[:MOST_HEADERS]]
        known = {plain(header) for header in headers if header}
        ours = {name for name, called in self._called.items() if known & called}
        chosen = ((name, reading.columns.get(name)) for name in self.names)
        ours |= {name for name, header in chosen if header and plain(header) in known}
        return len(ours | self.by_name(headers).keys())


def named(cell: str) -> str:
    """The header that a cell holds; our own files guard headers that a spreadsheet would compute."""
    return bare(cell.strip(" \t\r\n\ufeff").strip())


def plain(name: str) -> str:
    """A name without what does not tell names apart: capitals, blanks, underscores, hyphens, quotes."""
    return FORMATTING.sub("", unicodedata.normalize("NFKC", name)).casefold()


def addressed(headers: Sequence[str]) -> list[str]:
    """The headers, those without a name called after their place."""
    return [header or address(place, headers) for place, header in enumerate(headers)]


def address(place: int, headers: Sequence[str] = ()) -> str:
    """What a column is called after its place, counted from 0; unlike any of the headers."""
    called = f"column {place + 1}"
    while called in headers:
        called = f"#{called}"
    return called
