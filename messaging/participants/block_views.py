"""The participants' views for blocks: the list of blocked people, blocking and unblocking."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from messaging.models import Block, Message
from messaging.participants import blocking
from messaging.participants.forms import BlockForm, form_data, require_form_methods

PAGE_SIZE = 50


@login_required
@require_form_methods
@never_cache
def blocked(request: HttpRequest) -> HttpResponse:
    """Show the people that the user blocked; a POST with a username blocks that person."""
    user: Any = request.user
    form = BlockForm(form_data(request), blocker=user)
    if form.is_valid():
        person = form.cleaned_data["person"]
        if blocking.block(user, person):
            name = person.get_username()
            messages.success(request, _("%(name)s is blocked and cannot write to you any more.") % {"name": name})
            return _back(request)
        form.add_error("person", _("This account does not exist any more."))
    rows = Block.objects.filter(blocker=user).select_related("blocked")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "messaging/blocked.html", {"form": form, "page": page})


@login_required
@require_POST
def unblock(request: HttpRequest) -> HttpResponse:
    """Unblock the person with the posted username."""
    name = request.POST.get("person", "")
    if "\x00" not in name and blocking.unblock(request.user, name):
        messages.success(request, _("%(name)s is not blocked any more.") % {"name": name})
    else:
        messages.info(request, _("Nothing was changed: this person is not blocked."))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """Redirect to the conversation with the posted number if the user takes part in it, else to the list of blocks."""
    user: Any = request.user
    number = request.POST.get("conversation", "")
    if number.isascii() and number.isdecimal() and len(number) <= 18:
        found = Message.objects.of(user).filter(conversation_id=int(number))
        if found.exists():
            return redirect("messaging:conversation", pk=int(number))
    return redirect("messaging:blocked")
