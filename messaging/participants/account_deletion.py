"""Deletion of one's own account, and the password check before it, by functions that the settings may replace."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, get_user_model
from django.db import transaction
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.editors import editing_as

DELETED = gettext_lazy("Your account and its messages were deleted, and you are signed out.")


def password_refusal(request: HttpRequest, password: str) -> str | None:
    """Return the sentence that explains why the signed-in user's password is not accepted, or None if it is.

    The site's authentication backends check it, with the request, so that they can count and refuse guesses. The
    setting MESSAGING_CONFIRM_IDENTITY may name a replacement with the same signature and more specific sentences.
    """
    path = getattr(settings, "MESSAGING_CONFIRM_IDENTITY", None)
    if path:
        return import_string(path)(request, password)
    user: Any = request.user
    found = authenticate(request, username=user.get_username(), password=password)
    return None if found is not None and found.pk == user.pk else _("Wrong password.")


def delete_account(user: Any) -> str:
    """Delete an account at its owner's request and return the sentence to show them. Raises ValidationError, with the
    message to show, if this is refused."""
    # It may name a replacement for ``delete_immediately`` with the same signature.
    path = getattr(settings, "MESSAGING_DELETE_ACCOUNT", None)
    return import_string(path)(user) if path else delete_immediately(user)


def delete_immediately(user: Any) -> str:
    """Delete the account with everything it sent and received, and return the sentence to show."""
    # Without an editor: records that receivers of user_erased make must not name the deleted account.
    with transaction.atomic(), editing_as(None):
        for account in get_user_model()._default_manager.select_for_update().filter(pk=user.pk):
            account.delete()
    return str(DELETED)


def is_last_superuser(user: Any) -> bool:
    """Return whether the site would have no active superuser without this account."""
    others = get_user_model()._default_manager.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    return user.is_superuser and not others.exists()
