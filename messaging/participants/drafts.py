"""Drafts of participants: what they typed and did not send is there again when they come back.

A place is where something is typed: ``new``, or a kind with the number of a conversation or message, such as
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

MOST = 50  # drafts of one person; the oldest make room
LONGEST = 4 * MAX_CHARACTERS  # a text that is refused because it is too long is kept, too
NEW = "new"


class Place(NamedTuple):
    """A place that was found: its key, the page on which it is, and whom what is typed there is meant for."""

    key: str
    address: str
    to: Any


def conversation(pk: int) -> str:
    """The place of the reply below a conversation."""
    return f"conversation:{pk}"


def reply(pk: int) -> str:
    """The place of the reply to one message."""
    return f"reply:{pk}"


def edit(pk: int) -> str:
    """The place of the new text of a message."""
    return f"edit:{pk}"


def find(user: Any, key: str, name: str = "") -> Place:
    """The place of that key. ``name`` is what was typed as the receiver of a new message.

    Raises Http404 where there is none, and where ``user`` can write nothing there.
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
    """The draft of ``user`` in a place, in one query; None where there is none."""
    return Draft.objects.filter(user=user, place=key).select_related("to").first()


def keep(user: Any, place: Place, content: str) -> None:
    """Keep ``content`` as the draft of ``user`` in a place, instead of an older one; nothing but white space is none.

    What is longer than LONGEST is cut. Nothing is kept of an account that was erased meanwhile.
    """
    content = normalize_line_ends(content).replace("\x00", "")[:LONGEST]
    if not content.strip():
        forget(user, place.key)
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


def forget(user: Any, key: str) -> None:
    """Remove the draft of ``user`` in a place, which was sent or discarded."""
    if Draft.objects.filter(user=user, place=key).delete()[0]:
        page_cache.invalidate([user.pk])
