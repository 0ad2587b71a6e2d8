"""Registers the models of messaging with the console's features."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

import messaging.admin  # noqa: F401 - imported first, so that its registrations are replaced here
import ops.theme_admin  # noqa: F401 - registers the themes
from messaging.edits import edits_page
from messaging.models import Conversation, Message, MessageHistory, Notification, TextChanged
from messaging.search.engine import FirstPage
from messaging.texts.beginnings import with_beginning
from ops.accounts.names.sorting import sort_key
from ops.accounts.signing_in.forms import StaffSignInForm
from ops.accounts.signing_in.views import OwnPasswordView
from ops.audit.readings import Shown, record_jump, record_search
from ops.audit.reasons.corrections import explain
from ops.audit.recorded_admin import RecordedChanges, RecordedLists, RecordedReading, TrailHistory
from ops.audit.recording import record
from ops.console import filters
from ops.console.addresses import whole_number
from ops.console.correction import CorrectionForm
from ops.console.keyset import KeysetAdmin, Order
from ops.console.limits.uploads import takes_texts
from ops.console.lists import dates
from ops.console.lists.people import OtherParticipant, Participant
from ops.console.lists.unopened import withhold
from ops.console.lists.words import covered, first_words
from ops.console.readonly import LeadsElsewhere, ReadOnlyInline, ReadOnlyPermissions
from ops.console.searching.asked import Search
from ops.console.thread import clock
from ops.console.thread.around import Context, context_of, single_row
from ops.console.thread.covering import cover, warnings_on
from ops.console.thread.moving import MovesWithinList
from ops.console.thread.page import ConversationPage, page_of
from ops.console.thread.panel import shown_sections
from ops.console.thread.rows import Row
from ops.events import ConsoleEvent
from ops.exports.admin import ExportedList
from ops.exports.models import Export
from ops.imports.filters import KindOfEdit, OfImport
from ops.searching.best import BEST, RankedChangeList
from ops.searching.found import found_texts, shown_of, texts_of, texts_of_messages, with_texts
from ops.searching.jumping import texts
from ops.searching.lists import SearchedAdmin
from ops.searching.similar import FindsSimilar

for model in (Conversation, Message, MessageHistory, Notification):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

site: Any = admin.site
site.login_form, site.password_change_view = StaffSignInForm, OwnPasswordView
site.record_jump, site.find_texts = record_jump, texts

# Besides the two who began a conversation: a row of the list folds more of them, and leaves out the rest.
FEW_OTHERS, MOST_NAMED = 2, 100


def _place(message_id: int, words: str) -> str:
    """The part of a thread with this message, in which ``words`` are marked, as a query string."""
    return f"message={message_id}&{urlencode({'find': words})}"


def _sees_histories(request: HttpRequest) -> bool:
    """Whether the user's role shows older texts of edited messages; if not, differences are left out too."""
    return request.user.has_perm("messaging.view_messagehistory")


def _asks_for_originals(request: HttpRequest, message: Message) -> bool:
    """Whether somebody who may asks for what moderators removed from a message; nobody reads it unasked."""
    wanted = message.redaction is not None and request.GET.get("originals") == "1"
    return wanted and request.user.has_perm("messaging.read_redacted")


def _shown(rows: Sequence[Row]) -> Shown:
    """What these rows show of messages and their older texts."""
    compared = [row.message.pk for row in rows if row.edits is not None and row.edits.shown]
    return Shown(messages=[row.message.pk for row in rows], histories=compared)


def _explain(rows: Iterable[Row], *others: tuple[int, Any]) -> None:
    """Put the reasons of corrections beside the edits of these rows, and the ``others`` (of a message's key)."""
    shown = [(row.message.pk, row.edits.shown) for row in rows if row.edits is not None]
    explain([*shown, *others], event=ConsoleEvent.MESSAGE_EDITED)


def _words_of(row: Any) -> list[Any]:
    """What a row of the list of conversations shows of messages."""
    shown = [row.match] if row.match else [row.opening, row.latest]
    return [one for one in shown if one is not None]


@admin.register(Conversation)
class ConversationAdmin(MovesWithinList, ReadOnlyPermissions, RecordedReading, ExportedList, SearchedAdmin):
    """Conversations, each shown as a thread. Reading one is recorded first, and changes no ``read`` flag."""

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

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.list_rows.all()

    @cached_property
    def list_rows(self) -> Any:
        """Made once, as those of messages. Two more queries per page, however many rows it has."""
        return Conversation.objects.for_list()

    def prepare_rows(self, rows: list[Any]) -> None:
        """With the messages ``opening`` and ``latest`` (None if it is the same), with ``people``, who began it, and the
        ``others``. ``folded`` has all names where there are too many for the row, and ``left_out`` even more. Without
        a search there is no ``match`` and no ``place``."""
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
        """With ``match``, the first message that was found, how many were, and the place in the thread to open."""
        matches = Message.objects.first_in((row.pk for row in rows), search.condition)
        found = found_texts(texts_of_messages({key for key, _ in matches.values()}), search)
        for row in rows:
            key, row.matches = matches.get(row.pk, (0, 0))
            row.match = found.get(key)
            row.place = _place(key, search.text) if row.match else ""

    def moments_found(self, changes: Any) -> Any:
        found = Message.objects.filter(changes.search.condition).order_by().values_list("timestamp", flat=True)
        return found.filter(conversation__in=changes.unsearched.values("pk")) if changes.active_filters else found

    def load_row(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return Conversation.objects.filter(pk=whole_number(object_id) or 0).first()

    def shown_on_page(self, request: HttpRequest, row: Any) -> Shown:
        """The part of the thread that the address asks for; it is loaded once for each request."""
        ask = partial(self.asked, request)
        page = page_of(row, request, ask=ask, with_edits=_sees_histories(request))
        request.conversation_page = page  # type: ignore[attr-defined]
        cover(request.user, page.thread.rows)
        _explain(page.thread.rows)
        return _shown(page.thread.rows)

    def record_besides(self, request: HttpRequest, row: Any) -> None:
        """Where words are found tells of messages in other parts of the thread too."""
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


@dataclass(frozen=True)
class MessagePage:
    """What the page of a message shows. ``edits`` is None for those whose role does not show older texts."""

    message: Message
    this_row: Row
    around: Context
    edits: Page | None
    originals: bool  # whether the edits have what moderators removed


class HistoryInline(ReadOnlyInline):
    """The earlier texts of a message, with what each edit changed."""

    model = MessageHistory
    template = "console/histories.html"
    verbose_name_plural = gettext_lazy("Edits")


@admin.register(Message)
class MessageAdmin(RecordedChanges, FindsSimilar, ExportedList, SearchedAdmin):
    """Messages. With the permission to change one, its text can be corrected; the history names the editor."""

    export_scope = Export.Scope.MESSAGES
    orders = (
        Order("newest", gettext_lazy("Newest first"), ("-timestamp", "id")),
        Order("oldest", gettext_lazy("Oldest first"), ("timestamp", "id")),
    )
    more_filters = (
        Participant, OtherParticipant, *dates.days("timestamp", gettext_lazy("sent from"), gettext_lazy("sent to")),
        filters.AnsweredMessages, filters.HiddenMessages, filters.RedactedMessages,
    )  # fmt: skip
    list_filter = (filters.UnreadMessages, filters.EditedMessages, filters.SentAt, *more_filters)
    rows_template = "console/message_rows.html"
    moment = "timestamp"
    how_many = ngettext_lazy("%(number)s message", "%(number)s messages", "n")
    more_than = gettext_lazy("More than %(number)s messages")
    empty_text = gettext_lazy(
        "No messages yet. Import some under Data › Imports, or with “manage.py import_messages FILE”."
    )
    change_form_template = "console/message.html"
    form = CorrectionForm
    fields = ("content",)
    inlines = (HistoryInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return self.list_rows.all()

    @cached_property
    def list_rows(self) -> Any:
        """Made once: that takes longer than asking for a page of them. Each request has a copy."""
        return Message.objects.for_list()

    def load_row(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return Message.objects.select_related("sender", "receiver").filter(pk=whole_number(object_id) or 0).first()

    @takes_texts(lambda request: request.user.has_perm("messaging.change_message"))
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        view = super().change_view
        try:
            return view(request, object_id, form_url, extra_context)
        except TextChanged:
            # Between reading the message and saving it. Read anew, the form finds out and shows both texts.
            request.opened_row = None  # type: ignore[attr-defined]
            return view(request, object_id, form_url, extra_context)

    def shown_on_page(self, request: HttpRequest, row: Any) -> Shown:
        """The message with what surrounds it and its edits; they are loaded once for each request."""
        # What is stored, not what a refused form holds.
        stored = self.load_row(request, str(row.pk)) if request.method == "POST" else row
        with_edits = _sees_histories(request)
        originals = with_edits and _asks_for_originals(request, stored)
        around = context_of(stored, with_edits=with_edits)
        this = [single_row(stored, below=around.ancestors, with_edits=with_edits)]
        cover(request.user, around.ancestors, this, around.replies)
        page = MessagePage(
            message=stored,
            this_row=this[0],
            around=around,
            edits=edits_page(stored, request.GET.get("edits"), originals=originals) if with_edits else None,
            originals=originals,
        )
        request.message_page = page  # type: ignore[attr-defined]
        rows = [*page.around.ancestors, page.this_row, *page.around.replies]
        _explain(rows, *([(stored.pk, page.edits.object_list)] if page.edits else []))
        shown = _shown(rows)
        older = [stored.pk] if page.edits else []
        return Shown(shown.messages, [*shown.histories, *older])

    def record_besides(self, request: HttpRequest, row: Any) -> None:
        """What moderators removed is read."""
        page = request.message_page  # type: ignore[attr-defined]
        if page.originals:
            details = {"conversation": page.message.conversation_id}
            record(ConsoleEvent.ORIGINALS_READ, actor=request.user, target=page.message, details=details)

    def get_orders(self) -> tuple[Order, ...]:
        return (*self.orders, BEST)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RankedChangeList]:
        return RankedChangeList

    def prepare_rows(self, rows: list[Any]) -> None:
        """Without a ``match`` and a ``place`` in a thread, which what a search found has."""
        for row in rows:
            row.match, row.place = None, ""

    def matching(self, rows: Any, search: Search) -> QuerySet:
        return rows.filter(search.condition)

    def narrowed(self, rows: Any, search: Any) -> QuerySet:
        return search.newest_messages(rows)

    def first_page(self, rows: Any, search: Any, *, size: int, most: int) -> FirstPage:
        return search.first_page(rows, size=size, most=most)

    def with_found(self, rows: Any, search: Search | None) -> Any:
        return with_texts(rows) if search is not None and search.text else rows

    def prepare_found(self, rows: list[Any], search: Search) -> None:
        """With ``match``, the text in which the words are, and the place in the thread to open."""
        found = found_texts(texts_of(rows), search)
        for row in rows:
            row.match = found.get(row.pk)
            row.place = _place(row.pk, search.text)

    def cover(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        found = warnings_on(request.user, [row.pk for row in rows])
        for row in rows:
            row.match, row.warning = covered(row.match, found), found.get(row.pk, "")
        withhold((row for row in rows if row.warning), mark=False)

    def shown_in_list(self, rows: Sequence[Any]) -> Shown:
        return shown_of(row.match or row for row in rows)

    def withhold(self, rows: Sequence[Any]) -> bool:
        withhold(rows)
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Redirect to the message, with a notice whether its text changed."""
        if obj.corrected:
            self.message_user(request, _("Text corrected. The previous version is kept below."), messages.SUCCESS)
        else:
            self.message_user(request, _("Nothing was changed."), messages.INFO)
        return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.corrected = "content" in form.changed_data and form.cleaned_data["content"] != form.initial["content"]
        obj.reason, obj.based_on = form.cleaned_data["reason"], form.cleaned_data["revision"]
        if obj.corrected:
            super().save_model(request, obj, form, change)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        if not obj.corrected:
            return None
        # The message, its conversation and which text it is, not what that says; the reason where it can be emptied.
        details = {"conversation": obj.conversation_id, "revision": obj.revision}
        return record(ConsoleEvent.MESSAGE_EDITED, actor=request.user, target=obj, details=details, reason=obj.reason)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        page: MessagePage = request.message_page  # type: ignore[attr-defined]
        message = page.message
        names = {"sender": message.sender.get_username(), "receiver": message.receiver.get_username()}
        title = _("Message %(number)s from %(sender)s to %(receiver)s") % {"number": message.pk, **names}
        context |= {"title": title, **{field.name: getattr(page, field.name) for field in fields(page)}}
        return super().render_change_form(request, context, *args, **kwargs)


class ArchiveAdmin(LeadsElsewhere, ReadOnlyPermissions, RecordedLists, TrailHistory, KeysetAdmin):
    """A read-only list whose rows are shown on the page of their message."""

    fragment = ""  # where on that page

    def withhold(self, rows: Sequence[Any]) -> bool:
        withhold(rows)
        return True

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return self.get_queryset(request).filter(pk=whole_number(object_id) or 0).first()

    def address_of(self, request: HttpRequest, row: Any) -> str:
        address = reverse("admin:messaging_message_change", args=[row.message_id])
        return f"{address}{self.fragment}"


@admin.register(MessageHistory)
class MessageHistoryAdmin(ArchiveAdmin):
    """The earlier texts of edited messages."""

    section = gettext_lazy("Edits")
    keyset = ("-edited_at", "id")
    list_filter = (KindOfEdit, filters.EditedAt)
    rows_template = "console/history_rows.html"
    how_many = ngettext_lazy("%(number)s history", "%(number)s histories", "n")
    more_than = gettext_lazy("More than %(number)s histories")
    empty_text = gettext_lazy("No messages have been edited yet.")
    fragment = "#edits"

    def shown_in_list(self, rows: Sequence[Any]) -> Shown:
        return Shown(histories=[row.message_id for row in rows])

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows: Any = super().get_queryset(request)
        return rows.for_list()


@admin.register(Notification)
class NotificationAdmin(ArchiveAdmin):
    """The notifications of messages that receivers were sent."""

    keyset = ("-created_at", "id")
    rows_template = "console/notification_rows.html"
    how_many = ngettext_lazy("%(number)s notification", "%(number)s notifications", "n")
    more_than = gettext_lazy("More than %(number)s notifications")
    empty_text = gettext_lazy("No notifications yet.")

    def shown_in_list(self, rows: Sequence[Any]) -> Shown:
        return Shown(messages=[row.message_id for row in rows])

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return with_beginning(
            super().get_queryset(request).select_related("user", "message__sender"), "message__content"
        )
