"""What is wrong with a file: where, how serious, in words with a remedy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from django.utils.translation import gettext as _

from ops.files.suggestions import Suggestion

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

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
        if not self.column:
            return self.message
        return _("row %(row)s, %(column)s: %(message)s") % {
            "row": self.row,
            "column": self.column,
            "message": self.message,
        }


Report = Callable[[Problem], None]


class Unreadable(Exception):
    """The file cannot be read at all, or from some row on; ``problem`` says where and why, ``suggestions`` what may
    cure it."""

    def __init__(
        self, message: StrOrPromise, *, row: int | None = None, cure: str = "", suggestions: Sequence[Suggestion] = ()
    ) -> None:
        super().__init__(str(message))
        self.problem = Problem(row, "", "error", str(message), cure)
        self.suggestions = list(suggestions)


def not_valid_after(row: int, encoding: str) -> Unreadable:
    """The error of a file whose bytes are no text from some row on."""
    words = _("the file is not valid %(encoding)s after row %(row)s: it may be cut off. Save it as UTF-8.")
    return Unreadable(words % {"encoding": encoding, "row": row}, row=row, cure="encoding")


def not_read_after(row: int, error: OSError) -> Unreadable:
    """The error of a file that the system does not read on from some row, with what the system says."""
    words = _("the file cannot be read after row %(row)s: %(why)s.")
    return Unreadable(words % {"row": row, "why": error.strerror})


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
