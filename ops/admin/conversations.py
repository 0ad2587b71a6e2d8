"""The list of conversations, and the page that shows one as a thread."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext_lazy

from messaging.models import Conversation, Message
from ops.accounts.names.sorting import sort_key
from ops.admin.threads import explain_edits, place_in_thread, sees_histories, shown_by
from ops.audit.readings import Shown, record_search
from ops.audit.recorded_admin import RecordedReading
from ops.console import filters
from ops.console.addresses import whole_number
from ops.console.keyset import Order
from ops.console.lists import dates
from ops.console.lists.people import OtherParticipant, Participant
from ops.console.lists.words import covered, first_words
from ops.console.readonly import ReadOnlyPermissions
from ops.console.searching.asked import Search
from ops.console.thread import clock
from ops.console.thread.covering import cover, warnings_on
from ops.console.thread.moving import MovesWithinList
from ops.console.thread.page import ConversationPage, page_of
from ops.console.thread.panel import shown_sections
from ops.exports.admin import ExportedList
from ops.exports.models import Export
from ops.imports.filters import OfImport
from ops.searching.found import found_texts, shown_of, texts_of_messages
from ops.searching.lists import SearchedAdmin

# Participants besides the two who started a conversation: a row folds more than FEW_OTHERS and omits all beyond
# MOST_NAMED.
FEW_OTHERS, MOST_NAMED = 2, 100


def _words_of(row: Any) -> list[Any]:
    """Return the messages whose texts a row of the list of conversations shows."""
    shown = [row.match] if row.match else [row.opening, row.latest]
    return [one for one in shown if one is not None]


class ConversationAdmin(MovesWithinList, ReadOnlyPermissions, RecordedReading, ExportedList, SearchedAdmin):
    """Conversations, each shown as a thread. Opening one is recorded first, and changes no ``read`` flag."""

    export_scope = Export.Scope.CONVERSATIONS
    orders = (
        Order("latest", gettext_lazy("Latest first"), ("-last_message_at", "id")),
        Order("oldest", gettext_lazy("Oldest first"), ("last_message_at", "id")),
        Order("longest", gettext_lazy("Most messages"), ("-message_count", "id")),
    )
    more_filters = (
        Participant,
        OtherParticipant,
        *dates.days("last_message_at", gettext_lazy("last activity from"), gettext_lazy("last activity to")),
        filters.Length,
        OfImport,
    )
    list_filter = (filters.UnreadConversations, filters.EditedConversations, filters.LastActivity, *more_filters)
    rows_template = "console/conversation_rows.html"
    how_many = ngettext_lazy("%(number)s conversation", "%(number)s conversations", "n")
    more_than = gettext_lazy("More than %(number)s conversations")
    empty_text = gettext_lazy(
        "No conversations yet. Import some under Data › Imports, or with “manage.py import_messages FILE”."
    )
    change_form_template = "console/conversation.html"
    fields = ("started_at",)

    def prepare_rows(self, rows: list[Any]) -> None:
        """Set the messages ``opening`` and ``latest`` (None if the same), ``people``, who started it, and ``others``.

        ``folded`` has the names if there are too many for the row, and ``left_out`` the number of others beyond those.
        ``match`` and ``place`` are empty without a search.
        """
        people = Message.objects.usernames_by_conversation(row.pk for row in rows)
        keys = {key for row in rows for key in (row.opening_id, row.latest_id)}
        found = first_words(keys)
        for row in rows:
            row.opening, row.latest = first, last = found.get(row.opening_id), found.get(row.latest_id)
            started_by = [] if first is None else [first.sender, first.receiver]
            row.latest = None if last == first else last
            row.people = list(dict.fromkeys(started_by))
            row.others = sorted(set(people.get(row.pk, ())) - set(started_by), key=sort_key)
            row.folded = [*row.people, *row.others[:MOST_NAMED]] if len(row.others) > FEW_OTHERS else []
            row.left_out = len(row.others[MOST_NAMED:])
            row.match, row.place = None, ""

    def matching(self, rows: Any, search: Search) -> QuerySet:
        return rows.with_message(search.condition)

    def narrowed(self, rows: Any, search: Any) -> QuerySet:
        return search.newest_conversations(rows)

    def prepare_found(self, rows: list[Any], search: Search) -> None:
        """Set ``match``, the first message found, ``matches``, their number, and ``place``, the part of the thread to
        open."""
        matches = Message.objects.first_in((row.pk for row in rows), search.condition)
        found = found_texts(texts_of_messages({key for key, _ in matches.values()}), search)
        for row in rows:
            key, row.matches = matches.get(row.pk, (0, 0))
            row.match = found.get(key)
            row.place = place_in_thread(key, search.text) if row.match else ""

    def moments_found(self, changes: Any) -> Any:
        found = Message.objects.filter(changes.search.condition).order_by().values_list("timestamp", flat=True)
        return found.filter(conversation__in=changes.unsearched.values("pk")) if changes.active_filters else found

    def load_row(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return Conversation.objects.filter(pk=whole_number(object_id) or 0).first()

    def shown_on_page(self, request: HttpRequest, row: Any) -> Shown:
        """Return the texts of the selected part of the thread; keeps it on the request, so that it is loaded once."""
        ask = partial(self.asked, request)
        page = page_of(row, request, ask=ask, with_edits=sees_histories(request))
        request.conversation_page = page  # type: ignore[attr-defined]
        cover(request.user, page.thread.rows)
        explain_edits(page.thread.rows)
        return shown_by(page.thread.rows)

    def record_further(self, request: HttpRequest, row: Any) -> None:
        """Record a search within the thread, because its hits reveal messages in other parts of the thread too."""
        page = request.conversation_page  # type: ignore[attr-defined]
        if page.find:
            where = {"conversation": row.pk}
            record_search(Message, actor=request.user, terms=page.find.text, filters=where, results=len(page.found))

    def cover(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        found = warnings_on(request.user, {one.pk for row in rows for one in _words_of(row)})
        for row in rows if found else ():
            row.match, row.opening, row.latest = (covered(one, found) for one in (row.match, row.opening, row.latest))

    def shown_in_list(self, rows: Sequence[Any]) -> Shown:
        return shown_of(one for row in rows for one in _words_of(row))

    def withhold(self, rows: Sequence[Any]) -> bool:
        for row in rows:
            row.unopened = True
            row.opening, row.latest = (one and one._replace(content="") for one in (row.opening, row.latest))
        return True

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        page: ConversationPage = request.conversation_page  # type: ignore[attr-defined]
        context |= {"title": page.thread.title, "conversation": context["original"], "page": page}
        context |= {
            "thread": page.thread,
            "panel": shown_sections(request, page),
            "printed_at": clock.exact(clock.now()),
        }
        return super().render_change_form(request, context, *args, **kwargs)
