"""The lists of older texts and of notifications, whose rows link to the page of their message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext_lazy

from messaging.texts.beginnings import with_beginning
from ops.audit.readings import Shown
from ops.audit.recorded_admin import RecordedLists, TrailHistory
from ops.console import filters
from ops.console.addresses import whole_number
from ops.console.keyset import KeysetAdmin
from ops.console.lists.unopened import withhold
from ops.console.readonly import LeadsElsewhere, ReadOnlyPermissions
from ops.imports.filters import KindOfEdit


class ArchiveAdmin(LeadsElsewhere, ReadOnlyPermissions, RecordedLists, TrailHistory, KeysetAdmin):
    """A read-only list whose rows are shown on the page of their message."""

    fragment = ""  # the part of that page to link to

    def withhold(self, rows: Sequence[Any]) -> bool:
        withhold(rows)
        return True

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return self.get_queryset(request).filter(pk=whole_number(object_id) or 0).first()

    def address_of(self, request: HttpRequest, row: Any) -> str:
        address = reverse("admin:messaging_message_change", args=[row.message_id])
        return f"{address}{self.fragment}"


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


class NotificationAdmin(ArchiveAdmin):
    """The notifications of messages, sent to their receivers."""

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
