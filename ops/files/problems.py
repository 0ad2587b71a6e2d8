"""What an import finds wrong: where, how serious, in words with a remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

LONGEST_LABEL = 80  # characters of somebody else's text within a sentence of ours

Level = Literal["error", "warning", "notice"]
# The choice that would cure a problem, if any (see options.py).
Cure = Literal[
    "",
    "encoding",
    "time_zone",
    "columns",
    "ignore_unknown",
    "create_users",
    "start_conversations",
    "existing",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. ``row`` counts as a spreadsheet does (the header is row 1; JSON has none, so its first object is);
    None means the whole file. ``cure`` names the choice that would cure it.

    An error keeps the file from being imported; a warning or a notice does not. A message without a ``column`` names
    its rows itself.
    """

    row: int | None
    column: str
    level: Level
    message: str
    cure: Cure = ""

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.message}" if self.column else self.message


Report = Callable[[Problem], None]


class CountingReport:
    """A report that passes every problem on and knows how many there were of each level."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.levels: Counter[str] = Counter()

    def __call__(self, problem: Problem) -> None:
        self.levels[problem.level] += 1
        self.report(problem)


class Unreadable(Exception):
    """The file cannot be read from some point on (or at all); ``problem`` says where and why."""

    def __init__(self, message: str, *, row: int | None = None, cure: Cure = "") -> None:
        super().__init__(message)
        self.problem = Problem(row, "", "error", message, cure)


class ImportStopped(Exception):
    """Nothing was stored, for a reason that does not lie in the file; the message is a sentence for people."""


def label(value: str, *, quoted: bool = False) -> str:
    """``value`` fit for a sentence: shortened, in quotes where asked or needed, invisible characters spelled out."""
    shown = value if len(value) <= LONGEST_LABEL else value[: LONGEST_LABEL - 1] + "…"
    if quoted or not shown.isprintable() or shown != shown.strip() or not shown:
        return repr(shown)
    return shown
