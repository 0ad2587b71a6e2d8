"""What the jump box finds in messaging: messages by external id, senders and receivers, and pasted addresses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from messaging.models import Conversation, Message
from ops.console.frame.jump import page_of, row
from ops.console.person import tabs
from ops.console.rooms import Found, Group


def messages(request: Any, text: str) -> Iterable[Found]:
    """Yield the pages that ``text`` refers to, as far as this user may open them."""
    user = request.user
    if user.has_perm("messaging.view_message"):
        for key in Message.objects.filter(external_id=text).values_list("pk", flat=True):
            yield Found(_("Message %(number)s") % {"number": key}, "", page_of(Message, key))
    if user.has_perm("messaging.view_conversation"):
        yield from _of_participant_address(request, text)
        # Users with this permission find people by ops.accounts.finding.
        if not user.has_perm("accounts.view_user"):
            yield from _of_person(request, text)


def who_wrote_or_received(user: Any) -> Iterable[Exists]:
    """Yield conditions for people who sent or received a message, if ``user`` may see any of these messages."""
    kinds = ("conversation", "message", "messagehistory")
    if any(user.has_perm(f"messaging.view_{kind}") for kind in kinds):
        for side in ("sender", "receiver"):
            yield Exists(Message.objects.filter(**{side: OuterRef("pk")}))


def _of_participant_address(request: Any, text: str) -> Iterable[Found]:
    """Yield the conversation whose address in the participants' inbox was pasted."""
    try:
        match = resolve(urlsplit(text).path)
    except (ValueError, Resolver404):
        return
    key = match.kwargs.get("pk")
    if match.view_name == "messaging:conversation" and row(admin.site, request, Conversation, str(key)):
        yield Found(_("Conversation %(number)s") % {"number": key}, "", page_of(Conversation, key))


def _of_person(request: Any, username: str) -> Iterable[Found]:
    """Yield the page of the person with this username, if they sent or received a message."""
    person = get_user_model()._default_manager.filter(username=username).first()
    if person is not None and Message.objects.of(person).exists():
        yield Found(username, _("person"), tabs.address_of(person.pk, user=request.user), Group.PEOPLE)
