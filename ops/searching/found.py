"""The texts in which a search found something, as rows of lists show them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from django.db.models.functions import Left

from messaging.search.engine import MARKED
from ops.audit.readings import Shown
from ops.console.lists.words import marked_texts
from ops.console.searching.asked import Search


class FoundText(NamedTuple):
    """A text of a message, and the usernames of its people. With ``is_older``, it was edited away since."""

    pk: int
    content: str
    sender: str
    receiver: str
    is_older: bool = False
    warning: str = ""  # in the place of a text that is covered


def with_texts(messages: Any) -> Any:
    """These rows of messages with what ``texts_of`` takes of them."""
    return messages.annotate(read_of_it=Left("content", MARKED))


def texts_of(rows: Iterable[Any]) -> dict[int, FoundText]:
    """The texts of such rows, by id, which are taken off them: what may be shown of a row is decided after this."""
    found = {}
    for row in rows:
        text = row.__dict__.pop("read_of_it")
        found[row.pk] = FoundText(row.pk, text, row.sender.get_username(), row.receiver.get_username())
    return found


def texts_of_messages(keys: Collection[int]) -> dict[int, FoundText]:
    """The texts of the messages with these keys, by id."""
    return {pk: FoundText(*words[:4]) for pk, words in marked_texts(keys).items()}


def found_texts(texts: Mapping[int, FoundText], search: Search) -> dict[int, FoundText]:
    """These texts of messages, by id, or an older one where that has more of what was searched for. Of a long text the
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
    """What rows show of messages: the current text, or an older one; nothing of those that are covered."""
    shown = [one for one in texts if one is not None and not getattr(one, "warning", "")]
    older = {one.pk for one in shown if getattr(one, "is_older", False)}
    return Shown(messages={one.pk for one in shown} - older, histories=older)
