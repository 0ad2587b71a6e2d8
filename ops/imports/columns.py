"""Which header of a file holds which column of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name

from ops.files.problems import Cure, Unreadable, label
from ops.imports.checking.rows import COLUMNS
from ops.imports.options import Reading

ALIASES = {"external_id": "id", "parent_external_id": "parent_id"}
MAY_BE_MISSING = ("edited", "read")
# Columns of which people may say that their file has none.
MAY_BE_LEFT_OUT = ("external_id", "parent_external_id", *MAY_BE_MISSING)
ALWAYS_IGNORED = "problem"  # what a file of rejected rows tells people
EXPECTED = (
    f"Expected, once each: {', '.join(name for name in COLUMNS if name not in MAY_BE_MISSING)}; "
    f"{' and '.join(MAY_BE_MISSING)} may be there as well."
)
KEEP_ONE = "Of columns with one name keep one; give the others other names, or remove them."
MOST_HEADERS = 1_000
LONGEST_LIST = 20  # headers, or places of one, that a sentence names
# How other programs call what we have, without blanks, signs and capitals.
USUAL_NAMES = {
    "external_id": ("externalid", "id", "messageid", "msgid", "uid", "uuid"),
    "parent_external_id": ("parentexternalid", "parentid", "parent", "replyto", "replytoid", "inreplyto", "answerto"),
    "sender": ("sender", "from", "fromuser", "author", "sendername", "senderusername", "user", "username"),
    "receiver": ("receiver", "to", "touser", "recipient", "addressee", "receivername", "receiverusername"),
    "timestamp": ("timestamp", "time", "date", "datetime", "sentat", "sent", "createdat", "created", "when", "ts"),
    "edited": ("edited", "isedited", "wasedited", "changed"),
    "read": ("read", "isread", "wasread", "seen"),
    "content": ("content", "text", "message", "body", "messagetext", "messagebody"),
}


class HeaderUnfit(Unreadable):
    """The columns of a file are not ours: the file can be read once somebody says which is which."""

    def __init__(
        self,
        headers: Sequence[str],
        unknown: Sequence[str],
        missing: Sequence[str],
        repeated: Sequence[str],
        *,
        row: int | None,
    ) -> None:
        named = {"unknown": _listed(unknown), "missing": _listed(missing)}
        named["repeated"] = "; ".join(f"{label(name)} in {places(headers, name)}" for name in repeated)
        faults = "; ".join(f"{kind}: {names}" for kind, names in named.items() if names)
        remedy = f" {KEEP_ONE}" if repeated else ""
        cure: Cure = "" if repeated else "columns" if missing else "ignore_unknown"
        super().__init__(f"the columns of the header do not fit; {faults}. {EXPECTED}{remedy}", row=row, cure=cure)
        self.headers, self.unknown = list(headers), list(unknown)
        self.missing, self.repeated = list(missing), list(repeated)


@dataclass(frozen=True)
class Fit:
    """Where each column of ours is, in the order of COLUMNS: the header that holds it, None where none does."""

    sources: tuple[str | None, ...]
    unknown: tuple[str, ...]


def fit(headers: Sequence[str], reading: Reading, *, row: int | None = None) -> Fit:
    """Which of the headers holds which column; raises HeaderUnfit naming all that are unknown, missing or repeated.

    ``row`` is where the headers stand. Raises Unreadable where they are too many to choose from.
    """
    if len(headers) > MOST_HEADERS:
        words = f"the file has {len(headers):,} columns: this is no file of messages."
        raise Unreadable(words, row=row)
    sources = {column: _source(column, headers, reading.columns) for column in COLUMNS}
    missing = [column for column in COLUMNS if sources[column] is None and not _may_lack(column, reading)]
    used = [source for source in sources.values() if source is not None]
    repeated = [name for name in dict.fromkeys(used) if headers.count(name) > 1 or used.count(name) > 1]
    unknown = [name for name in dict.fromkeys(headers) if name not in used and name != ALWAYS_IGNORED]
    if missing or repeated or (unknown and not reading.ignore_unknown):
        named = [] if reading.ignore_unknown else unknown
        raise HeaderUnfit(headers, named, missing, repeated, row=row)
    return Fit(tuple(sources.values()), tuple(unknown))


def suggest(headers: Sequence[str]) -> dict[str, str]:
    """For each column of ours the header that most likely holds it; no header twice, columns without one left out."""
    plain = {header: re.sub(r"[\W_]+", "", header).lower() for header in headers}
    found: dict[str, str] = {}
    ranks = max(len(names) for names in USUAL_NAMES.values())
    # A column's best name wins over what another column would be content with.
    for rank in range(ranks):
        for column, names in USUAL_NAMES.items():
            wanted = names[rank] if rank < len(names) else None
            free = (header for header, name in plain.items() if name == wanted and header not in found.values())
            if column not in found and (header := next(free, None)) is not None:
                found[column] = header
    return found


def places(headers: Sequence[str], name: str) -> str:
    """Where the columns of this name are: "columns 3 and 9 (C and I)", as people and spreadsheets count them."""
    found = [place for place, header in enumerate(headers) if header == name]
    numbers = _in_a_row([str(place + 1) for place in found])
    letters = _in_a_row([xl_col_to_name(place) for place in found])
    return f"column{'' if len(found) == 1 else 's'} {numbers} ({letters})"


def known_names(reading: Reading) -> set[str]:
    """The headers that would be understood."""
    return {*COLUMNS, *ALIASES.values(), *reading.columns.values()}


def _source(column: str, headers: Sequence[str], chosen: Mapping[str, str]) -> str | None:
    if column in chosen:
        return chosen[column] if chosen[column] in headers and chosen[column] else None
    # What was said to hold another column is not found by its name.
    for name in (column, ALIASES.get(column)):
        if name in headers and name not in chosen.values():
            return name
    return None


def _may_lack(column: str, reading: Reading) -> bool:
    return column in MAY_BE_MISSING or (column in MAY_BE_LEFT_OUT and reading.columns.get(column) == "")


def _in_a_row(words: list[str]) -> str:
    if len(words) > LONGEST_LIST:
        return _listed(words)
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(label(name) for name in names[:LONGEST_LIST])
    return shown if len(names) <= LONGEST_LIST else f"{shown} and {len(names) - LONGEST_LIST:,} more"
