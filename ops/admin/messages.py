"""The list of messages, and the page of one: its text, which can be corrected, its edits and its context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.contrib import messages
from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from messaging.edits import edits_page
from messaging.models import Message, MessageHistory, TextChanged
from messaging.search.engine import FirstPage
from ops.admin.threads import explain_edits, place_in_thread, sees_histories, shown_by
from ops.audit.readings import Shown
from ops.audit.recorded_admin import RecordedChanges
from ops.audit.recording import record
from ops.console import filters
from ops.console.addresses import whole_number
from ops.console.correction import CorrectionForm
from ops.console.keyset import Order
from ops.console.limits.uploads import takes_texts
from ops.console.lists import dates
from ops.console.lists.people import OtherParticipant, Participant
from ops.console.lists.unopened import withhold
from ops.console.lists.words import covered
from ops.console.readonly import ReadOnlyInline
from ops.console.searching.asked import Search
from ops.console.thread.around import Context, context_of, single_row
from ops.console.thread.covering import cover, warnings_on
from ops.console.thread.rows import Row
from ops.events import ConsoleEvent
from ops.exports.admin import ExportedList
from ops.exports.models import Export
from ops.searching.best import BEST, RankedChangeList
from ops.searching.found import found_texts, shown_of, texts_of, with_texts
from ops.searching.lists import SearchedAdmin
from ops.searching.similar import FindsSimilar


def _asks_for_originals(request: HttpRequest, message: Message) -> bool:
    """Return whether the user requests, and may read, the words that moderators removed; never shown unrequested."""
    wanted = message.redaction is not None and request.GET.get("originals") == "1"
    return wanted and request.user.has_perm("messaging.read_redacted")


@dataclass(frozen=True)
class MessagePage:
    """The content of a message's page. ``edits`` is None for users whose role does not show older texts."""

    message: Message
    this_row: Row
    around: Context
    edits: Page | None
    originals: bool  # whether the edits show the words that moderators removed


class HistoryInline(ReadOnlyInline):
    """The earlier texts of a message, with what each edit changed."""

    model = MessageHistory
    template = "console/histories.html"
    verbose_name_plural = gettext_lazy("Edits")


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
            # It changed between loading and saving. With the message loaded again, the form detects that and shows both
            # texts.
            request.opened_row = None  # type: ignore[attr-defined]
            return view(request, object_id, form_url, extra_context)

    def shown_on_page(self, request: HttpRequest, row: Any) -> Shown:
        """Return the texts of the message, its context and its edits; keeps them on the request to load them once."""
        # Reload on POST: the page shows the stored message, not the values of a refused form.
        stored = self.load_row(request, str(row.pk)) if request.method == "POST" else row
        with_edits = sees_histories(request)
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
        explain_edits(rows, *([(stored.pk, page.edits.object_list)] if page.edits else []))
        shown = shown_by(rows)
        older = [stored.pk] if page.edits else []
        return Shown(shown.messages, [*shown.histories, *older])

    def record_further(self, request: HttpRequest, row: Any) -> None:
        """Record that the words removed by moderators are read."""
        page = request.message_page  # type: ignore[attr-defined]
        if page.originals:
            details = {"conversation": page.message.conversation_id}
            record(ConsoleEvent.ORIGINALS_READ, actor=request.user, target=page.message, details=details)

    def get_orders(self) -> tuple[Order, ...]:
        return (*self.orders, BEST)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RankedChangeList]:
        return RankedChangeList

    def prepare_rows(self, rows: list[Any]) -> None:
        """Set empty ``match`` and ``place``, which only search results have."""
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
        """Set ``match``, the text that contains the words, and ``place``, the part of the thread to open."""
        found = found_texts(texts_of(rows), search)
        for row in rows:
            row.match = found.get(row.pk)
            row.place = place_in_thread(row.pk, search.text)

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
        """Redirect to the message and report whether its text changed."""
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
        # The conversation and the revision, but not the text; the reason goes where an erasure can empty it.
        details = {"conversation": obj.conversation_id, "revision": obj.revision}
        return record(ConsoleEvent.MESSAGE_EDITED, actor=request.user, target=obj, details=details, reason=obj.reason)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        page: MessagePage = request.message_page  # type: ignore[attr-defined]
        message = page.message
        names = {"sender": message.sender.get_username(), "receiver": message.receiver.get_username()}
        title = _("Message %(number)s from %(sender)s to %(receiver)s") % {"number": message.pk, **names}
        context |= {"title": title, **{field.name: getattr(page, field.name) for field in fields(page)}}
        return super().render_change_form(request, context, *args, **kwargs)
