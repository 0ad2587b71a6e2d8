"""Each person's own time zone, in which they see all times.

People choose it in the console's account menu, or on a page for participants. A person who chose none is offered their
browser's zone, once.
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
from messaging.database.moments import SafeZone
from ops.accounts.models import User
from ops.accounts.preferences.chosen import ConsoleChoice, OwnChoice, ParticipantChoice

UNKNOWN = gettext_lazy("That time zone is not one of those offered. Nothing was changed.")


def zones() -> list[str]:
    """Return the zones that are offered: UTC, and those named after a place."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))]


def zone_of(user: Any) -> SafeZone | None:
    """Return the zone that ``user`` chose; None without a choice, or if this machine lacks that zone."""
    name = getattr(user, "time_zone", "")
    try:
        return SafeZone(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


class OwnTimeMiddleware:
    """Shows all times in the zone that the signed-in user chose; otherwise LocalTimeMiddleware's zone applies."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        zone = zone_of(request.user)
        if zone is None:
            return self.get_response(request)
        with timezone.override(zone):
            return self.get_response(request)


class TimeZoneForm(forms.ModelForm):
    """The zone of one person; empty for the console's zone."""

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
    """The console's page on which staff choose their own zone."""

    template_name = "accounts/time_zone.html"
    address = "admin:time_zone"
    title = gettext_lazy("Time zone")


class ParticipantTimeZoneView(_OwnZone, ParticipantChoice):
    """The same page in the participants' layout."""

    template_name = "accounts/time_zone_of_participant.html"
    address = "time_zone"


@method_decorator(never_cache, name="dispatch")
class OfferedZoneView(LoginRequiredMixin, View):
    """Stores the answer to the offer of the browser's zone: ``zone`` accepts it, an empty ``zone`` declines it.

    Either way the person is not asked again. Responds with a sentence in JSON, so that the page stays, with any text
    typed on it.
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
