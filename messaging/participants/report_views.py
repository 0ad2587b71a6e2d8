"""The participants' views for reports: reporting a message, the list of one's own reports, and withdrawing one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from messaging import page_cache
from messaging.models import Message
from messaging.participants.forms import ReportForm, form_data, require_form_methods
from messaging.participants.pages import redirect_to_message
from messaging.participants.reporting import HIDDEN_ALREADY, NoSuchReport, Reporting, ReportRefused, reporting

RECEIVED = gettext_lazy("Your report was received. Moderators will look at the message.")


def with_reporting(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Pass the reporting service to ``view`` as its second argument; 404 if messages cannot be reported."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        service = reporting()
        if service is None:
            raise Http404("Messages cannot be reported here.")
        return view(request, service, *args, **kwargs)

    return wrapper


@login_required
@require_form_methods
@never_cache
@with_reporting
def report(request: HttpRequest, service: Reporting, pk: int) -> HttpResponse:
    """Report a message that the user received from somebody else; 404 for any other."""
    user: Any = request.user
    received = Message.objects.filter(receiver=user).exclude(sender=user)
    message = get_object_or_404(received.select_related("sender", "receiver"), pk=pk)
    choices = service.choices()
    form = ReportForm(form_data(request), choices=choices)
    refusal = "" if choices else _("Messages cannot be reported at the moment.")
    if message.hidden:
        refusal = str(HIDDEN_ALREADY)
    if not refusal and form.is_valid():
        try:
            service.report(message, form.cleaned_data["choice"], form.cleaned_data["note"], by=user)
        except ReportRefused as error:
            form.add_error(None, str(error))
        else:
            page_cache.invalidate([user.pk])
            messages.success(request, RECEIVED)
            return redirect_to_message(user, message)
    return render(request, "messaging/report.html", {"form": form, "message": message, "refusal": refusal})


@login_required
@require_safe
@never_cache
@with_reporting
def reports(request: HttpRequest, service: Reporting) -> HttpResponse:
    """Show the user's own reports, latest first."""
    page = service.page_of(request.user, request.GET.get("page"))
    return render(request, "messaging/reports.html", {"page": page, "section": "reports"})


@login_required
@require_POST
@with_reporting
def withdraw(request: HttpRequest, service: Reporting, pk: int) -> HttpResponse:
    """Withdraw a pending report of the user's own; 404 for another person's."""
    try:
        service.withdraw(pk, by=request.user)
    except NoSuchReport as error:
        raise Http404("No report of this user has that number.") from error
    except ReportRefused as error:
        messages.error(request, str(error))
    else:
        page_cache.invalidate([request.user.pk])
        messages.success(request, _("Your report was withdrawn."))
    return redirect("messaging:reports")
