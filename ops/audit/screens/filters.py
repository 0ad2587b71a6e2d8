"""Filters of the audit trail: by actor, event, target, date, action, refusal and unusual reading."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import numbered
from ops.audit.events import REFUSALS, choices
from ops.audit.models import Entry
from ops.audit.screens import targets, watching
from ops.console.filters import PresetDates
from ops.console.lists.dates import Within
from ops.console.lists.people import PersonFilter
from ops.console.person.seen import seen_by

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class LinkedFilter(admin.SimpleListFilter):
    """A filter set only by links. Its only choice is the value in the query string, if that is valid."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        value = self.value() or ""
        label = "" if "\x00" in value else self.label(value)
        return [(value, label)] if label else []

    def label(self, value: str) -> str:
        """Return what to call ``value``, or "" if it is invalid."""
        raise NotImplementedError


def findable(user: Any) -> Any:
    """Return the people whom ``user`` may find as actors: staff, and people of whom they see something anyway."""
    accounts = get_user_model()._default_manager
    return seen_by(user, accounts.all()) | accounts.filter(is_staff=True)


class ActorFilter(PersonFilter):
    """Entries of what one person did; the account may have been deleted."""

    title: StrOrPromise = gettext_lazy("user")
    parameter_name = "actor"
    typed_name = "person"

    @classmethod
    def name_of(cls, user_id: str | None, findable: QuerySet) -> str | None:
        """Return the name of a findable account, or the last name in the entries of the list; else "account 7"."""
        username = super().name_of(user_id, findable)
        if username is None or username:
            return username
        names = cls.entries_of(user_id).exclude(actor_name="").order_by("-at", "-id")
        return names.values_list("actor_name", flat=True).first() or (_("account %(number)s") % {"number": user_id})

    @classmethod
    def entries_of(cls, user_id: Any) -> Any:
        """Return the list's entries of what this person did."""
        return Entry.objects.by_person(user_id)

    def narrow(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.by_person(self.value())


class TargetFilter(LinkedFilter):
    """Entries about one object, such as ``messaging.conversation:12``, which may have been deleted."""

    title = gettext_lazy("about")
    parameter_name = "target"

    def label(self, value: str) -> str:
        target_type, _colon, target_id = value.partition(":")
        latest = Entry.objects.about(target_type, target_id).order_by("-at", "-id").first() if target_id else None
        if latest is None and not targets.is_key(target_type, target_id):
            return ""
        return targets.label(latest or Entry(target_type=target_type, target_id=target_id))

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        target_type, _colon, target_id = (self.value() or "").partition(":")
        return queryset.concerning(target_type, target_id)


class ActionFilter(LinkedFilter):
    """All entries of one action."""

    title = gettext_lazy("same action")
    parameter_name = "action"

    def label(self, value: str) -> str:
        try:
            return str(UUID(value))[:8]
        except ValueError:
            return ""

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.filter(action=UUID(self.value()))


class EventFilter(admin.SimpleListFilter):
    """Entries of one event."""

    title = gettext_lazy("what")
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, StrOrPromise]]:
        return choices()

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.filter(event=self.value()) if self.value() else queryset


class RefusedFilter(admin.SimpleListFilter):
    """Failed attempts to prove one's identity."""

    title = gettext_lazy("refused")
    parameter_name = "refused"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("yes", _("Failed sign-ins and confirmations"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.filter(event__in=REFUSALS) if self.value() else queryset


class UnusualFilter(admin.SimpleListFilter):
    """Readings by people who opened far more than others do."""

    title = gettext_lazy("reading")
    parameter_name = "reading"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        words = ngettext(
            "Unusual: %(number)s or more page opened in 24 hours",
            "Unusual: %(number)s or more pages opened in 24 hours",
            watching.MANY,
        )
        return [(watching.UNUSUAL, numbered(words, watching.MANY))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return watching.unusual(queryset) if self.value() else queryset


class DateFilter(PresetDates):
    title = gettext_lazy("when")
    field = "at"


class PeriodFilter(Within):
    title = gettext_lazy("days")
    parameter_name = "days"
    field = "at"
