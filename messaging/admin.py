"""A plain admin for conversations and messages, and a read-only one for histories and notifications.

For sites without the staff console, which registers its own classes instead.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.models import ORIGINAL_WITHHELD, Conversation, Message, MessageHistory, Notification


class LargeTableAdmin(admin.ModelAdmin):
    """An admin for tables that are too large to be counted twice per page."""

    show_full_result_count = False
    list_per_page = 50

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list, dict, set, list]:
        """Return what Django does, but require no permission to delete histories and notifications."""
        shown, counts, needed, protected = super().get_deleted_objects(objs, request)
        # Nobody has it, because they cannot be deleted on their own; no message could be deleted either.
        deleted_along = {model._meta.verbose_name for model in (MessageHistory, Notification)}
        return shown, counts, needed - deleted_along, protected


class ReadOnlyAdmin(LargeTableAdmin):
    """An admin in which nothing can be added, changed or deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Conversation)
class ConversationAdmin(LargeTableAdmin):
    list_display = ["__str__", "started_at", "last_message_at", "message_count", "unread_count"]
    readonly_fields = ["started_at", "last_message_at", "message_count", "unread_count"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # adding a message without a parent starts a conversation


@admin.register(Message)
class MessageAdmin(LargeTableAdmin):
    list_display = [
        "__str__",
        "sender",
        "receiver",
        "first_words",
        "timestamp",
        "edited",
        "read",
        "hidden",
        "redaction",
    ]
    list_filter = ["read", "edited", "hidden"]
    list_select_related = ["sender", "receiver"]
    search_fields = ["=external_id", "=sender__username", "=receiver__username"]
    search_help_text = gettext_lazy("An external id or a username, written out.")
    raw_id_fields = ["sender", "receiver", "parent_message"]
    fields = ["sender", "receiver", "parent_message", "content", "timestamp", "read", "external_id"]

    @admin.display(description=gettext_lazy("text"))
    def first_words(self, message: Message) -> str:
        return truncatechars(message.content, 80)

    def get_readonly_fields(self, request: HttpRequest, obj: Message | None = None) -> list[str]:
        """Make the people and the parent of a stored message read-only."""
        return [] if obj is None else ["sender", "receiver", "parent_message"]


@admin.register(MessageHistory)
class MessageHistoryAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "edited_at", "edited_by"]
    list_select_related = ["edited_by"]
    fields = ["message", "text_before", "edited_at", "edited_by"]
    readonly_fields = ["text_before"]

    def get_queryset(self, request: HttpRequest) -> Any:
        rows: Any = super().get_queryset(request)
        return rows.readable()

    @admin.display(description=gettext_lazy("text before"))
    def text_before(self, history: Any) -> str:
        """Return the older text, but never an original of a removed part: this site does not record who read it."""
        return _(ORIGINAL_WITHHELD) if history.withheld else str(history.text)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "user", "message", "created_at"]
    list_select_related = ["user", "message"]
