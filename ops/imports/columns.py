"""Which columns a file of messages has, what other programs call them, and which headers somebody matched last time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from ops.files.headers import Columns
from ops.imports.models import RememberedColumn

COLUMNS = ("external_id", "parent_external_id", "sender", "receiver", "timestamp", "edited", "read", "content")
ALIASES = {"external_id": "id", "parent_external_id": "parent_id"}
MAY_BE_MISSING = ("edited", "read")
# Columns of which people may say that their file has none.
MAY_BE_LEFT_OUT = ("external_id", "parent_external_id", *MAY_BE_MISSING)
ALWAYS_IGNORED = "problem"  # in a file of excluded rows: why each is excluded
# What our exports guard against being taken for a formula.
GUARDED = ("external_id", "parent_external_id", "sender", "receiver", "content")
MESSAGE_COLUMNS = Columns(
    names=COLUMNS,
    aliases=ALIASES,
    may_be_missing=MAY_BE_MISSING,
    may_be_left_out=MAY_BE_LEFT_OUT,
    always_ignored=ALWAYS_IGNORED,
)
# What other programs call our columns, without blanks, signs and capitals; the most likely name first.
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
LONGEST_HEADER = 255  # characters of RememberedColumn.header
KEPT_OF_LONGER = 190  # of them, where the rest is a digest: headers that differ stay different


def suggest(headers: Sequence[str]) -> dict[str, str]:
    """For each column the header that most likely holds it; no header twice, columns without one are not in it."""
    plain = {header: re.sub(r"[\W_]+", "", header).lower() for header in headers}
    found: dict[str, str] = {}
    ranks = max(len(names) for names in USUAL_NAMES.values())
    # A column's most likely name wins over a less likely one of another column.
    for rank in range(ranks):
        for column, names in USUAL_NAMES.items():
            wanted = names[rank] if rank < len(names) else None
            free = (header for header, name in plain.items() if name == wanted and header not in found.values())
            if column not in found and (header := next(free, None)) is not None:
                found[column] = header
    return found


def remember(columns: Mapping[str, str], *, by: Any) -> None:
    """Store which header holds each column, "" for none; replaces what ``by`` chose for these headers before."""
    chosen = {_key(header): column for column, header in columns.items() if header}
    with transaction.atomic():
        RememberedColumn.objects.filter(user=by, header__in=chosen).delete()
        RememberedColumn.objects.bulk_create(
            [RememberedColumn(user=by, header=header, column=column) for header, column in chosen.items()],
            ignore_conflicts=True,
        )


def remembered(headers: Sequence[str], *, by: Any) -> dict[str, str]:
    """For each column the one of these headers that ``by`` chose for it last time."""
    keys = {_key(header): header for header in headers}
    rows = RememberedColumn.objects.filter(user=by, header__in=list(keys)).order_by("pk")
    return {column: keys[key] for key, column in rows.values_list("header", "column")}


def _key(header: str) -> str:
    """What a header is stored as: itself, or where it is too long or cannot be stored, a beginning and its digest."""
    storable = header.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
    if storable == header and len(header) <= LONGEST_HEADER:
        return header
    digest = hashlib.sha256(header.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{storable[:KEPT_OF_LONGER]}#{digest}"
