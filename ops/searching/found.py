"""The texts that a search found, as the rows of lists show them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from django.db.models.functions import Left

from messaging.search.engine import MARKED
from ops.audit.readings import Shown
from ops.console.lists.words import marked_texts
from ops.console.searching.asked import Search


class FoundText(NamedTuple):
    """A text of a message, and the usernames of its sender and receiver. If ``is_older``, it was edited away since."""

    pk: int
    content: str
    sender: str
    receiver: str
    is_older: bool = False
    warning: str = ""  # shown instead of a covered text


def with_texts(messages: Any) -> Any:
    """Annotate messages with the text that ``texts_of`` needs."""
    return messages.annotate(marked_text=Left("content", MARKED))


def texts_of(rows: Iterable[Any]) -> dict[int, FoundText]:
    """Return the texts of such rows by id, and remove them from the rows: what a row may show is decided later."""
    found = {}
    for row in rows:
        text = row.__dict__.pop("marked_text")
        found[row.pk] = FoundText(row.pk, text, row.sender.get_username(), row.receiver.get_username())
    return found


def texts_of_messages(keys: Collection[int]) -> dict[int, FoundText]:
    """Return the texts of the messages with these keys, by id."""
    return {pk: FoundText(*words[:4]) for pk, words in marked_texts(keys).items()}


def found_texts(texts: Mapping[int, FoundText], search: Search) -> dict[int, FoundText]:
    """Return these texts of messages by id, or an older one if that has more of the words. Long texts are cut to their
    beginning, in which words are marked."""
    found = dict(texts)
    query = search.query
    if query is None or not query.wanted or not query.in_history:
        return found
    most = {pk: query.number_in(one.content) for pk, one in found.items()}
    lacking = [pk for pk, number in most.items() if number < len(query.wanted)]
    older = query.in_older_texts_of(lacking).annotate(marked=Left("text", MARKED))
    for pk, text in older.values_list("message", "marked"):
        number = query.number_in(text)
        if number > most[pk] or (number == most[pk] and found[pk].is_older):
            most[pk], found[pk] = number, found[pk]._replace(content=text, is_older=True)
    return found


def shown_of(texts: Iterable[Any]) -> Shown:
    """Return what these rows show of messages: current texts and older ones, without covered ones."""
    shown = [one for one in texts if one is not None and not getattr(one, "warning", "")]
    older = {one.pk for one in shown if getattr(one, "is_older", False)}
    return Shown(messages={one.pk for one in shown} - older, histories=older)
