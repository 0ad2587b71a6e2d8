"""Deleting one's own account, in the way that the site is set to."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.module_loading import import_string

from messaging.editors import editing_as

DELETED = "Your account and its messages were deleted, and you are signed out."


def delete_account(user: Any) -> str:
    """Delete an account at its owner's wish; returns the sentence that says what became of it.

    The setting MESSAGING_DELETE_ACCOUNT names a function that does it instead (``user`` → sentence), where the site
    wants more than that it is gone at once. Raises ValidationError where it is refused.
    """
    path = getattr(settings, "MESSAGING_DELETE_ACCOUNT", None)
    return import_string(path)(user) if path else delete_at_once(user)


def delete_at_once(user: Any) -> str:
    """The account goes, and with it what it sent and received."""
    # The record of a deletion must not point at the account that is gone.
    with transaction.atomic(), editing_as(None):
        for account in get_user_model()._default_manager.select_for_update().filter(pk=user.pk):
            account.delete()
    return DELETED
