"""Blocking people, and the refusals to write that follow from blocks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging import page_cache
from messaging.models import Block
from messaging.writing import lock_people

# Neutral: it does not reveal who blocked whom.
BLOCKED = gettext_lazy("You cannot write to this person.")


def block(blocker: Any, blocked: Any) -> bool:
    """Block new messages from ``blocked`` to ``blocker``; return False if either account was deleted. Idempotent."""
    with transaction.atomic():
        if lock_people([blocker.pk, blocked.pk], using="default") != {blocker.pk, blocked.pk}:
            return False
        Block.objects.get_or_create(blocker=blocker, blocked=blocked)
        page_cache.invalidate([blocker.pk, blocked.pk])
    return True


def unblock(blocker: Any, username: str) -> bool:
    """Remove the block of the person with this username; return False if there is none."""
    with transaction.atomic():
        found = Block.objects.filter(blocker=blocker, **_called([username])).first()
        if found is None:
            return False
        found.delete()
        page_cache.invalidate([blocker.pk, found.blocked_id])
    return True


def blocked_among(blocker: Any, usernames: Iterable[str]) -> set[str]:
    """Return the usernames among ``usernames`` whose people ``blocker`` blocked."""
    field = f"blocked__{get_user_model().USERNAME_FIELD}"
    return set(Block.objects.filter(blocker=blocker, **_called(usernames)).values_list(field, flat=True))


def refusal(sender: Any, receiver: Any) -> str | None:
    """Return the sentence that explains why a block keeps ``sender`` from writing to ``receiver``, or None.

    With the setting BLOCKING_BOTH_WAYS, people cannot write to those they blocked either.
    """
    blocks = set(Block.objects.among([sender.pk, receiver.pk]).values_list("blocker", flat=True))
    if receiver.pk in blocks:
        return str(BLOCKED)
    if sender.pk in blocks and getattr(settings, "BLOCKING_BOTH_WAYS", False):
        return _("You blocked %(name)s. Unblock them to write to them.") % {"name": receiver.get_username()}
    return None


def _called(usernames: Iterable[str]) -> dict[str, list[str]]:
    return {f"blocked__{get_user_model().USERNAME_FIELD}__in": list(usernames)}
