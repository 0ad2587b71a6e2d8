"""Filters of the audit trail: by whom, what, about what, when, and what else the same click touched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest

from ops.audit.events import choices
from ops.audit.models import Entry
from ops.audit.screens import targets
from ops.console.addresses import whole_number
from ops.console.filters import PresetDates


class LinkedFilter(admin.SimpleListFilter):
    """A filter that only links ask for; what it cannot understand narrows nothing."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        value = (self.value() or "").replace("\x00", "")
        words = self.words(value)
        return [(value, words)] if words else []

    def words(self, value: str) -> str:
        """What ``value`` means, or "" where it means nothing."""
        raise NotImplementedError


def actor_name(key: str) -> str:
    """The username of an account, or its last one where it is gone; "" where ``key`` cannot be an account's."""
    if whole_number(key) is None:
        return ""
    account = get_user_model()._default_manager.filter(pk=key).first()
    if account is not None:
        return account.get_username()
    names = Entry.objects.by_person(key).exclude(actor_name="").order_by("-at", "-id")
    return names.values_list("actor_name", flat=True).first() or f"account {key}"


class Actor(LinkedFilter):
    """What one person did; the account may be gone."""

    title = "done by"
    parameter_name = "actor"

    def words(self, value: str) -> str:
        return actor_name(value)

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.by_person(self.value())


class About(LinkedFilter):
    """What happened to one thing, such as ``messaging.conversation:12``; the thing may be gone."""

    title = "about"
    parameter_name = "target"

    def words(self, value: str) -> str:
        target_type, _, target_id = value.partition(":")
        if not target_type or not target_id:
            return ""
        latest = Entry.objects.about(target_type, target_id).order_by("-at", "-id").first()
        return targets.called(latest or Entry(target_type=target_type, target_id=target_id))

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        target_type, _, target_id = (self.value() or "").replace("\x00", "").partition(":")
        return queryset.about(target_type, target_id)


class Action(LinkedFilter):
    """Everything that one click touched."""

    title = "same action"
    parameter_name = "action"

    def words(self, value: str) -> str:
        try:
            return str(UUID(value))[:8]
        except ValueError:
            return ""

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.filter(action=UUID(self.value()))


class What(admin.SimpleListFilter):
    """One event of the vocabulary."""

    title = "what"
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return choices()

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        known = self.value() in dict(self.lookup_choices)
        return queryset.filter(event=self.value()) if known else queryset


class When(PresetDates):
    title = "when"
    field = "at"
