"""Each person's own time zone, chosen in the account menu: all times that they see are of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfoNotFoundError, available_timezones

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import UpdateView

from messaging.database.moments import StandingZone
from ops.accounts.models import User

CHOSEN = "Times are shown in {zone} now."


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

    time_zone = forms.TypedChoiceField(label="Time zone", required=False, empty_value=None)

    class Meta:
        model = User
        fields = ["time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["time_zone"]
        field.choices = [("", f"That of the console ({settings.TIME_ZONE})"), *((name, name) for name in zones())]


class TimeZoneView(UpdateView):
    """The page on which somebody who may sign in to the console chooses their own zone."""

    http_method_names = ["get", "head", "post", "options"]
    form_class = TimeZoneForm
    template_name = "accounts/time_zone.html"
    context_object_name = "person"  # "user" is whoever is signed in

    def get_object(self, queryset: Any = None) -> Any:
        return User.objects.get(pk=self.request.user.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {**admin.site.each_context(self.request), "title": "Time zone", **kwargs}
        return super().get_context_data(**context)

    def form_valid(self, form: forms.ModelForm) -> HttpResponse:
        person = form.save(commit=False)
        person.save(update_fields=["time_zone"])
        messages.success(self.request, CHOSEN.format(zone=person.time_zone or settings.TIME_ZONE))
        return HttpResponseRedirect(reverse("admin:time_zone"))
