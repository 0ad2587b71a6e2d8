"""Problems of a file: where each is, how serious it is, and a message with the remedy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from django.utils.translation import gettext as _

from ops.files.suggestions import Suggestion

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LONGEST_LABEL = 80  # characters of a file's text that a message quotes

Level = Literal["error", "warning", "notice"]
LEVELS: tuple[Level, ...] = ("error", "warning", "notice")  # the worst first


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. ``row`` counts as a spreadsheet does (the header is row 1; JSON has none, so its first object is);
    None means the whole file. ``cure`` names the option that would cure it, "" if none would.

    A file with an error is not accepted; a warning or a notice does no harm. A message without a ``column`` names its
    rows itself. ``kind`` states in a few words what similar problems have in common; if it is empty, problems are
    grouped by the common parts of their messages.
    """

    row: int | None
    column: str
    level: Level
    message: str
    cure: str = ""
    kind: str = ""

    def __str__(self) -> str:
        if not self.column:
            return self.message
        return _("row %(row)s, %(column)s: %(message)s") % {
            "row": self.row,
            "column": self.column,
            "message": self.message,
        }


Report = Callable[[Problem], None]


class Unreadable(Exception):
    """The file cannot be read at all, or from some row on; ``problem`` is where and why, ``suggestions`` what may cure
    it."""

    def __init__(
        self, message: StrOrPromise, *, row: int | None = None, cure: str = "", suggestions: Sequence[Suggestion] = ()
    ) -> None:
        super().__init__(str(message))
        self.problem = Problem(row, "", "error", str(message), cure)
        self.suggestions = list(suggestions)


def not_valid_after(row: int, encoding: str) -> Unreadable:
    """Return the error of a file that cannot be decoded after ``row``."""
    words = _("the file is not valid %(encoding)s after row %(row)s: it may be cut off. Save it as UTF-8.")
    return Unreadable(words % {"encoding": encoding, "row": row}, row=row, cure="encoding")


def not_read_after(row: int, error: OSError) -> Unreadable:
    """Return the error of a file that the system cannot read after ``row``, with the system's reason."""
    words = _("the file cannot be read after row %(row)s: %(why)s.")
    return Unreadable(words % {"row": row, "why": error.strerror})


def label(value: str, *, quoted: bool = False) -> str:
    """Return ``value`` for use in a sentence, quoted if asked or needed.

    A long value is cut. Invisible characters are spelled out as in Python; otherwise the value is unchanged.
    """
    shown = value if len(value) <= LONGEST_LABEL else value[: LONGEST_LABEL - 1] + "…"
    if not shown.isprintable():
        return repr(shown)
    if not quoted and shown and shown == shown.strip():
        return shown
    return f'"{shown}"' if "'" in shown else f"'{shown}'"
