"""Deleting accounts: what would go, what stands against it, and doing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q

from messaging import erasure
from messaging.editors import editing_as
from messaging.erasure import ErasureCounts
from messaging.models import Message

MOST_AT_ONCE = 100  # accounts in one request; each is erased in the request itself


class DeletionRefused(Exception):
    """Deleting an account is refused; the text says why and what to do."""


@dataclass(frozen=True)
class Plan:
    """What deleting ``user`` would remove and change (exact counts), and what stands against it, if anything."""

    user: Any
    counts: ErasureCounts
    obstacle: str | None


def obstacle(user: Any, *, by: Any) -> str | None:
    """Why ``by`` cannot delete the account of ``user``, as a sentence; None where nothing stands against it."""
    if user.pk == by.pk:
        return "This is your own account: ask a colleague to delete it."
    if user.is_superuser and not by.is_superuser:
        return "This is a superuser's account: only a superuser can delete it."
    others = get_user_model().objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        return "This is the last active superuser: make somebody else one first."
    return None


def plan(users: Iterable[Any], *, by: Any) -> list[Plan]:
    """A plan for each of ``users``, in their order; changes nothing."""
    return [Plan(user, erasure.plan(user.pk), obstacle(user, by=by)) for user in users]


def messages_of(users: Iterable[Any]) -> int:
    """How many messages any of ``users`` sent or received; one between two of them counts once."""
    users = list(users)
    return Message.objects.filter(Q(sender__in=users) | Q(receiver__in=users)).count()


def delete_accounts(users: Iterable[Any], *, by: Any) -> int:
    """Delete these accounts with all their data, all or none; returns how many.

    Raises DeletionRefused where something stands against one of them. Each deletion fires ``post_delete``, which
    erases the messages, and is recorded as made by ``by``.
    """
    with transaction.atomic(), editing_as(by):
        # Locked in the order of ids, so that two people deleting the same accounts do not wait for each other.
        keys = sorted(user.pk for user in users)
        found = list(get_user_model().objects.select_for_update().filter(pk__in=keys).order_by("pk"))
        for user in found:
            reason = obstacle(user, by=by)
            if reason:
                raise DeletionRefused(
                    f"The account of {user.get_username()} was not deleted, nor was any other. {reason}"
                )
            user.delete()
    return len(found)
