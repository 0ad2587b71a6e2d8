"""A message on a page of its own, with its surroundings in the thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from messaging import threads
from messaging.edits import Edits, edits_by_message
from messaging.models import Message
from ops.console.thread.rows import Row, row_of


@dataclass(frozen=True)
class Context:
    """The surroundings of a message: its nearest ancestors (from the top down), the number of earlier ones, its first
    direct replies, and the number of further ones."""

    ancestors: list[Row]
    earlier: int
    replies: list[Row]
    more_replies: int


def context_of(
    message: Message, *, with_edits: bool = True, most_ancestors: int = 10, most_replies: int = 50
) -> Context:
    """Return the ancestors and replies of ``message``, in six queries however many there are."""
    ids = threads.ancestor_ids(message.pk)
    nearest = list(reversed(ids[:most_ancestors]))
    messages = Message.objects.select_related("sender", "receiver")
    found = messages.in_bulk(nearest)
    replies = messages.filter(parent_message=message).order_by("timestamp", "id")
    shown = list(replies[:most_replies])
    edits = edits_by_message([*found.values(), *shown]) if with_edits else {}
    return Context(
        ancestors=_rows([found[one] for one in nearest if one in found], edits),
        earlier=len(ids) - len(nearest),
        replies=_rows(shown, edits, before=row_of(message, None, before=None, with_rest=False)),
        more_replies=max(0, replies.count() - most_replies),
    )


def single_row(message: Message, *, below: Sequence[Row] = (), with_edits: bool = True) -> Row:
    """Return the row of a message shown outside its thread, with its whole text; it is placed below these rows."""
    edits = edits_by_message([message]).get(message.pk) if with_edits else None
    return row_of(message, edits, before=below[-1] if below else None, whole=True)


def _rows(messages: Sequence[Message], edits: dict[int, Edits], before: Row | None = None) -> list[Row]:
    """Return the rows of ``messages``; they are placed below the row ``before``, one level deeper."""
    level = 0 if before is None else before.level + 1
    rows: list[Row] = []
    for message in messages:
        before = row_of(message, edits.get(message.pk), before=before, level=level)
        rows.append(before)
    return rows
