"""Drafts: texts that participants typed and did not send, restored when they return to the page.

A place is the form in which a text is typed: ``new``, or a kind with the number of a conversation or message, such as
``conversation:7`` (the reply below a conversation), ``reply:12`` or ``edit:12``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from messaging import page_cache
from messaging.models import Draft, Message
from messaging.participants.forms import MAX_CHARACTERS, normalize_line_ends
from messaging.writing import lock_people

MOST = 50  # drafts of one person; beyond that, the oldest are deleted
LONGEST = 4 * MAX_CHARACTERS  # so that a text refused as too long is kept too
NEW = "new"


class Place(NamedTuple):
    """A place: its key, the address of its page, and the receiver of the text typed there (None if unknown)."""

    key: str
    address: str
    to: Any


def conversation(pk: int) -> str:
    """Return the key of the reply below a conversation."""
    return f"conversation:{pk}"


def reply(pk: int) -> str:
    """Return the key of the reply to one message."""
    return f"reply:{pk}"


def edit(pk: int) -> str:
    """Return the key of the edit of a message."""
    return f"edit:{pk}"


def find(user: Any, key: str, name: str = "") -> Place:
    """Return the place with that key. ``name`` is the username typed as the receiver of a new message.

    Raise Http404 if ``user`` has no such place.
    """
    kind, _, number = key.partition(":")
    if key == NEW:
        person = {get_user_model().USERNAME_FIELD: name}
        to = get_user_model()._default_manager.filter(**person).first() if name and "\x00" not in name else None
        return Place(key, reverse("messaging:compose"), to)
    if number.isascii() and number.isdecimal() and len(number) <= 18 and key == f"{kind}:{int(number)}":
        messages = Message.objects.of(user).select_related("sender", "receiver").order_by("-timestamp", "-id")
        narrowed = {
            "conversation": {"conversation": int(number)},
            "reply": {"pk": int(number)},
            "edit": {"pk": int(number), "sender": user},
        }
        message = messages.filter(**narrowed[kind]).first() if kind in narrowed else None
        if message is not None:
            address = reverse(f"messaging:{kind}", args=[number])
            return Place(key, address, message.receiver if message.sender_id == user.pk else message.sender)
    raise Http404("There is no such place.")


def at(user: Any, key: str) -> Draft | None:
    """Return the draft of ``user`` in a place, or None, in one query."""
    return Draft.objects.filter(user=user, place=key).select_related("to").first()


def keep(user: Any, place: Place, content: str) -> None:
    """Store ``content`` as the user's draft in a place, replacing an older one; only white space deletes the draft.

    Truncate it to LONGEST characters. Store nothing if one of the accounts was erased meanwhile.
    """
    content = normalize_line_ends(content).replace("\x00", "")[:LONGEST]
    if not content.strip():
        discard(user, place.key)
        return
    people = {user.pk, place.to.pk} if place.to is not None else {user.pk}
    with transaction.atomic():
        if lock_people(sorted(people), using="default") != people:
            return
        fields = {"content": content, "to": place.to, "saved_at": timezone.now()}
        Draft.objects.update_or_create(user=user, place=place.key, defaults=fields)
        kept = Draft.objects.filter(user=user).values_list("pk", flat=True)
        surplus = list(kept[MOST:])
        if surplus:
            Draft.objects.filter(pk__in=surplus).delete()
        page_cache.invalidate([user.pk])  # the page of a conversation shows its draft


def discard(user: Any, key: str) -> None:
    """Delete the user's draft in a place, once it was sent or discarded."""
    if Draft.objects.filter(user=user, place=key).delete()[0]:
        page_cache.invalidate([user.pk])
