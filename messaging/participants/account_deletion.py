"""Deleting one's own account, in the way that the site is configured for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.module_loading import import_string

from messaging.editors import editing_as

DELETED = "Your account and its messages were deleted, and you are signed out."


def delete_account(user: Any) -> str:
    """Delete an account at its owner's request and return the sentence to show them.

    The setting MESSAGING_DELETE_ACCOUNT may name a function that replaces ``delete_immediately`` and takes and returns
    the same. Raises ValidationError, whose message is shown, if the deletion is refused.
    """
    path = getattr(settings, "MESSAGING_DELETE_ACCOUNT", None)
    return import_string(path)(user) if path else delete_immediately(user)


def delete_immediately(user: Any) -> str:
    """Delete the account with everything it sent and received; returns the sentence to show."""
    # Without an editor: what receivers of user_erased record must not name the account that is gone.
    with transaction.atomic(), editing_as(None):
        for account in get_user_model()._default_manager.select_for_update().filter(pk=user.pk):
            account.delete()
    return DELETED


def is_last_superuser(user: Any) -> bool:
    """Return whether the site would have no active superuser without this account."""
    others = get_user_model()._default_manager.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    return user.is_superuser and not others.exists()
