"""What is wrong with a file: where, how serious, in words with a remedy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ops.files.suggestions import Suggestion

LONGEST_LABEL = 80  # characters of a text from a file within a sentence of ours

Level = Literal["error", "warning", "notice"]
LEVELS: tuple[Level, ...] = ("error", "warning", "notice")  # the worst first


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. ``row`` counts as a spreadsheet does (the header is row 1; JSON has none, so its first object is);
    None means the whole file. ``cure`` names the option that would cure it, "" where none would.

    A file with an error is not accepted; a warning or a notice does no harm. A message without a ``column`` names its
    rows itself. ``kind`` says in a few words what this problem has in common with others like it; where it is empty
    they are found by what their messages have in common.
    """

    row: int | None
    column: str
    level: Level
    message: str
    cure: str = ""
    kind: str = ""

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.message}" if self.column else self.message


Report = Callable[[Problem], None]


class Unreadable(Exception):
    """The file cannot be read at all, or from some row on; ``problem`` says where and why, ``suggestions`` what may
    cure it."""

    def __init__(
        self, message: str, *, row: int | None = None, cure: str = "", suggestions: Sequence[Suggestion] = ()
    ) -> None:
        super().__init__(message)
        self.problem = Problem(row, "", "error", message, cure)
        self.suggestions = list(suggestions)


def label(value: str, *, quoted: bool = False) -> str:
    """``value`` for use in a sentence, quoted where asked or needed: as it is, but for what nobody sees.

    It is cut where it is long. Only where it holds invisible characters are these spelled out, as Python does.
    """
    shown = value if len(value) <= LONGEST_LABEL else value[: LONGEST_LABEL - 1] + "…"
    if not shown.isprintable():
        return repr(shown)
    if not quoted and shown and shown == shown.strip():
        return shown
    return f'"{shown}"' if "'" in shown else f"'{shown}'"
