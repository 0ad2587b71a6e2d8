"""What is wrong with a file: where, how serious, in words with a remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

LONGEST_LABEL = 80  # characters of a text from a file within a sentence of ours

Level = Literal["error", "warning", "notice"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. ``row`` counts as a spreadsheet does (the header is row 1; JSON has none, so its first object is);
    None means the whole file. ``cure`` names the option that would cure it, "" where none would.

    A file with an error is not accepted; a warning or a notice does no harm. A message without a ``column`` names its
    rows itself.
    """

    row: int | None
    column: str
    level: Level
    message: str
    cure: str = ""

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.message}" if self.column else self.message


Report = Callable[[Problem], None]


class Unreadable(Exception):
    """The file cannot be read at all, or from some row on; ``problem`` says where and why."""

    def __init__(self, message: str, *, row: int | None = None, cure: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(row, "", "error", message, cure)


def label(value: str, *, quoted: bool = False) -> str:
    """``value`` for use in a sentence: shortened, quoted where asked or needed, invisible characters escaped."""
    shown = value if len(value) <= LONGEST_LABEL else value[: LONGEST_LABEL - 1] + "…"
    if quoted or not shown.isprintable() or shown != shown.strip() or not shown:
        return repr(shown)
    return shown
