"""What every reader of a file gets and gives: how to read it, and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol, Self

from ops.files.problems import Problem

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
    ``columns`` maps a column to the header that holds it, or to "" where the file has none; columns that are not in it
    are found by name. ``ignore_unknown`` accepts headers that belong to no column.
    """

    encoding: str = ""
    time_zone: str = "UTC"
    columns: Mapping[str, str] = field(default_factory=dict)
    ignore_unknown: bool = False


class Source(Protocol):
    """The rows of an open file, to be read once: either its rows or its originals.

    ``encoding`` and ``separator`` are empty where the format has none. ``headers`` are those of the file, ``used`` the
    one that holds each column, in the order of Columns.names (None where none does). ``notices`` concern the whole
    file. ``codec`` is the codec and error handler that write its texts unchanged.
    """

    format: str
    encoding: str
    separator: str
    headers: list[str]
    used: tuple[str | None, ...]
    notices: list[Problem]
    size: int

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
        """The names of the values of ``originals``: ``headers``, and for JSON columns that later objects may have."""

    def originals(self) -> Iterator[tuple[int, list[str]]]:
        """(number, values by ``original_headers``) of every row that is not blank, as the file has them."""
