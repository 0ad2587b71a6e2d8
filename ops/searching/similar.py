"""The page of near-duplicates of a message, by sender, which reveals spam campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from messaging.models import Message
from messaging.search.similar import Similar, similar_to
from ops.audit.readings import Shown, record_list, record_reading
from ops.audit.reasons import gate
from ops.audit.recorded_admin import RecordedReading
from ops.console.lists.words import beginning
from ops.console.thread.covering import warnings_on

MOST = 50


@dataclass(frozen=True)
class Alike:
    """A near-duplicate: its first words, or a ``warning`` if they are covered, and its likeness in per cent."""

    message: Any
    words: str
    warning: str
    per_cent: int


def by_sender(found: list[Similar], warnings: Mapping[int, str]) -> list[tuple[str, list[Alike]]]:
    """Return the messages of each sender, those who sent most of them first."""
    groups: dict[str, list[Alike]] = {}
    for message, likeness in found:
        warning = warnings.get(message.pk, "")
        words = "" if warning else beginning(message.beginning)
        alike = Alike(message, words, warning, round(100 * likeness))
        groups.setdefault(message.sender.get_username(), []).append(alike)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))


class FindsSimilar(RecordedReading):
    """Adds the page to the admin of messages."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.similar_view)
        return [path("<path:object_id>/similar/", view, name="messaging_message_similar"), *super().get_urls()]

    @method_decorator(require_safe)
    def similar_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the near-duplicates of a message. This is a search among all messages, and recorded as one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        message = self.get_object(request, object_id)
        if message is None:
            raise Http404
        # A reason for this message does not cover others; and that there are any already reveals what they say.
        every = gate.scope_of(Message)
        if not gate.is_open(every):
            raise gate.ReasonNeeded(every)
        found = similar_to(message, most=MOST)
        warnings = warnings_on(request.user, [message.pk, *(one.message.pk for one in found)])
        if message.pk not in warnings:
            record_reading(message, actor=request.user, shown=Shown(messages={message.pk}))
        shown = Shown(messages={one.message.pk for one in found} - warnings.keys())
        filters = {"near_duplicates_of": message.pk}
        record_list(Message, actor=request.user, shown=shown, filters=filters, results=len(found))
        warning = warnings.get(message.pk, "")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Near-duplicates of message %(number)s") % {"number": message.pk},
            "opts": self.opts,
            "original": message,
            "message": message,
            "words": "" if warning else beginning(message.content),
            "warning": warning,
            "groups": by_sender(found, warnings),
            "number": len(found),
            "is_cut": len(found) == MOST,
        }
        return TemplateResponse(request, "console/similar.html", context)
