"""What somebody chooses about an import: how its file is read, and what becomes of rows that are not plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self


class Stored:
    """Options that are kept as JSON beside what they belong to."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The options that ``as_json`` gave; what is not known is left out, what is missing has its default."""
        known = {one.name for one in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: value for name, value in stored.items() if name in known})


@dataclass(frozen=True)
class Reading(Stored):
    """How a file is read.

    ``encoding`` is one of sources.ENCODINGS, or "" to find out. ``time_zone`` (IANA) is for times that name none.
    ``columns`` gives for a column of ours the header that holds it, "" where the file has none; columns that are not
    in it are found by their own name. ``ignore_unknown`` leaves out columns that are none of ours.
    """

    encoding: str = ""
    time_zone: str = "UTC"
    columns: Mapping[str, str] = field(default_factory=dict)
    ignore_unknown: bool = False


@dataclass(frozen=True)
class Choices(Stored):
    """What becomes of rows that need a decision.

    ``create_users``: missing people get accounts (inactive, without a password). ``start_conversations``: a row whose
    parent is missing begins a conversation. ``existing``: a row whose external id is stored with another text is
    refused ("refuse"), recorded as an edit with history ("edit") or left out ("skip"). ``only_valid``: rows with
    errors are left out and come back as a file. ``notify``: receivers of new messages are notified.
    """

    create_users: bool = False
    start_conversations: bool = False
    existing: str = "refuse"
    only_valid: bool = False
    notify: bool = False
