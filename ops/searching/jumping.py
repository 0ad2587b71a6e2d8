"""The newest messages with the words that were typed into the jump box."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from messaging.models import Message
from ops.audit.readings import record_list
from ops.audit.reasons import gate
from ops.console.addresses import page_of_row
from ops.console.lists.excerpts import excerpt
from ops.console.lists.words import covered
from ops.console.rooms import Found, Group
from ops.console.searching.asked import Search
from ops.console.thread.covering import warnings_on
from ops.searching.found import FoundText, found_texts, shown_of, texts_of_messages

MOST = 5


@dataclass(frozen=True)
class Hit:
    """A text that was found, and the address of its message."""

    text: FoundText
    address: str


@dataclass(frozen=True)
class Texts:
    """The newest messages that a search finds, and the address of the list of all of them. ``hits`` is also empty while
    a reason must be given before the list may show whether there are any."""

    search: Search
    address: str
    hits: list[Hit] = field(default_factory=list)

    @property
    def suggestions(self) -> list[Found]:
        """The hits, each as a line of plain text, and the list of all of them."""
        lines = [Found(self._line(hit.text), "", hit.address, Group.MESSAGES) for hit in self.hits]
        every = _("Search messages for “%(words)s”") % {"words": self.search.text}
        return [*lines, Found(every, "", self.address, Group.MESSAGES)]

    def _line(self, text: FoundText) -> str:
        words = text.warning or "".join(piece.text for piece in excerpt(text.content, self.search.places))
        return f"{text.sender} → {text.receiver}: {words}"


def texts(request: HttpRequest, words: str) -> Texts | None:
    """Search for ``words`` as the list of messages does, and record what is shown. Return None if the user may not see
    the list, or if the words are not a valid search."""
    of_messages: Any = admin.site.get_model_admin(Message)
    if not of_messages.has_view_permission(request):
        return None
    search = of_messages.asked(request, words)
    if search.query is None:
        return None
    address = f"{reverse('admin:messaging_message_changelist')}?{urlencode({'q': words})}"
    if not gate.is_open(gate.scope_of(Message)):
        return Texts(search, address)
    newest = Message.objects.order_by("-timestamp", "-id")
    rows = list(search.newest_messages(newest).values_list("pk", "conversation_id")[:MOST])
    found = found_texts(texts_of_messages([pk for pk, _ in rows]), search)
    warnings = warnings_on(request.user, found)
    found = {pk: covered(text, warnings) for pk, text in found.items()}
    if found:
        shown = shown_of(found.values())
        record_list(Message, actor=request.user, shown=shown, terms=words, results=len(found))
    opens_threads = request.user.has_perm("messaging.view_conversation")
    kept = {"find": words, "hits": urlencode({"q": words})}
    hits = []
    for pk, conversation_id in rows:
        if pk not in found:
            continue  # deleted meanwhile
        within = f"{page_of_row('messaging.conversation', conversation_id)}?{urlencode({'message': pk, **kept})}#m{pk}"
        hits.append(Hit(found[pk], within if opens_threads else page_of_row("messaging.message", pk)))
    return Texts(search, address, hits)
