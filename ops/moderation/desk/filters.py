"""Filters of the queue, as declared in ops.moderation.saved.parameters, and the filter for the open view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from ops.console.filters import ChoiceFilter
from ops.console.lists.dates import Within
from ops.console.lists.people import PersonFilter
from ops.moderation.models import Label
from ops.moderation.saved import parameters, queues
from ops.moderation.saved.parameters import PARAMETERS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class InView(admin.SimpleListFilter):
    """The cases of a saved view, which other filters narrow further. ``Progress`` applies the state that the view
    filters by.

    A view with a filter that is no longer offered shows no cases and a warning.
    """

    title = pgettext_lazy("filter of the queue", "view")
    parameter_name = queues.PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(str(view.pk), view.name) for view in queues.offered(request)]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        try:
            view = queues.opened(request)
            return queryset if view is None else queues.narrowed(queryset, view, request.user)
        except queues.ViewRefused as refusal:
            messages.warning(request, str(refusal))
            return queryset.none()


class Progress(admin.SimpleListFilter):
    """Filter by what is to be done with cases. The first choice is the queue itself, or the state of the open view."""

    title = PARAMETERS["state"].title
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        view = next(
            (one for one in queues.offered(request) if str(one.pk) == request.GET.get(InView.parameter_name)), None
        )
        self.of_view = view.parsed.get("state", "") if view else ""
        return [(value, str(words)) for value, words in parameters.STATES.items()]

    def choices(self, changelist: Any) -> Iterator[Any]:
        every, *others = super().choices(changelist)
        yield {**every, "display": _("As in the view") if self.of_view else _("To decide")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return parameters.of_state(queryset, self.value() or self.of_view)


class Declared(ChoiceFilter):
    """A filter declared in ``PARAMETERS``; subclasses set its name and the values on offer."""

    parameter_name: str
    offered: Mapping[str, StrOrPromise] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(value, str(words)) for value, words in self.offered.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        value = self.value()
        return PARAMETERS[self.parameter_name].narrow(queryset, value, request.user) if value else queryset


class OfLabel(Declared):
    title = PARAMETERS["label"].title
    parameter_name = "label"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return list(Label.objects.active().values_list("slug", "name"))


class OfSeverity(Declared):
    title = PARAMETERS["severity"].title
    parameter_name = "severity"
    offered = parameters.SEVERITIES


class Due(Declared):
    title = PARAMETERS["overdue"].title
    parameter_name = "overdue"
    offered = parameters.DUE


class Holder(Declared):
    title = PARAMETERS["holder"].title
    parameter_name = "holder"
    offered = parameters.HOLDERS


class Edited(Declared):
    title = PARAMETERS["edited"].title
    parameter_name = "edited"
    offered = parameters.EDITED


class Reporter(PersonFilter):
    title = PARAMETERS["reporter"].title
    parameter_name = "reporter"
    typed_name = "reported_by"

    def narrow(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return PARAMETERS[self.parameter_name].narrow(queryset, self.value() or "", request.user)


class Opened(Within):
    """Cases opened in a period, by the time of their first report."""

    title = gettext_lazy("opened")
    parameter_name = "opened"
    field = "first_flag_at"


class Reopened(Within):
    """Cases reopened in a period, by their latest reopening."""

    title = gettext_lazy("opened again")
    parameter_name = "reopened"
    field = "pending_since"

    def narrowed(self, rows: Any, first: datetime, after: datetime) -> QuerySet:
        return super().narrowed(rows, first, after).exclude(pending_since=F("first_flag_at"))
