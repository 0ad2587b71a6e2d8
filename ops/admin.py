"""The one place that registers messaging's models again, with the console's features."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from admin_interface.admin import ThemeAdmin
from admin_interface.models import Theme
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property

import messaging.admin  # noqa: F401 - registers first, so that what is registered here stays
from messaging.edits import edits_page
from messaging.models import Conversation, Message, MessageHistory, Notification
from ops.accounts.signing_in.forms import StaffSignInForm
from ops.audit.recorded_admin import RecordedChanges, RecordedReading, RecordedSearches, TrailHistory
from ops.audit.recording import record
from ops.console import filters
from ops.console.addresses import searched_words, whole_number
from ops.console.correction import CorrectionForm
from ops.console.keyset import KeysetAdmin
from ops.console.readonly import ReadOnlyInline, ReadOnlyPermissions, ShownFormSet
from ops.console.thread import Row, Thread, context_of, row_alone
from ops.events import ConsoleEvent
from ops.exports.admin import ExportedList
from ops.exports.models import Export

for model in (Theme, Conversation, Message, MessageHistory, Notification):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

admin.site.login_form = StaffSignInForm

SEARCH_HELP = "People and ids in all messages; words in the newest 50,000."


class SearchedAdmin(RecordedSearches, KeysetAdmin):
    """A list whose search is its QuerySet's ``matching``, and recorded. Texts are searched in the lists only."""

    looks_up = False

    search_fields = ("content",)  # shows the search box; ``matching`` decides what is searched
    search_help_text = SEARCH_HELP

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        words = searched_words(search_term)
        return (queryset.matching(words) if words else queryset), False


class ThreadFormSet(ShownFormSet):
    """Holds the part of the thread that the address asks for."""

    part = 1
    message_id: int | None = None

    @cached_property
    def thread(self) -> Thread:
        return Thread(self.instance.pk, part=self.part, message_id=self.message_id)

    @cached_property
    def rows(self) -> list[Row]:
        return self.thread.rows()


class ThreadInline(ReadOnlyInline):
    """The thread of a conversation, one part of it at a time."""

    model = Message
    formset = ThreadFormSet
    template = "console/thread.html"
    verbose_name_plural = "Thread"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.part = whole_number(request.GET.get("part")) or 1
        formset.message_id = whole_number(request.GET.get("message"))
        return formset


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyPermissions, RecordedReading, ExportedList, SearchedAdmin):
    """Conversations, each read as a thread. Reading here changes no ``read`` flag, and is recorded first."""

    export_scope = Export.Scope.CONVERSATIONS
    keyset = ("-last_message_at", "id")
    list_filter = (
        filters.UnreadConversations,
        filters.EditedConversations,
        filters.Length,
        filters.LastActivity,
        filters.Participant,
    )
    rows_template = "console/conversation_rows.html"
    empty_words = "No conversation yet. Bring some under “Imports”, or with “manage.py import_messages FILE”."
    change_form_template = "console/conversation.html"
    fields = ("started_at",)
    inlines = (ThreadInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        # One query more for each of these two, however many rows a page has.
        rows: Any = super().get_queryset(request)
        return rows.for_list()

    def prepare_rows(self, rows: list[Any]) -> None:
        people = Message.objects.usernames_by_conversation(row.pk for row in rows)
        for row in rows:
            first = next(iter(row.root_messages), None)
            row.opening = first
            begun_by = [] if first is None else [first.sender.get_username(), first.receiver.get_username()]
            others = set(people.get(row.pk, ())) - set(begun_by)
            row.people = list(dict.fromkeys(begun_by))
            row.others = sorted(others)

    def load_row(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return Conversation.objects.with_opening_people().filter(pk=whole_number(object_id) or 0).first()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        position = request.GET.get("position", "")
        if position:
            return self._jump(request, object_id, position)
        return super().change_view(request, object_id, form_url, extra_context)

    def _jump(self, request: HttpRequest, object_id: str, position: str) -> HttpResponse:
        """To the message with that number in reading order, or with a sentence back to the thread's beginning."""
        conversation = self.get_object(request, object_id)
        if conversation is None or not self.has_view_permission(request, conversation):
            return super().change_view(request, object_id)
        number = whole_number(position) or 0
        thread = Thread(conversation.pk, position=number)
        if not 1 <= number <= thread.total:
            messages.warning(request, f"There is no message {position}: this thread has messages 1 to {thread.total}.")
            return HttpResponseRedirect(request.path)
        address = urlencode({"message": thread.marked_id})
        return HttpResponseRedirect(f"{request.path}?{address}#m{thread.marked_id}")

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        conversation = context["original"]
        begun = conversation.opening_sender is not None
        context["title"] = (
            f"Conversation of {conversation.opening_sender} with {conversation.opening_receiver}"
            if begun
            else "Empty conversation"
        )
        context["conversation"] = conversation
        return super().render_change_form(request, context, *args, **kwargs)


class HistoryInline(ReadOnlyInline):
    """The older texts of a message, with what each edit changed."""

    model = MessageHistory
    template = "console/histories.html"
    verbose_name_plural = "Edits"


@admin.register(Message)
class MessageAdmin(RecordedChanges, RecordedReading, ExportedList, SearchedAdmin):
    """Messages; whoever has the permission to change one may correct its text, and the history names them."""

    export_scope = Export.Scope.MESSAGES
    keyset = ("-timestamp", "id")
    list_filter = (
        filters.UnreadMessages,
        filters.EditedMessages,
        filters.AnsweredMessages,
        filters.SentAt,
        filters.Participant,
    )
    rows_template = "console/message_rows.html"
    empty_words = "No message yet. Bring some under “Imports”, or with “manage.py import_messages FILE”."
    change_form_template = "console/message.html"
    form = CorrectionForm
    fields = ("content",)
    inlines = (HistoryInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows: Any = super().get_queryset(request)
        return rows.for_list()

    def load_row(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return Message.objects.select_related("sender", "receiver").filter(pk=whole_number(object_id) or 0).first()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Back to the message, saying whether there was anything to correct."""
        if obj.corrected:
            self.message_user(request, "The text was corrected; the old one is kept below.", messages.SUCCESS)
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
        # Which message in which conversation, not what it says.
        details = {"conversation": obj.conversation_id}
        return record(ConsoleEvent.MESSAGE_EDITED, actor=request.user, target=obj, details=details)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        message = context["original"]
        # What is stored, not what a refused form holds.
        stored: Any = self.load_row(request, str(message.pk)) if request.method == "POST" else message
        context["title"] = "Message"
        context["message"] = stored
        context["this_row"] = row_alone(stored)
        context["edits"] = edits_page(stored, request.GET.get("edits"))
        context["around"] = context_of(stored)
        return super().render_change_form(request, context, *args, **kwargs)


class ArchiveAdmin(ReadOnlyPermissions, TrailHistory, KeysetAdmin):
    """Read-only rows; each is shown on the page of its message."""

    part_of_page = ""  # where on that page

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return self.get_queryset(request).filter(pk=whole_number(object_id) or 0).first()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            return super().change_view(request, object_id, form_url, extra_context)
        address = reverse("admin:messaging_message_change", args=[row.message_id])
        return HttpResponseRedirect(f"{address}{self.part_of_page}")


@admin.register(MessageHistory)
class MessageHistoryAdmin(ArchiveAdmin):
    """The older texts of edited messages."""

    keyset = ("-edited_at", "id")
    rows_template = "console/history_rows.html"
    empty_words = "No message was edited yet."
    part_of_page = "#edits"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("message__sender", "message__receiver", "edited_by")


@admin.register(Notification)
class NotificationAdmin(ArchiveAdmin):
    """Which messages receivers were notified of."""

    keyset = ("-created_at", "id")
    rows_template = "console/notification_rows.html"
    empty_words = "Nobody was notified yet."

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("user", "message__sender")


@admin.register(Theme)
class ConsoleThemeAdmin(RecordedChanges, ThemeAdmin):
    """Themes; which one is active is changed on its page, where the box has a name."""

    list_editable = ()
    show_full_result_count = False
    change_event: str = ConsoleEvent.THEME_CHANGED

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.before = {name: str(form.initial.get(name, "")) for name in form.changed_data}
        super().save_model(request, obj, form, change)

    def change_details(self, obj: Any, fields: list[str]) -> dict[str, Any]:
        """A theme holds nothing personal: its settings before and after."""
        return {name: {"before": before, "after": str(getattr(obj, name))} for name, before in obj.before.items()}
