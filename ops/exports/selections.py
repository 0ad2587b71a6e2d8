"""Which messages somebody chose: the rows of a list that they ticked, or all that its search and filters let through.

A list is kept as its query string, never as ids, and read again as the list reads it: through the same ModelAdmin, for
the same person, so that it means what they saw. What they may see is asked each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, IGNORED_PARAMS
from django.contrib.messages import MessageFailure
from django.db.models import Max, Model, QuerySet
from django.http import HttpRequest, QueryDict

from messaging.models import Conversation, Message, MessageHistory
from ops.exports.models import Export

MODELS: dict[str, Any] = {Export.Scope.MESSAGES: Message, Export.Scope.CONVERSATIONS: Conversation}
NO_FILTERS = {*IGNORED_PARAMS, ERROR_FLAG}  # what else stands in the address of a list
PERMISSION = "exports.export_messages"
NOT_ALLOWED = "You may not export this (any more): ask whoever looks after roles."
NOT_UNDERSTOOD = "A filter in that address was not understood: go back to the list and choose again."


class Refused(Exception):
    """This cannot be exported; the text is the sentence for people."""


@dataclass(frozen=True)
class Narrowing:
    """What narrows a list: its search and its filters, by name and in words, and the rows that they leave."""

    rows: QuerySet
    terms: str = ""
    filters: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


def may_export(user: Any, scope: str) -> bool:
    """Whether somebody may export what the list of this scope shows them: exporting is a permission of its own."""
    if user is None or not (user.is_active and user.is_staff and user.has_perm(PERMISSION)):
        return False
    if scope == Export.Scope.PERSON:
        return user.has_perm("accounts.view_user")
    return admin.site.get_model_admin(MODELS[scope]).has_view_permission(_request(user, ""))


def narrowed(scope: str, query: str, *, by: Any, as_of: Any) -> Narrowing:
    """The list of this scope as ``by`` sees it with this query string; "past 7 days" counts back from ``as_of``.

    Raises Refused where they may not see it, or where a filter or what is searched means nothing.
    """
    if not may_export(by, scope):
        raise Refused(NOT_ALLOWED)
    request = _request(by, query)
    request.as_of = as_of
    try:
        changes: Any = admin.site.get_model_admin(MODELS[scope]).get_changelist_instance(request)
    except (IncorrectLookupParameters, DisallowedModelAdminLookup, MessageFailure):
        # The last of them: the list would show all and say that it did not understand what is searched.
        raise Refused(NOT_UNDERSTOOD) from None
    chosen = {spec.title: spec for spec in changes.filter_specs if spec.used_parameters}
    active = {filter["title"]: filter["value"] for filter in changes.active_filters}
    filters = {chosen[title].parameter_name: chosen[title].value() for title in active}
    # The list leaves out a filter whose value means nothing: nobody shall take out everything by a mistyped address.
    if any(value and name not in filters and name not in NO_FILTERS for name, value in request.GET.items()):
        raise Refused(NOT_UNDERSTOOD)
    words = [f"{title.capitalize()}: {value}" for title, value in active.items()]
    return Narrowing(
        rows=changes.queryset.order_by().select_related(None).prefetch_related(None),
        terms=changes.query,
        filters=filters,
        words=[f"Matching “{changes.query}”", *words] if changes.query else words,
    )


def messages_of(export: Export) -> QuerySet:
    """The messages of an export, as they are now. Raises Refused."""
    if export.scope == Export.Scope.PERSON:
        raise ValueError("One person's data is not one list of messages: see person.py.")
    ids = export.selection.get("ids")
    if ids is None:
        rows = narrowed(export.scope, export.selection["query"], by=export.by, as_of=export.created_at).rows
    elif may_export(export.by, export.scope):
        rows = MODELS[export.scope].objects.filter(pk__in=ids)
    else:
        raise Refused(NOT_ALLOWED)
    return within(rows, export)


def within(rows: QuerySet, export: Export) -> QuerySet:
    """The messages of an export whose list or choice leaves these ``rows``: up to the newest one of its time."""
    everything = not rows.query.where
    if export.scope == Export.Scope.CONVERSATIONS:
        chosen: Any = {} if everything else {"conversation__in": rows.values("pk")}
    elif export.whole_threads and not everything:
        chosen = {"conversation__in": rows.values("conversation")}
    else:
        return rows.filter(pk__lte=export.up_to)
    return Message.objects.filter(**chosen, pk__lte=export.up_to)


def histories_of(export: Export, messages: QuerySet) -> QuerySet:
    """The older texts of these messages of an export."""
    if len(messages.query.where.children) == 1:  # nothing but ``up_to`` narrows them
        return MessageHistory.objects.filter(message_id__lte=export.up_to)
    return MessageHistory.objects.filter(message__in=messages.order_by().values("pk"))


def author(export: Export) -> str:
    """The username of whoever exports; "" where the account is gone."""
    return export.by.get_username() if export.by else ""


def newest(model: type[Model]) -> int:
    """The highest primary key that is stored: what comes later is not exported."""
    return model._default_manager.aggregate(newest=Max("pk"))["newest"] or 0


def _request(user: Any, query: str) -> Any:
    """A request for a list with this query string, as this person would make it."""
    request = HttpRequest()
    request.method = "GET"
    request.GET = QueryDict(query)
    request.user = user
    return request
