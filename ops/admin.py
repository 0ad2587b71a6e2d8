"""Registers the models of messaging, and the themes, with the console's features."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, fields
from typing import Any

from admin_interface.admin import ThemeAdmin
from admin_interface.models import Theme
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.http import urlencode

import messaging.admin  # noqa: F401 - imported first, so that its registrations are replaced here
from messaging.edits import edits_page
from messaging.models import Conversation, Message, MessageHistory, Notification
from ops.accounts.models import User
from ops.accounts.names.sorting import sort_key
from ops.accounts.signing_in.forms import StaffSignInForm
from ops.accounts.signing_in.views import OwnPasswordView
from ops.audit.readings import Shown, record_jump, record_search
from ops.audit.recorded_admin import RecordedChanges, RecordedLists, RecordedReading, TrailHistory
from ops.audit.recording import record
from ops.console import filters
from ops.console.addresses import clean_search_term, whole_number
from ops.console.correction import CorrectionForm
from ops.console.declared_lists import UNKNOWN_FILTER, DeclaredListAdmin
from ops.console.keyset import KeysetAdmin, Order
from ops.console.limits.uploads import takes_texts
from ops.console.lists import dates
from ops.console.lists.people import OtherParticipant, Participant, PeopleAdmin
from ops.console.lists.words import first_words, whole_texts
from ops.console.readonly import ReadOnlyInline, ReadOnlyPermissions
from ops.console.thread import clock
from ops.console.thread.around import Context, context_of, single_row
from ops.console.thread.page import ConversationPage, list_query, page_of
from ops.console.thread.panel import shown_sections
from ops.console.thread.parts import Thread
from ops.console.thread.rows import Row
from ops.events import ConsoleEvent
from ops.exports.admin import ExportedList
from ops.exports.models import Export
from ops.imports.filters import OfImport

for model in (Theme, Conversation, Message, MessageHistory, Notification):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

site: Any = admin.site
site.login_form, site.password_change_view = StaffSignInForm, OwnPasswordView
site.record_jump = record_jump

SEARCH_HELP = "Searches names and IDs everywhere; text only in the newest 50,000 messages."

# Besides the two who began a conversation: a row of the list folds more of them, and leaves out the rest.
FEW_OTHERS, MOST_NAMED = 2, 100
WAYS = {"previous": "first", "next": "last"}  # through a list, each with where it ends


class SearchedAdmin(RecordedLists, PeopleAdmin):
    """A list searched by its QuerySet's ``matching()``, and filtered by people; what it shows is recorded."""

    autocomplete_search = False  # message texts are searched in the lists only
    search_fields = ("content",)  # shows the search box; matching() does the search
    search_help_text = SEARCH_HELP
    search_scope = "in the newest 50,000 messages"
    search_limit = "Older messages were not searched."

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        text = clean_search_term(search_term)
        return (queryset.matching(text) if text else queryset), False

    def people_named(self, request: HttpRequest, text: str) -> Any:
        return _findable(request).beginning_with(text)

    def person_named(self, request: HttpRequest, text: str) -> User | None:
        return _findable(request).named(text)


def _findable(request: HttpRequest) -> Any:
    """Whoever may not see users finds people who wrote or received something: the lists show those."""
    return User.objects.all() if request.user.has_perm("accounts.view_user") else User.objects.with_messages()


def _place(message_id: int, words: str) -> str:
    """The part of a thread with this message, in which ``words`` are marked, as a query string."""
    return f"message={message_id}&{urlencode({'find': words})}"


def _sees_histories(request: HttpRequest) -> bool:
    """Whether the user's role shows older texts of edited messages; if not, differences are left out too."""
    return request.user.has_perm("messaging.view_messagehistory")


def _shown(rows: Sequence[Row]) -> Shown:
    """What these rows show of messages and their older texts."""
    compared = [row.message.pk for row in rows if row.edits is not None and row.edits.shown]
    return Shown(messages=[row.message.pk for row in rows], histories=compared)


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyPermissions, RecordedReading, ExportedList, SearchedAdmin):
    """Conversations, each shown as a thread. Reading one is recorded first, and changes no ``read`` flag."""

    export_scope = Export.Scope.CONVERSATIONS
    orders = (
        Order("latest", "Latest first", ("-last_message_at", "id")),
        Order("oldest", "Oldest first", ("last_message_at", "id")),
        Order("longest", "Most messages", ("-message_count", "id")),
    )
    more_filters = (Participant, OtherParticipant, dates.ActiveFrom, dates.ActiveTo, filters.Length, OfImport)
    list_filter = (filters.UnreadConversations, filters.EditedConversations, filters.LastActivity, *more_filters)
    rows_template = "console/conversation_rows.html"
    empty_text = "No conversations yet. Import some under Data › Imports, or with “manage.py import_messages FILE”."
    change_form_template = "console/conversation.html"
    fields = ("started_at",)

    def get_queryset(self, request: HttpRequest) -> Any:
        # Two more queries per page, however many rows it has.
        rows: Any = super().get_queryset(request)
        return rows.for_list()

    def prepare_rows(self, rows: list[Any]) -> None:
        """With the messages ``opening`` and ``latest`` (None if it is the same), with ``people``, who began it, and the
        ``others``. ``folded`` has all names where there are too many for the row, and ``left_out`` even more."""
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

    def prepare_found(self, rows: list[Any], words: str) -> None:
        """With ``match``, the first message that has the words, how many do, and the place in the thread to open."""
        matches = Message.objects.first_matches((row.pk for row in rows), words)
        found = whole_texts({key for key, _ in matches.values()})
        for row in rows:
            key, row.matches = matches.get(row.pk, (0, 0))
            row.match = found.get(key)
            row.place = _place(key, words) if row.match else ""

    def load_row(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return Conversation.objects.filter(pk=whole_number(object_id) or 0).first()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        position, way = request.GET.get("position", ""), request.GET.get("go", "")
        if position or way in WAYS:
            conversation = self.get_object(request, object_id)
            if conversation is not None and self.has_view_permission(request, conversation):
                if position:
                    return self._redirect_to_position(request, conversation, position)
                return self._redirect_to_neighbour(request, conversation, way)
        return super().change_view(request, object_id, form_url, extra_context)

    def shown_on_page(self, request: HttpRequest, row: Any) -> Shown:
        """The part of the thread that the address asks for; it is loaded once for each request."""
        page = page_of(row, request, with_edits=_sees_histories(request))
        request.conversation_page = page  # type: ignore[attr-defined]
        if page.find:
            # Where words are found tells of messages in other parts too.
            where = {"conversation": row.pk}
            record_search(Message, actor=request.user, terms=page.find, filters=where, results=len(page.found))
        return _shown(page.thread.rows)

    def shown_in_list(self, rows: Sequence[Any]) -> Shown:
        found = {row.pk: getattr(row, "match", None) for row in rows}
        shown = [one for row in rows for one in ([found[row.pk]] if found[row.pk] else [row.opening, row.latest])]
        return Shown(messages={message.pk for message in shown if message is not None})

    def _redirect_to_position(self, request: HttpRequest, conversation: Any, position: str) -> HttpResponse:
        """Redirect to the message at ``position`` in reading order, or to the start with a warning if there is none."""
        number = whole_number(position) or 0
        thread = Thread(conversation.pk, position=number)
        if not 1 <= number <= thread.total:
            messages.warning(request, f"There is no message {position}: this thread has messages 1 to {thread.total}.")
            return self._redirect_within_list(request, conversation)
        return self._redirect_within_list(request, conversation, message=thread.marked_id)

    def _redirect_within_list(
        self, request: HttpRequest, conversation: Any, message: int | None = None
    ) -> HttpResponse:
        """Redirect to a conversation, or to a message in it, and keep the list from which this one was opened."""
        address = reverse("admin:messaging_conversation_change", args=[conversation.pk])
        query = filter(None, [f"message={message}" if message else "", self.get_preserved_filters(request)])
        place = f"#m{message}" if message else ""
        return HttpResponseRedirect("?".join(filter(None, [address, "&".join(query)])) + place)

    def _redirect_to_neighbour(self, request: HttpRequest, conversation: Any, way: str) -> HttpResponse:
        """Redirect to the next or previous conversation of the list from which this one was opened."""
        listed = copy(request)
        listed.GET = QueryDict(list_query(request))
        try:
            changes: Any = self.get_changelist_instance(listed)
        except IncorrectLookupParameters:
            messages.warning(request, UNKNOWN_FILTER)
            return HttpResponseRedirect(request.path)
        # Where it leads tells what the search or filters found.
        self.record_narrowing(request, changes)
        neighbour = changes.neighbour(conversation, forwards=way == "next")
        if neighbour is None:
            messages.info(request, f"This is the {WAYS[way]} conversation of the list.")
        return self._redirect_within_list(request, neighbour or conversation)

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


class HistoryInline(ReadOnlyInline):
    """The earlier texts of a message, with what each edit changed."""

    model = MessageHistory
    template = "console/histories.html"
    verbose_name_plural = "Edits"


@admin.register(Message)
class MessageAdmin(RecordedChanges, RecordedReading, ExportedList, SearchedAdmin):
    """Messages. With the permission to change one, its text can be corrected; the history names the editor."""

    export_scope = Export.Scope.MESSAGES
    orders = (
        Order("newest", "Newest first", ("-timestamp", "id")),
        Order("oldest", "Oldest first", ("timestamp", "id")),
    )
    more_filters = (
        Participant, OtherParticipant, dates.SentFrom, dates.SentTo, filters.AnsweredMessages, filters.HiddenMessages,
    )  # fmt: skip
    list_filter = (filters.UnreadMessages, filters.EditedMessages, filters.SentAt, *more_filters)
    rows_template = "console/message_rows.html"
    empty_text = "No messages yet. Import some under Data › Imports, or with “manage.py import_messages FILE”."
    change_form_template = "console/message.html"
    form = CorrectionForm
    fields = ("content",)
    inlines = (HistoryInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows: Any = super().get_queryset(request)
        return rows.for_list()

    def load_row(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return Message.objects.select_related("sender", "receiver").filter(pk=whole_number(object_id) or 0).first()

    @takes_texts(lambda request: request.user.has_perm("messaging.change_message"))
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().change_view(request, object_id, form_url, extra_context)

    def shown_on_page(self, request: HttpRequest, row: Any) -> Shown:
        """The message with what surrounds it and its edits; they are loaded once for each request."""
        # What is stored, not what a refused form holds.
        stored = self.load_row(request, str(row.pk)) if request.method == "POST" else row
        with_edits = _sees_histories(request)
        around = context_of(stored, with_edits=with_edits)
        page = MessagePage(
            message=stored,
            this_row=single_row(stored, below=around.ancestors, with_edits=with_edits),
            around=around,
            edits=edits_page(stored, request.GET.get("edits")) if with_edits else None,
        )
        request.message_page = page  # type: ignore[attr-defined]
        shown = _shown([*page.around.ancestors, page.this_row, *page.around.replies])
        older = [stored.pk] if page.edits else []
        return Shown(shown.messages, [*shown.histories, *older])

    def prepare_found(self, rows: list[Any], words: str) -> None:
        """With the place in the thread to open."""
        for row in rows:
            row.place = _place(row.pk, words)

    def shown_in_list(self, rows: Sequence[Any]) -> Shown:
        return Shown(messages=[row.pk for row in rows])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Redirect to the message, with a notice whether its text changed."""
        if obj.corrected:
            self.message_user(request, "Text corrected. The previous version is kept below.", messages.SUCCESS)
        else:
            self.message_user(request, "Nothing was changed.", messages.INFO)
        return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.corrected = "content" in form.changed_data and form.cleaned_data["content"] != form.initial["content"]
        if obj.corrected:
            super().save_model(request, obj, form, change)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        if not obj.corrected:
            return None
        # The message and its conversation, not its text.
        details = {"conversation": obj.conversation_id}
        return record(ConsoleEvent.MESSAGE_EDITED, actor=request.user, target=obj, details=details)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        page: MessagePage = request.message_page  # type: ignore[attr-defined]
        message = page.message
        title = f"Message {message.pk} from {message.sender.get_username()} to {message.receiver.get_username()}"
        context |= {"title": title, **{field.name: getattr(page, field.name) for field in fields(page)}}
        return super().render_change_form(request, context, *args, **kwargs)


class ArchiveAdmin(ReadOnlyPermissions, RecordedLists, TrailHistory, KeysetAdmin):
    """A read-only list whose rows are shown on the page of their message."""

    fragment = ""  # where on that page

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return self.get_queryset(request).filter(pk=whole_number(object_id) or 0).first()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            return super().change_view(request, object_id, form_url, extra_context)
        address = reverse("admin:messaging_message_change", args=[row.message_id])
        return HttpResponseRedirect(f"{address}{self.fragment}")


@admin.register(MessageHistory)
class MessageHistoryAdmin(ArchiveAdmin):
    """The earlier texts of edited messages."""

    section = "Edits"
    keyset = ("-edited_at", "id")
    list_filter = (filters.KindOfEdit, filters.EditedAt)
    rows_template = "console/history_rows.html"
    empty_text = "No messages have been edited yet."
    fragment = "#edits"

    def shown_in_list(self, rows: Sequence[Any]) -> Shown:
        return Shown(histories=[row.message_id for row in rows])

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("message__sender", "message__receiver", "edited_by")


@admin.register(Notification)
class NotificationAdmin(ArchiveAdmin):
    """The notifications of messages that receivers were sent."""

    keyset = ("-created_at", "id")
    rows_template = "console/notification_rows.html"
    empty_text = "No notifications yet."

    def shown_in_list(self, rows: Sequence[Any]) -> Shown:
        return Shown(messages=[row.message_id for row in rows])

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("user", "message__sender")


@admin.register(Theme)
class ConsoleThemeAdmin(RecordedChanges, DeclaredListAdmin, ThemeAdmin):
    """Themes. A theme is activated on its page, because the checkboxes in the list have no accessible names."""

    list_editable = ()
    show_full_result_count = False
    change_event: str = ConsoleEvent.THEME_CHANGED
