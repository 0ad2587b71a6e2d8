"""Which header of a file holds which of the columns that are wanted.

Columns are addressed by their place: one without a name is called "column 7", and so may any other be.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from xlsxwriter.utility import xl_col_to_name

from messaging.languages.wording import grouped
from ops.files.formulas import bare
from ops.files.problems import Problem, Unreadable, label
from ops.files.shapes.samples import FileRow, full, is_counter, samples_of, shortened
from ops.files.sources import Reading
from ops.files.suggestions import MOST_SAMPLES, Sample, Suggestion
from ops.files.wording import listed

MOST_HEADERS = 1_000
LONGEST_LIST = 20  # headers, or positions of one, that a sentence names
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

    def found_in(self, cells: Sequence[str], reading: Reading) -> int:
        """How many of the columns these cells name, in our words or in those of other programs."""
        headers = [named(cell) for cell in cells[:MOST_HEADERS]]
        known = {plain(header) for header in headers if header}
        ours = {
            name
            for name in self.names
            if known & {plain(one) for one in (name, self.aliases.get(name), reading.columns.get(name)) if one}
        }
        return len(ours | self.by_name(headers).keys())


class HeaderUnfit(Unreadable):
    """The headers of a file do not fit the columns: it can be read once somebody says which is which.

    ``unnamed`` are columns without a name that hold values; ``samples`` the first values under each of ``headers``.
    ``guessed`` is given for a file that has no header: where each column is, as its values suggest.
    """

    def __init__(
        self,
        headers: Sequence[str],
        unknown: Sequence[str],
        missing: Sequence[str],
        repeated: Sequence[str],
        *,
        expected: str,
        row: int | None,
        unnamed: Sequence[str] = (),
        samples: Sequence[Sequence[str]] = (),
        suggestions: Sequence[Suggestion] = (),
        guessed: Mapping[str, str] | None = None,
    ) -> None:
        cure = "" if repeated else "columns" if missing or unnamed else "ignore_unknown"
        sentences = [_do_not_fit(headers, unknown, missing, repeated, unnamed), expected]
        if repeated:
            sentences.append(_("Of columns with one name keep one; give the others other names, or remove them."))
        if guessed is not None:
            no_header = _(
                "the file has no header: its first row holds values like the others. Say which column is which, or put "
                "a header above the first row."
            )
            sentences, cure = [no_header, expected], "columns"
        super().__init__(" ".join(sentences), row=row, cure=cure, suggestions=suggestions)
        self.headers, self.unknown = list(headers), list(unknown)
        self.missing, self.repeated, self.unnamed = list(missing), list(repeated), list(unnamed)
        self.samples = [list(values) for values in samples]
        self.without_header, self.guessed = guessed is not None, dict(guessed or {})


def _do_not_fit(
    headers: Sequence[str],
    unknown: Sequence[str],
    missing: Sequence[str],
    repeated: Sequence[str],
    unnamed: Sequence[str],
) -> str:
    in_places = _("%(column)s in %(places)s")
    twice = [in_places % {"column": label(name), "places": places(headers, name)} for name in repeated]
    without_name = [places(headers, name, called=False) for name in unnamed[:LONGEST_LIST]]
    kinds = (
        (_("unknown: %(columns)s"), _listed(unknown)),
        (_("missing: %(columns)s"), _listed(missing)),
        (_("without a name: %(columns)s"), "; ".join(without_name)),
        (_("repeated: %(columns)s"), "; ".join(twice)),
    )
    faults = "; ".join(kind % {"columns": names} for kind, names in kinds if names)
    return _("the columns of the header do not fit; %(faults)s.") % {"faults": faults}


@dataclass(frozen=True)
class Fit:
    """The header that holds each column, in the order of Columns.names (None where none does), and unknown headers.

    ``places`` are those of ``sources``. Columns at ``blank`` have neither a name nor values as far as was seen, those
    at ``counters`` no name, and numbers that count the rows: neither is read. ``notices`` say so.
    """

    sources: tuple[str | None, ...]
    unknown: tuple[str, ...]
    places: tuple[int | None, ...]
    blank: tuple[int, ...] = ()
    counters: tuple[int, ...] = ()
    notices: tuple[Problem, ...] = ()


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


def fit(
    headers: Sequence[str],
    columns: Columns,
    reading: Reading,
    *,
    row: int | None = None,
    rows: Sequence[FileRow] = (),
) -> Fit:
    """Find the header of each column. ``row`` is where the headers are, ``rows`` are the first below them.

    Raises HeaderUnfit naming all that are unknown, missing or repeated, Unreadable where there are too many.
    """
    if len(headers) > MOST_HEADERS:
        said = _("the file has %(number)s columns: this is no file of messages.")
        words = said % {"number": grouped(len(headers))}
        raise Unreadable(words, row=row)
    names = addressed(headers)
    found = _Search(names, columns, reading)
    repeated = found.repeated()
    missing = found.missing()
    unnamed = [place for place, header in enumerate(headers) if not header and place not in found.places.values()]
    values = {place: full(rows, place) for place in unnamed}
    blank = [place for place in unnamed if not values[place]]
    counters = [place for place in unnamed if values[place] and is_counter(values[place], first=place == 0)]
    asked = [names[place] for place in unnamed if place not in blank and place not in counters]
    unknown = [name for name in found.unknown() if name not in {names[place] for place in unnamed}]
    if missing or repeated or ((unknown or asked) and not reading.ignore_unknown):
        suggested = () if repeated else suggestions_of(names, columns, reading, missing, unknown, asked, rows)
        raise HeaderUnfit(
            names,
            [] if reading.ignore_unknown else unknown,
            missing,
            repeated,
            expected=columns.expected,
            row=row,
            unnamed=[] if reading.ignore_unknown else asked,
            samples=samples_of(rows, len(names)),
            suggestions=suggested,
        )
    return Fit(
        sources=tuple(names[place] if place is not None else None for place in found.places.values()),
        unknown=tuple(unknown),
        places=tuple(found.places.values()),
        blank=() if reading.ignore_unknown else tuple(blank),
        counters=() if reading.ignore_unknown else tuple(counters),
        notices=tuple(_notices(names, blank, counters, asked)),
    )


def suggestions_of(
    headers: Sequence[str],
    columns: Columns,
    reading: Reading,
    missing: Sequence[str],
    unknown: Sequence[str],
    unnamed: Sequence[str],
    rows: Sequence[FileRow],
) -> list[Suggestion]:
    """The columns that the headers mean in other programs' words, where these are all that is needed."""
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
    """The suggestion to read the columns so; ``rest`` are headers that are left out then."""
    is_called = _("%(header)s is %(column)s")
    pairs = [is_called % {"header": label(header, quoted=True), "column": column} for column, header in called.items()]
    sentences = [_("The columns go by other names: %(columns)s.") % {"columns": ", ".join(pairs)}]
    if without := [column for column, header in chosen.items() if not header]:
        sentences.append(_("The file has no %(columns)s.") % {"columns": _and_no(without)})
    if rest:
        sentences.append(_("Left out: %(columns)s.") % {"columns": _listed(rest)})
    found = _Search(headers, columns, Reading(columns=chosen))
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


def places(headers: Sequence[str], name: str, *, called: bool = True) -> str:
    """Where the columns of this name are, counted as people and as spreadsheets do: "columns 3 and 9 (C and I)"."""
    found = [place for place, header in enumerate(headers) if plain(header) == plain(name)]
    if name in headers and not called:
        found = [headers.index(name)]
    return at(found)


def at(found: Sequence[int]) -> str:
    """Columns by their places, counted from 0, as people and as spreadsheets count them."""
    numbers = _joined([str(place + 1) for place in found])
    letters = _joined([xl_col_to_name(place) for place in found])
    text = ngettext("column %(numbers)s (%(letters)s)", "columns %(numbers)s (%(letters)s)", len(found))
    return text % {"numbers": numbers, "letters": letters}


class _Search:
    """``places``: where the header of each column is, None where none holds it."""

    def __init__(self, headers: Sequence[str], columns: Columns, reading: Reading) -> None:
        self._headers, self._columns, self._reading = headers, columns, reading
        chosen = {column: self._chosen(name) for column, name in reading.columns.items() if name}
        taken = {place for found in chosen.values() for place in found[:1]}
        # Every place where a column may be: the first is it, and no other may be there.
        self._found = {
            column: chosen.get(column, []) if column in reading.columns else self._by_name(column, taken)
            for column in columns.names
        }
        self.places: dict[str, int | None] = {
            column: found[0] if found else None for column, found in self._found.items()
        }
        self._used = [place for place in self.places.values() if place is not None]

    def missing(self) -> list[str]:
        """The columns that are needed and not found."""
        columns, chosen = self._columns, self._reading.columns
        return [
            column
            for column, place in self.places.items()
            if place is None
            and column not in columns.may_be_missing
            and not (column in columns.may_be_left_out and chosen.get(column) == "")
        ]

    def repeated(self) -> list[str]:
        """The headers of which there is more than one, or that hold more than one column."""
        several = (found[0] for found in self._found.values() if len(found) > 1)
        twice = (place for place in self._used if self._used.count(place) > 1)
        return list(dict.fromkeys(self._headers[place] for place in (*several, *twice)))

    def unknown(self) -> list[str]:
        """The named headers that hold none of the columns."""
        known = {*self.repeated(), *self._columns.always_ignored}
        free = (header for place, header in enumerate(self._headers) if place not in self._used)
        return [header for header in dict.fromkeys(free) if header not in known]

    def _chosen(self, name: str) -> list[int]:
        """Where a header is that somebody chose by its name, or by its place."""
        if found := self._exactly(name) or self._alike(name):
            return found
        numbered = re.fullmatch(r"#*column (\d{1,4})", name)
        place = int(numbered[1]) - 1 if numbered else -1
        return [place] if 0 <= place < len(self._headers) else []

    def _by_name(self, column: str, taken: set[int]) -> list[int]:
        """A header that was chosen for another column is not found by its name."""
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


def _notices(names: Sequence[str], blank: Sequence[int], counters: Sequence[int], full: Sequence[str]) -> list[Problem]:
    said = []
    if blank:
        text = ngettext(
            "%(columns)s has neither a name nor values: left out.",
            "%(columns)s have neither a name nor values: left out.",
            len(blank),
        )
        said.append(text % {"columns": at(blank)})
    counts = _("%(column)s has no name and counts the rows: left out.")
    said += [counts % {"column": at([place])} for place in counters]
    nameless = _("%(column)s has no name: its values are left out.")
    said += [nameless % {"column": at([names.index(name)])} for name in full]
    return [Problem(None, "", "notice", words, "columns") for words in said]


def _joined(words: list[str]) -> str:
    return _listed(words) if len(words) > LONGEST_LIST else listed(words)


def _and_no(columns: Sequence[str]) -> str:
    """What follows "has no": "a", "a and no b"."""
    *others, last = columns
    for other in reversed(others):
        last = _("%(column)s and no %(others)s") % {"column": other, "others": last}
    return last


def _listed(names: Sequence[str]) -> str:
    shown = [label(name) for name in names[:LONGEST_LIST]]
    more = len(names) - len(shown)
    return listed(shown, more=more) if more else ", ".join(shown)
