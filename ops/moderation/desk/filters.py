"""Filters of the queue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from ops.console.filters import ChoiceFilter, YesNoFilter
from ops.moderation.models import Flag, Label, State


class Progress(admin.SimpleListFilter):
    """What is to be done with cases. The first choice is the queue itself: what can be decided now."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [
            ("waiting", "Waiting"),
            ("escalated", "Escalated"),
            ("pending", "All pending"),
            ("closed", "Closed"),
        ]

    def choices(self, changelist: Any) -> Iterator[Any]:
        every, *others = super().choices(changelist)
        yield {**every, "display": "To decide"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        value = self.value()
        if value == "waiting":
            return queryset.due_to_wait()
        if value == "pending":
            return queryset.pending()
        if value in (State.ESCALATED, State.CLOSED):
            return queryset.filter(state=value)
        return queryset.to_decide()


class OfLabel(ChoiceFilter):
    title = "label"
    parameter_name = "label"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return list(Label.objects.active().values_list("slug", "name"))

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if not self.value():
            return queryset
        return queryset.filter(Exists(Flag.objects.filter(case=OuterRef("pk"), label__slug=self.value())))


class Due(YesNoFilter):
    title = "due"
    parameter_name = "overdue"
    words = ("Overdue", "In time")

    def yes(self, rows: Any) -> QuerySet:
        return rows.overdue()

    def no(self, rows: Any) -> QuerySet:
        return rows.exclude(pk__in=rows.overdue().order_by().values("pk"))


class Holder(ChoiceFilter):
    title = "holder"
    parameter_name = "holder"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("me", "Me"), ("nobody", "Nobody"), ("anybody", "Somebody")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.value() == "me":
            return queryset.held_by(request.user.pk)
        if self.value() == "nobody":
            return queryset.free_of_claims()
        return queryset.claimed() if self.value() else queryset
