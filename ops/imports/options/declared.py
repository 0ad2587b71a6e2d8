"""Every option, declared once for the console's form field and the command's argument of the same name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.files.dialects.escapes import ESCAPES
from ops.files.encodings import ENCODINGS
from ops.files.times.zones import chosen_zone
from ops.files.timestamps import DATES, REPEATED

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Kind(Enum):
    """What kind of value an option has."""

    FLAG = auto()  # true or false
    ONE = auto()  # one of Option.choices
    TEXT = auto()  # a text
    NUMBER = auto()  # a whole number, at least Option.least; the default of the field means none
    WORDS = auto()  # several texts
    PAIRS = auto()  # texts, each with another one


@dataclass(frozen=True)
class Option:
    """One option, as the console and the command offer it.

    ``name`` is the field of Reading or Choices, ``label`` the question in the form, ``hint`` the text below it,
    ``help`` the command's help text. ``choices`` maps the values of Kind.ONE to their words in the form. ``flag`` is
    the argument if it is not named like the field, ``metavar`` names its values. ``problem`` returns why a value is
    refused, as a sentence, or "". ``cures`` are the values that one click takes where a problem names this option as
    its cure, each with the words of its button. ``own_part``: a separate part of the page asks for it, not the form of
    options. ``least`` is the smallest number of Kind.NUMBER.
    """

    name: str
    kind: Kind
    label: StrOrPromise
    help: StrOrPromise
    hint: StrOrPromise = ""
    choices: Mapping[str, StrOrPromise] = field(default_factory=dict)
    flag: str = ""
    metavar: str | tuple[str, ...] | None = None
    problem: Callable[[Any], str] | None = None
    cures: Sequence[tuple[Any, StrOrPromise]] = ()
    own_part: bool = False
    least: int = 1

    @property
    def argument(self) -> str:
        """Its name on the command line: "--time-zone"."""
        return self.flag or f"--{self.name.replace('_', '-')}"


def time_zone_problem(name: str) -> str:
    """Return why this names no time zone, as a sentence; "" if it names one."""
    if chosen_zone(name) is not None:
        return ""
    said = _("“%(name)s” is no time zone: name one of the IANA list, such as Europe/Berlin.")
    return said % {"name": name}


def _ways_of_dates() -> str:
    ways = "; ".join(f"{name}: {meaning}" for name, meaning in DATES.items() if name)
    return f"how times are written that are not in ISO 8601: {ways}"


WAYS_OF_DATES = lazy(_ways_of_dates, str)()  # its parts are translated when it is read


# In the order of the form.
OPTIONS = (
    Option(
        "encoding",
        Kind.ONE,
        gettext_lazy("Encoding of the file"),
        "encoding of a CSV file",
        choices={"": gettext_lazy("detect automatically"), **ENCODINGS},
    ),
    Option(
        "fallback_encoding",
        Kind.ONE,
        gettext_lazy("Encoding of rows that are not valid in it"),
        "encoding of rows that are not valid in that of the file",
        choices={"": gettext_lazy("none: they are problems"), **ENCODINGS},
    ),
    Option(
        "escapes",
        Kind.ONE,
        gettext_lazy("Backslashes in a CSV file"),
        "in CSV, a backslash before quotes, or before quotes and backslashes (all), is not part of the text",
        choices={"": gettext_lazy("are text"), **ESCAPES},
    ),
    Option(
        "dates",
        Kind.ONE,
        gettext_lazy("How times are written"),
        WAYS_OF_DATES,
        choices=DATES,
        metavar="HOW",
    ),
    Option(
        "time_zone",
        Kind.TEXT,
        gettext_lazy("Time zone of times that name none"),
        "the zone of times that name none, such as Europe/Berlin or +02:00",
        problem=time_zone_problem,
    ),
    Option(
        "repeated_times",
        Kind.ONE,
        gettext_lazy("Times that exist twice, because clocks were put back, are"),
        "which of the two is meant if a time exists twice, because clocks were put back",
        choices=REPEATED,
    ),
    Option(
        "yes",
        Kind.WORDS,
        gettext_lazy("Words that mean true"),
        "words that mean true in the columns edited, read, hidden and redacted",
        hint=gettext_lazy("Separated by commas."),
        metavar="WORD",
    ),
    Option(
        "no",
        Kind.WORDS,
        gettext_lazy("Words that mean false"),
        "words that mean false in the columns edited, read, hidden and redacted",
        hint=gettext_lazy("Separated by commas."),
        metavar="WORD",
    ),
    Option(
        "nothing",
        Kind.WORDS,
        gettext_lazy("Words for no ID"),
        "words for no id, such as NULL",
        hint=gettext_lazy("Separated by commas."),
        metavar="WORD",
    ),
    Option(
        "ids",
        Kind.ONE,
        gettext_lazy("IDs that a spreadsheet may have shortened"),
        "ids that a spreadsheet may have shortened: keep long numbers as they are, or import without ids (replies then "
        "begin conversations)",
        choices={
            "": gettext_lazy("treat them as an error"),
            "keep": gettext_lazy("take long numbers as they are"),
            "none": gettext_lazy("import the file without IDs; replies cannot join what they answer"),
        },
    ),
    Option(
        "saved_values",
        Kind.FLAG,
        gettext_lazy("Take formulas as the values they were saved with"),
        "read formulas in XLSX as the values that were saved with them",
    ),
    Option(
        "create_users",
        Kind.FLAG,
        gettext_lazy("Create missing users"),
        "create missing senders and receivers: inactive, without a password",
        hint=gettext_lazy("Not active and without a password: nobody can sign in with them."),
        cures=[(True, gettext_lazy("Create missing users"))],
    ),
    Option(
        "start_conversations",
        Kind.FLAG,
        gettext_lazy("Start a new conversation when the parent is missing"),
        "start a new conversation if the parent is missing",
        cures=[(True, gettext_lazy("Begin conversations"))],
    ),
    Option(
        "self_parents_begin",
        Kind.FLAG,
        gettext_lazy("Let a message that names itself as its parent begin a conversation"),
        "start a conversation if a message names itself as its parent, as in Slack's exports",
        cures=[(True, gettext_lazy("Begin conversations"))],
    ),
    Option(
        "alike_once",
        Kind.FLAG,
        gettext_lazy("Import rows without an ID that are alike in everything only once"),
        "import identical rows without an id only once",
        cures=[(True, gettext_lazy("Import them once"))],
    ),
    Option(
        "ignore_unknown",
        Kind.FLAG,
        gettext_lazy("Ignore unknown columns"),
        "ignore columns that are not recognised",
        cures=[(True, gettext_lazy("Ignore these columns"))],
    ),
    Option(
        "header_row",
        Kind.NUMBER,
        gettext_lazy("Row of the header"),
        "the row of the header; 0 if the file has none (default: find it)",
        hint=gettext_lazy("Empty to find it; 0 if the file has no header."),
        metavar="N",
        least=0,
    ),
    Option("sheet", Kind.TEXT, gettext_lazy("Sheet"), "the sheet of a workbook (default: the first one)"),
    Option(
        "fill_merged",
        Kind.FLAG,
        gettext_lazy("Read merged cells as their first cell"),
        "read merged cells as their first cell",
    ),
    Option(
        "list_under",
        Kind.TEXT,
        gettext_lazy("Name of the list, in a file that is one object"),
        "the key of the list to read, in a JSON file that is one object",
        metavar="KEY",
    ),
    Option(
        "join_pieces",
        Kind.FLAG,
        gettext_lazy("Join texts that are lists of pieces"),
        "join texts that are lists of pieces in JSON",
    ),
    Option(
        "existing",
        Kind.ONE,
        gettext_lazy("Where a message is stored already, with another text"),
        "when a message is stored with another text: refuse the file, record an edit that keeps the old text, or skip "
        "the row",
        choices={
            "edit": gettext_lazy("save as an edit (keeps the old text)"),
            "skip": gettext_lazy("leave the stored text as it is"),
            "refuse": gettext_lazy("treat it as an error"),
        },
        cures=[("edit", gettext_lazy("Record as edits")), ("skip", gettext_lazy("Leave the stored texts"))],
    ),
    Option(
        "only_valid",
        Kind.FLAG,
        gettext_lazy("Import only the valid rows"),
        "import the valid rows, and write the others to a file",
        hint=gettext_lazy("The others come back as a file that you can correct and import."),
        cures=[(True, gettext_lazy("Import only the valid rows"))],
    ),
    Option(
        "notify",
        Kind.FLAG,
        gettext_lazy("Notify the receivers of new messages"),
        "create a notification for each message's receiver",
    ),
    Option(
        "unread",
        Kind.FLAG,
        gettext_lazy("Messages are unread where the file has no column “read”"),
        "messages are unread if the file has no column read; otherwise they count as read",
        hint=gettext_lazy("Otherwise they count as read, because most imports are of the past."),
    ),
    Option(
        "columns",
        Kind.PAIRS,
        gettext_lazy("Which column is which"),
        "the header in the file for a column, such as content=Text, or its position, such as content='column 3'; "
        "nothing after the = if the file has none",
        flag="--column",
        metavar="NAME=HEADER",
        own_part=True,
    ),
    Option(
        "people",
        Kind.PAIRS,
        gettext_lazy("Who is who"),
        "the account that a name in the file stands for; nothing after the = creates an account of that name",
        flag="--person",
        metavar="NAME=USERNAME",
        own_part=True,
    ),
)
BY_NAME = {option.name: option for option in OPTIONS}


def problems_of(values: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield the options whose values are refused, each with the reason as a sentence."""
    for option in OPTIONS:
        if option.problem is not None and option.name in values and (said := option.problem(values[option.name])):
            yield option.name, said
