"""The texts in which a search found something, as rows of lists show them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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


def found_texts(keys: Collection[int], search: Search) -> dict[int, FoundText]:
    """The texts of these messages, by id: an older one where that has more of what was searched for. Of a long text
    the beginning, in which words are marked."""
    found = {pk: FoundText(*words[:4]) for pk, words in marked_texts(keys).items()}
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
