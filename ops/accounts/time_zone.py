"""Each person's own time zone: all times that they see are of it.

Chosen in the account menu of the console, or on a page of participants. Whoever chose none is offered the zone of their
browser, once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from zoneinfo import ZoneInfoNotFoundError, available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.generic import View

from messaging import page_cache
from messaging.database.moments import StandingZone
from ops.accounts.models import User
from ops.accounts.preferences.chosen import ConsoleChoice, OwnChoice, ParticipantChoice

UNKNOWN = gettext_lazy("That time zone is not one of those offered. Nothing was changed.")


def zones() -> list[str]:
    """The zones that are offered: those named after a place, and UTC."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))]


def zone_of(user: Any) -> StandingZone | None:
    """The zone that ``user`` chose, where they chose one that this machine knows."""
    name = getattr(user, "time_zone", "")
    try:
        return StandingZone(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


class OwnTimeMiddleware:
    """Shows all times in the zone of whoever is signed in; others get that of LocalTimeMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        zone = zone_of(request.user)
        if zone is None:
            return self.get_response(request)
        with timezone.override(zone):
            return self.get_response(request)


class TimeZoneForm(forms.ModelForm):
    """The zone of one person; empty for that of the console."""

    time_zone = forms.TypedChoiceField(label=gettext_lazy("Time zone"), required=False, empty_value=None)

    class Meta:
        model = User
        fields = ["time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["time_zone"]
        default = _("That of the console (%(zone)s)") % {"zone": settings.TIME_ZONE}
        field.choices = [("", default), *((name, name) for name in zones())]


class _OwnZone(OwnChoice):
    form_class = TimeZoneForm
    set_with_it: ClassVar[dict[str, Any]] = {"zone_asked": True}

    def chosen(self, person: User) -> str:
        return _("Times are shown in %(zone)s now.") % {"zone": person.time_zone or settings.TIME_ZONE}


class TimeZoneView(_OwnZone, ConsoleChoice):
    """The page on which somebody who may sign in to the console chooses their own zone."""

    template_name = "accounts/time_zone.html"
    address = "admin:time_zone"
    title = gettext_lazy("Time zone")


class ParticipantTimeZoneView(_OwnZone, ParticipantChoice):
    """The same in the layout of participants."""

    template_name = "accounts/time_zone_of_participant.html"
    address = "time_zone"


@method_decorator(never_cache, name="dispatch")
class OfferedZoneView(LoginRequiredMixin, View):
    """What somebody answers to the offer of their browser's zone: ``zone`` to take it, without one to refuse it.

    Either way they are not asked again. The answer is a sentence in JSON: the page stays, with what was typed on it.
    """

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        zone = request.POST.get("zone", "")
        if zone and zone not in zones():
            return JsonResponse({"sentence": str(UNKNOWN)}, status=400)
        person = User.objects.filter(pk=request.user.pk)
        if zone:
            person.update(time_zone=zone, zone_asked=True)
            sentence = _("Times are shown in %(zone)s from the next page on.") % {"zone": zone}
        else:
            person.update(zone_asked=True)
            sentence = _("Times stay in %(zone)s.") % {"zone": settings.TIME_ZONE}
        page_cache.invalidate([request.user.pk])
        return JsonResponse({"sentence": sentence})
