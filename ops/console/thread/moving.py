"""Moving on from a conversation: to a message by its position, or to the neighbour in the list it was opened from."""

from __future__ import annotations

from copy import copy
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.models import Message
from ops.console.addresses import whole_number
from ops.console.declared_lists import UNKNOWN_FILTER
from ops.console.thread.page import HITS, LIST, list_query
from ops.console.thread.parts import Thread

# Directions in a list of conversations or messages, each with the notice at its end.
WAYS = {
    "previous": gettext_lazy("This is the first conversation of the list."),
    "next": gettext_lazy("This is the last conversation of the list."),
}
WAYS_OF_HITS = {
    "previous": gettext_lazy("This is the first message of the list."),
    "next": gettext_lazy("This is the last message of the list."),
}


class MovesWithinList(admin.ModelAdmin):
    """A mixin for the page of a conversation that redirects if the query string has a ``position``, or a direction in
    ``go`` or ``hit``.

    Used with ops.audit.recorded_admin.RecordedLists.
    """

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        position, way, hit = (request.GET.get(name, "") for name in ("position", "go", "hit"))
        if position or way in WAYS or hit in WAYS:
            conversation = self.get_object(request, object_id)
            if conversation is not None and self.has_view_permission(request, conversation):
                if position:
                    return self._redirect_to_position(request, conversation, position)
                if hit in WAYS:
                    return self._redirect_to_hit(request, conversation, hit)
                return self._redirect_to_neighbour(request, conversation, way)
        return super().change_view(request, object_id, form_url, extra_context)

    def _redirect_to_position(self, request: HttpRequest, conversation: Any, position: str) -> HttpResponse:
        """Redirect to the message at ``position`` in reading order, or to the start with a warning if none is there."""
        number = whole_number(position) or 0
        thread = Thread(conversation.pk, position=number)
        if not 1 <= number <= thread.total:
            sentence = _("There is no message %(position)s: this thread has messages 1 to %(total)s.")
            messages.warning(request, sentence % {"position": position, "total": thread.total})
            return self._redirect_within_list(request, conversation)
        return self._redirect_within_list(request, conversation, message=thread.marked_id)

    def _redirect_within_list(
        self, request: HttpRequest, conversation: Any, message: int | None = None
    ) -> HttpResponse:
        """Redirect to a conversation, or to a message in it, and keep the list from which this one was opened."""
        address = reverse("admin:messaging_conversation_change", args=[conversation.pk])
        query = filter(None, [f"message={message}" if message else "", self.get_preserved_filters(request)])
        place = f"#m{message}" if message else ""
        return HttpResponseRedirect("?".join(filter(None, [address, "&".join(query)])) + place)

    def _redirect_to_neighbour(self, request: HttpRequest, conversation: Any, way: str) -> HttpResponse:
        """Redirect to the next or previous conversation of the list from which this one was opened."""
        changes = _list_of(self, request, list_query(request))
        if changes is None:
            return HttpResponseRedirect(request.path)
        neighbour = changes.neighbour(conversation, forwards=way == "next")
        # At the end of the list, stay at the current message.
        found = None if neighbour else _message_of(request, conversation)
        if neighbour is None:
            messages.info(request, WAYS[way])
        if found is None and changes.search:
            found = changes.search.first_of(neighbour or conversation, last=way == "previous")
        if found is not None and changes.search:
            return HttpResponseRedirect(address_of_hit(found, {"find": changes.search.text, LIST: list_query(request)}))
        return self._redirect_within_list(request, neighbour or conversation)

    def _redirect_to_hit(self, request: HttpRequest, conversation: Any, way: str) -> HttpResponse:
        """Redirect to the next or previous message of the list of messages from which this one was opened."""
        query = list_query(request, HITS)
        of_messages = self.admin_site.get_model_admin(Message)
        here = _message_of(request, conversation)
        if here is None or not of_messages.has_view_permission(request):
            return HttpResponseRedirect(request.path)
        changes = _list_of(of_messages, request, query)
        if changes is None:
            return HttpResponseRedirect(request.path)
        neighbour = changes.neighbour(here, forwards=way == "next")
        if neighbour is None:
            messages.info(request, WAYS_OF_HITS[way])
        kept = {"find": changes.search.text} if changes.search and changes.search.text else {}
        return HttpResponseRedirect(address_of_hit(neighbour or here, {**kept, HITS: query}))


def _message_of(request: HttpRequest, conversation: Any) -> Message | None:
    """Return the message of this conversation that the query string names."""
    return Message.objects.filter(pk=whole_number(request.GET.get("message")) or 0, conversation=conversation).first()


def address_of_hit(message: Any, kept: dict[str, str]) -> str:
    """Return the address of a message in its conversation."""
    address = reverse("admin:messaging_conversation_change", args=[message.conversation_id])
    return f"{address}?{urlencode({'message': message.pk, **kept})}#m{message.pk}"


def _list_of(model_admin: Any, request: HttpRequest, query: str) -> Any:
    """Return the list for ``query``, recorded as a search, because the redirect reveals what it found. None, with a
    warning, if the query is not understood."""
    listed = copy(request)
    listed.GET = QueryDict(query)
    model_admin.ask_before_search(listed)
    try:
        changes = model_admin.get_changelist_instance(listed)
    except IncorrectLookupParameters:
        messages.warning(request, UNKNOWN_FILTER)
        return None
    model_admin.record_narrowing(request, changes)
    return changes
