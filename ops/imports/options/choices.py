"""How rows that need a decision are treated, and changing the values of options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ops.files.sources import JsonOptions, Reading


@dataclass(frozen=True)
class Choices(JsonOptions):
    """How rows that need a decision are treated.

    ``create_users``: missing people get accounts (inactive, without a password). ``start_conversations``: a row whose
    parent is missing starts a conversation. ``existing``: a row whose external id is stored with another text is
    refused ("refuse"), recorded as an edit with history ("edit") or skipped ("skip"). ``only_valid``: rows with errors
    are excluded and come back as a file. ``notify``: receivers of new messages are notified. ``people`` maps names in
    the file to the usernames that they stand for, or to "" if an account of that name is to be created. ``unread``:
    messages count as unread if the file has no column ``read``; by default they count as read, because most imports are
    of the past. ``self_parents_begin``: a row that names itself as its parent starts a conversation. ``alike_once``: of
    identical rows without an id, only the first is imported.
    """

    create_users: bool = False
    start_conversations: bool = False
    existing: str = "refuse"
    only_valid: bool = False
    notify: bool = False
    people: Mapping[str, str] = field(default_factory=dict)
    unread: bool = False
    self_parents_begin: bool = False
    alike_once: bool = False


READING = {one.name for one in fields(Reading)}
CHOICES = {one.name for one in fields(Choices)}
DEFAULTS = {**Reading().as_json(), **Choices().as_json()}


def take(suggestion: Mapping[str, Any], reading: Reading, choices: Choices) -> tuple[Reading, Choices]:
    """Return the options with a suggestion (Suggestion.as_json()) taken; its pairs are added to those chosen before.

    Raises KeyError if there is no such option.
    """
    chosen = {**reading.as_json(), **choices.as_json()}
    values = options_of(suggestion)
    for name, value in values.items():
        if isinstance(value, Mapping):
            values[name] = {**chosen[name], **value}
    return with_values(values, reading, choices)


def options_of(suggestion: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of options that a suggestion sets, by option name."""
    return {suggestion["option"]: suggestion["value"], **suggestion.get("also", {})}


def with_values(values: Mapping[str, Any], reading: Reading, choices: Choices) -> tuple[Reading, Choices]:
    """Return the options with these values instead. Raises KeyError if there is no such option."""
    for unknown in values.keys() - (READING | CHOICES):
        raise KeyError(unknown)
    return (
        Reading.from_json({**reading.as_json(), **values}),
        Choices.from_json({**choices.as_json(), **values}),
    )
