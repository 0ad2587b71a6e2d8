"""The messages of an export: selected rows of a list, or all rows that match its search and filters.

A list is stored as its query string, not as ids. The same ModelAdmin evaluates it for the same user, so it matches what
the user saw. Permissions are checked each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.messages import MessageFailure
from django.db.models import Exists, Max, Model, OuterRef, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.models import Conversation, Message, MessageHistory
from ops.accounts.refusals import Refused
from ops.accounts.time_zone import zone_of
from ops.audit.models import ShownMessages
from ops.exports.models import Export
from ops.exports.reviews.tables import may_export_reviews

MODELS: dict[str, Any] = {Export.Scope.MESSAGES: Message, Export.Scope.CONVERSATIONS: Conversation}
PERMISSION = "exports.export_messages"
REQUESTS = "exports.request_person_export"  # people with it need a second person for each export
VIEW_ALL = "exports.view_export"  # no role has it: only superusers see everybody's exports
NOT_ALLOWED = gettext_lazy("You may not export this (any more): ask an administrator.")
NO_HISTORIES = gettext_lazy(
    "Your role does not show older texts of edited messages, so they cannot be exported: leave them out."
)
NO_REVIEWS = gettext_lazy("Your role does not export reports and decisions: leave them out.")
REMOVED = gettext_lazy("This export was removed because an account was erased. Export again if it is still needed.")
NOT_UNDERSTOOD = gettext_lazy("A filter in that address was not understood: go back to the list and choose again.")


class ExportRefused(Refused):
    """An export is refused; the message is shown to users."""


@dataclass(frozen=True)
class ListSelection:
    """The ``rows`` of a list, with its search ``terms`` and ``filters``; ``descriptions`` are both in words."""

    rows: QuerySet
    terms: str = ""
    filters: dict[str, str] = field(default_factory=dict)
    descriptions: list[str] = field(default_factory=list)


def may_export(user: Any, scope: str) -> bool:
    """Return whether a user may export, and may see the list of this scope."""
    if user is None or not (user.is_active and user.is_staff and user.has_perm(PERMISSION)):
        return False
    if scope == Export.Scope.PERSON:
        return user.has_perm("accounts.view_user") and may_export_histories(user)
    return admin.site.get_model_admin(MODELS[scope]).has_view_permission(_request(user, ""))


def may_request(user: Any) -> bool:
    """Return whether a user may export one person's data after a second person approved it."""
    return user is not None and user.is_active and user.is_staff and user.has_perm(REQUESTS)


def may_export_histories(user: Any) -> bool:
    """Return whether a user may see older texts of edited messages; if not, their exports must not contain them."""
    return user is not None and user.has_perm("messaging.view_messagehistory")


def check_export(export: Export) -> None:
    """Raise ExportRefused if the requester may not have the export (any more), or if an erasure removed it."""
    if export.removed:
        raise ExportRefused(REMOVED)
    if export.is_approved and may_request(export.by):
        return
    if not may_export(export.by, export.scope):
        raise ExportRefused(NOT_ALLOWED)
    if export.histories and not may_export_histories(export.by):
        raise ExportRefused(NO_HISTORIES)
    if export.reviews and not may_export_reviews(export.by):
        raise ExportRefused(NO_REVIEWS)


def read_list(scope: str, query: str, *, by: Any, as_of: Any) -> ListSelection:
    """Return the list of this scope as ``by`` sees it with this query string; "past 7 days" counts back from ``as_of``.

    Raises ExportRefused if they may not see it, or if the search or a filter is not valid.
    """
    if not may_export(by, scope):
        raise ExportRefused(NOT_ALLOWED)
    request = _request(by, query)
    request.as_of = as_of
    try:
        # A worker has no time zone of its own, so days are those of the user who saw the list.
        with timezone.override(zone_of(by) or timezone.get_current_timezone()):
            changes: Any = admin.site.get_model_admin(MODELS[scope]).get_changelist_instance(request)
    except (IncorrectLookupParameters, MessageFailure):
        # MessageFailure: the list shows all rows, and warns that the search was not understood.
        raise ExportRefused(NOT_UNDERSTOOD) from None
    if changes.search is not None and changes.search.fault is not None:
        raise ExportRefused(changes.search.fault.sentence)
    descriptions = [_words(active) for active in changes.active_filters]
    return ListSelection(
        rows=changes.all_rows.order_by().select_related(None).prefetch_related(None),
        terms=changes.query,
        filters=changes.understood_filters,
        descriptions=[_("Matching “%(search)s”") % {"search": changes.query}, *descriptions]
        if changes.query
        else descriptions,
    )


def _words(active: dict[str, Any]) -> str:
    """Return an active filter and its value in words."""
    return _("%(filter)s: %(value)s") % {"filter": str(active["title"]).capitalize(), "value": active["value"]}


def messages_of(export: Export) -> QuerySet:
    """Return the messages of an export as they are now. Raises ExportRefused."""
    check_export(export)
    if export.scope == Export.Scope.PERSON:
        raise ValueError("One person's data is not one list of messages: see person.py.")
    ids = export.selection.get("ids")
    if ids is None:
        rows = read_list(export.scope, export.selection["query"], by=export.by, as_of=export.created_at).rows
    else:
        rows = MODELS[export.scope].objects.filter(pk__in=ids)
    return _recorded(messages_within(rows, export), export)


def _recorded(messages: QuerySet, export: Export) -> QuerySet:
    """Return those of ``messages`` that the export's audit entry lists, since other messages may match by now.

    An export of all messages up to ``up_to`` cannot change, and is returned unfiltered.
    """
    if export.entry_id is None or len(messages.query.where.children) == 1:
        return messages
    number = OuterRef("pk")
    runs = ShownMessages.objects.filter(
        entry=export.entry_id, first__range=(number - ShownMessages.LONGEST, number), last__gte=number
    )
    return messages.filter(Exists(runs))


def messages_within(rows: QuerySet, export: Export) -> QuerySet:
    """Return the messages of an export that selected these ``rows``, up to the newest message when it was requested."""
    everything = not rows.query.where
    if export.scope == Export.Scope.CONVERSATIONS:
        chosen: Any = {} if everything else {"conversation__in": rows.values("pk")}
    elif export.whole_threads and not everything:
        chosen = {"conversation__in": rows.values("conversation")}
    else:
        return rows.filter(pk__lte=export.up_to)
    return Message.objects.filter(**chosen, pk__lte=export.up_to)


def histories_of(export: Export, messages: QuerySet) -> QuerySet:
    """Return the older texts of an export's messages."""
    if len(messages.query.where.children) == 1:  # the only condition is ``up_to``
        return MessageHistory.objects.filter(message_id__lte=export.up_to)
    return MessageHistory.objects.filter(message__in=messages.order_by().values("pk"))


def author_name(export: Export) -> str:
    """Return the exporting user's name; "" if the account was deleted."""
    return export.by.get_username() if export.by else ""


def newest_id(model: type[Model]) -> int:
    """Return the highest primary key, as the upper bound of an export."""
    return model._default_manager.aggregate(newest=Max("pk"))["newest"] or 0


def _request(user: Any, query: str) -> Any:
    """Return a GET request of this user for a list with this query string."""
    request = HttpRequest()
    request.method = "GET"
    request.GET = QueryDict(query)
    request.user = user
    return request
