"""What every reader of a file gets and gives: how to read it, and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol, Self

from ops.files.problems import Problem
from ops.files.suggestions import Suggestion

# Characters of one value in any format. What is stored is within it (messaging.limits): every export can be read again.
LONGEST_VALUE = 10 << 20

# A row: its number, its values in the order of Columns.names, and the problem that the reader found with it, if any.
# A row with a problem is not complete: only its first value, the one that identifies it, may be used.
SourceRow = tuple[int, Sequence[str], Problem | None]


class JsonOptions:
    """Options, as a dataclass, that are stored as JSON."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The options that ``as_json`` returned. Unknown names are ignored, missing ones have their default."""
        known = {one.name for one in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: value for name, value in stored.items() if name in known})


@dataclass(frozen=True)
class Reading(JsonOptions):
    """How a file is read.

    ``encoding`` is one of encodings.ENCODINGS, or "" to detect it. ``time_zone`` (IANA) applies to times without one.
    ``columns`` maps a column to the header that holds it ("column 7" for the seventh), or to "" where the file has
    none; columns that are not in it are found by name. ``ignore_unknown`` accepts headers that belong to no column.
    ``header_row`` is the row of the header, 0 where there is none, None to find it. Of a workbook ``sheet`` is read (""
    for the first), merged cells as their first one with ``fill_merged``, formulas as the values that they were saved
    with with ``saved_values``. ``list_under`` names the list in a JSON file that is one object; ``join_pieces`` joins
    lists of pieces of text in JSON. ``fallback_encoding`` is that of single rows which are not valid in the other, ""
    to refuse them. ``escapes`` is one of escapes.ESCAPES, or "" where only quotes are doubled.

    What values mean: ``dates`` is how times are written (timestamps.DATES), ``repeated_times`` which one is meant of
    those that clocks put back made twice (timestamps.REPEATED). ``yes``, ``no`` and ``nothing`` are words for true, for
    false and for no id, besides those that are always read. ``ids`` says what happens to ids that a spreadsheet may
    have shortened: "" refuses them, "keep" takes long numbers as they are, "none" imports the file without ids.
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
    """The rows of an open file, to be read once: either its rows or its originals.

    ``encoding`` and ``separator`` are empty where the format has none. ``used`` is the header that holds each column,
    in the order of Columns.names (None where none does), ``samples`` the first values under each header.
    ``header_row`` is the row of the header, 0 where there is none; ``sheets`` are those of a workbook. ``notices``
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
        """Those of the file; of one of objects the keys of those that were read so far."""

    @property
    def description(self) -> str:
        """How the file was read, in words."""

    @property
    def codec(self) -> tuple[str, str]: ...

    def position(self) -> int:
        """How many of the ``size`` bytes were read so far."""

    def __iter__(self) -> Iterator[SourceRow]: ...

    @property
    def original_headers(self) -> list[str]:
        """The names of the values of ``originals``: ``headers``, and for JSON columns that later objects may have.

        Over columns that hold nothing of a row it is "".
        """

    def originals(self) -> Iterator[tuple[int, list[str]]]:
        """(number, values by ``original_headers``) of every row that is not blank, as the file has them."""
