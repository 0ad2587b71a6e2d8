"""Filters of the lists: choices with fixed names in the address, each a word of the QuerySet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from messaging.models import Message
from ops.console.addresses import whole_number


class YesNoFilter(admin.SimpleListFilter):
    """Yes, no or all; ``yes`` and ``no`` narrow a queryset."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return {"yes": self.yes, "no": self.no}.get(self.value() or "", lambda rows: rows)(queryset)

    def yes(self, rows: Any) -> QuerySet:
        raise NotImplementedError

    def no(self, rows: Any) -> QuerySet:
        raise NotImplementedError


class UnreadConversations(YesNoFilter):
    title = "unread messages"
    parameter_name = "unread"

    def yes(self, rows: Any) -> QuerySet:
        return rows & Message.unread.conversations()

    def no(self, rows: Any) -> QuerySet:
        return rows.filter(unread_count=0)


class EditedConversations(YesNoFilter):
    title = "edited messages"
    parameter_name = "edited"

    def yes(self, rows: Any) -> QuerySet:
        return rows.edited()

    def no(self, rows: Any) -> QuerySet:
        return rows.never_edited()


class UnreadMessages(YesNoFilter):
    title = "unread"
    parameter_name = "unread"

    def yes(self, rows: Any) -> QuerySet:
        return rows & Message.unread.all()

    def no(self, rows: Any) -> QuerySet:
        return rows.filter(read=True)


class EditedMessages(YesNoFilter):
    title = "edited"
    parameter_name = "edited"

    def yes(self, rows: Any) -> QuerySet:
        return rows.filter(edited=True)

    def no(self, rows: Any) -> QuerySet:
        return rows.filter(edited=False)


class AnsweredMessages(YesNoFilter):
    title = "replies"
    parameter_name = "replies"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("yes", "Has replies"), ("no", "No reply")]

    def yes(self, rows: Any) -> QuerySet:
        return rows.with_replies()

    def no(self, rows: Any) -> QuerySet:
        return rows.without_replies()


class Length(admin.SimpleListFilter):
    """How many messages a conversation has; ``LENGTHS`` are the least and most of each choice."""

    title = "length"
    parameter_name = "length"
    LENGTHS = {
        "1": ("1 message", 1, 1),
        "2-9": ("2 to 9", 2, 9),
        "10-49": ("10 to 49", 10, 49),
        "50-": ("50 and more", 50, None),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(key, words) for key, (words, _, _) in self.LENGTHS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        chosen = self.LENGTHS.get(self.value() or "")
        if chosen is None:
            return queryset
        _, least, most = chosen
        rows = queryset.filter(message_count__gte=least)
        return rows if most is None else rows.filter(message_count__lte=most)


class PresetDates(admin.SimpleListFilter):
    """Since midnight, or in the last so many days; ``field`` is the time that counts."""

    parameter_name = "since"
    field = ""
    DAYS = {"today": ("Today", 0), "7d": ("Past 7 days", 7), "30d": ("Past 30 days", 30), "365d": ("Past year", 365)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(key, words) for key, (words, _) in self.DAYS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        chosen = self.DAYS.get(self.value() or "")
        if chosen is None:
            return queryset
        now = timezone.localtime(getattr(request, "as_of", None))  # an export counts from when it was asked for
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return queryset.filter(**{f"{self.field}__gte": midnight - timedelta(days=chosen[1])})


class LastActivity(PresetDates):
    title = "last activity"
    field = "last_message_at"


class SentAt(PresetDates):
    title = "sent"
    field = "timestamp"


class Participant(admin.SimpleListFilter):
    """One person's conversations or messages; offered only where a link asks for it (a choice of thousands is none)."""

    title = "participant"
    parameter_name = "participant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        user_id = self.value()
        if user_id is None or whole_number(user_id) is None:
            return []
        person = get_user_model().objects.filter(pk=user_id).first()
        return [(user_id, person.get_username() if person else "somebody who does not exist")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.of(self.value()) if self.lookup_choices else queryset
