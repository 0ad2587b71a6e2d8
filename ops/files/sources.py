"""The interface of all file readers: how a file is to be read, and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol, Self

from ops.files.problems import Problem
from ops.files.suggestions import Suggestion

# Characters of one value in any format. Stored texts are within it (messaging.limits), so every export can be imported.
LONGEST_VALUE = 10 << 20

# A row: its number, its values in the order of Columns.names, and the problem that the reader found with it, if any.
# A row with a problem is incomplete: only its first value, which identifies it, may be used.
SourceRow = tuple[int, Sequence[str], Problem | None]


class JsonOptions:
    """Base class for dataclasses of options that are stored as JSON."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the options that ``as_json`` returned. Unknown names are ignored; missing ones get their default."""
        known = {one.name for one in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: value for name, value in stored.items() if name in known})


@dataclass(frozen=True)
class Reading(JsonOptions):
    """How a file is read.

    ``encoding`` is one of encodings.ENCODINGS, or "" to detect it. ``time_zone`` (IANA) applies to times without one.
    ``columns`` maps a column to the header that holds it ("column 7" for the seventh), or to "" if the file has none;
    columns that are not in it are found by name. ``ignore_unknown`` accepts headers that belong to no column.
    ``header_row`` is the row of the header, 0 if there is none, None to find it. ``sheet`` is the sheet of a workbook
    ("" for the first); ``fill_merged`` reads merged cells as their first one, ``saved_values`` reads formulas as the
    values that they were saved with. ``list_under`` is the key of the list in a JSON file that is one object;
    ``join_pieces`` joins lists of text pieces in JSON. ``fallback_encoding`` decodes single rows that are not valid in
    ``encoding``; "" refuses them. ``escapes`` is one of escapes.ESCAPES, or "" if quotes are only doubled.

    How values are read: ``dates`` is the format of times (timestamps.DATES); ``repeated_times`` is which of two times
    is meant when clocks are put back (timestamps.REPEATED). ``yes``, ``no`` and ``nothing`` are additional words for
    true, false and no id. ``ids`` is what happens to ids that a spreadsheet may have shortened: "" refuses them,
    "keep" takes long numbers unchanged, "none" imports the file without ids.
    """

    encoding: str = ""
    time_zone: str = "UTC"
    columns: Mapping[str, str] = field(default_factory=dict)
    ignore_unknown: bool = False
    saved_values: bool = False
    dates: str = ""
    repeated_times: str = "first"
    yes: Sequence[str] = field(default_factory=list)
    no: Sequence[str] = field(default_factory=list)
    nothing: Sequence[str] = field(default_factory=list)
    ids: str = ""
    header_row: int | None = None
    sheet: str = ""
    fill_merged: bool = False
    list_under: str = ""
    join_pieces: bool = False
    fallback_encoding: str = ""
    escapes: str = ""


class Source(Protocol):
    """An open file whose rows can be read once: either by iterating or through ``originals``.

    ``encoding`` and ``separator`` are empty if the format has none. ``used`` is the header that holds each column, in
    the order of Columns.names (None if none does), ``samples`` are the first values under each header.
    ``header_row`` is the row of the header, 0 if there is none; ``sheets`` are those of a workbook. ``notices``
    concern the whole file, ``suggestions`` are other ways to read it; both may grow while it is read. ``codec`` is the
    codec and error handler that write its texts unchanged.
    """

    format: str
    encoding: str
    separator: str
    used: tuple[str | None, ...]
    samples: list[list[str]]
    header_row: int
    sheets: Sequence[str]
    notices: list[Problem]
    suggestions: list[Suggestion]
    size: int

    @property
    def headers(self) -> list[str]:
        """The headers of the file; for JSON, the keys of the objects read so far."""

    @property
    def description(self) -> str:
        """How the file was read, in words."""

    @property
    def codec(self) -> tuple[str, str]: ...

    def position(self) -> int:
        """Return how many of the ``size`` bytes have been read."""

    def __iter__(self) -> Iterator[SourceRow]: ...

    @property
    def original_headers(self) -> list[str]:
        """The header of each value in ``originals``, "" for blank columns and row counters.

        JSON adds columns that later objects may have.
        """

    def originals(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (number, values as in the file, by ``original_headers``) of every row that is not blank."""
