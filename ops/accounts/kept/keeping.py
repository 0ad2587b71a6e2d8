"""Keeping the form that somebody sends after their session or confirmation has ended, until they are back."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse, RawPostDataException, UnreadablePostError
from django.middleware.csrf import CsrfViewMiddleware
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from ops.accounts.kept import storing
from ops.accounts.kept.storing import Fields, Sent
from ops.accounts.models import User

MARKS = "kept_forms"  # in the session of their owner: key, page and address of each kept form
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
MOST_CHARACTERS = 1_000_000  # of all names and values together
MOST_VALUES = 1_000
SECRET = re.compile(r"passw|passphrase|secret|token|csrf", re.IGNORECASE)  # names of fields that are never kept
# URL names of forms that hold only a password, or that make no sense when filled in again.
NOT_KEPT = {"login", "logout", "confirm", "session", "offered_time_zone", "password_change", "kept_forms", "draft"}


def _nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class _Check(CsrfViewMiddleware):
    """Django's CSRF check, which returns the reason of a refusal instead of an error page."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def keep(request: HttpRequest, account: Any, page: str) -> bool:
    """Keep the form that ``request`` sends, for the account with this key; return whether it was kept.

    ``page`` is the address of the page with the form. Only forms of our own pages are kept, so that another site cannot
    plant text. Skips files, passwords and tokens, anything larger than a form, and closed accounts.
    """
    if not _is_form(request):
        return False
    fields = _fields(request)
    if not any(value.strip() for values in fields.values() for value in values):
        return False
    with transaction.atomic():
        user: Any = User.objects.select_for_update().filter(pk=account, is_active=True).first()
        if user is None:
            return False
        allowed = storing.what_may(user)
        storing.store(Sent(str(user.pk), request.get_full_path(), page, fields, allowed))
    return True


def remember(request: HttpRequest, user: Any) -> None:
    """Mark the forms kept for ``user``, who is back, in the session, so that their pages are filled in; notify them."""
    kept = storing.kept_for(user)
    request.session.pop(MARKS, None)
    if kept:
        request.session[MARKS] = [[str(one.id), one.sent.page, one.sent.address] for one in kept]
        text = render_to_string("accounts/kept/notice.html", {"until": kept[0].until})
        messages.info(request, text, fail_silently=True)  # tests and commands sign in without messages


def page_before(request: HttpRequest) -> str:
    """Return the page that a form was sent from if it is ours, else "". The form's own address need not be a page."""
    referer = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        return ""
    page = urlsplit(referer)
    if page.path.startswith("//"):  # as a link, it would lead to another site
        return ""
    return f"{page.path}?{page.query}" if page.query else page.path


def _is_form(request: HttpRequest) -> bool:
    if request.method != "POST" or request.content_type not in FORMS or is_by_script(request):
        return False
    with suppress(Resolver404):
        return resolve(request.path_info).url_name not in NOT_KEPT
    return False


def is_by_script(request: HttpRequest) -> bool:
    """Return whether a script, not a person or htmx, sends this, such as a heartbeat."""
    # Kept, its requests would displace forms that people send.
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    return mode != "navigate" and "HX-Request" not in request.headers


def _fields(request: HttpRequest) -> Fields:
    """Return the values by field name; {} if no form of ours sent them, or if they are too many or unreadable."""
    try:
        if _Check(_nothing).process_view(request, _nothing, (), {}) is not None:
            return {}
        sent = {name: request.POST.getlist(name) for name in request.POST if not SECRET.search(name)}
    except (SuspiciousOperation, BadRequest, UnreadablePostError, RawPostDataException):
        return {}
    characters = sum(len(name) + sum(map(len, values)) for name, values in sent.items())
    if characters > MOST_CHARACTERS or sum(map(len, sent.values())) > MOST_VALUES:
        return {}
    return sent
