"""Exceptions for refused steps of deletions, holds and erased names."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from ops.accounts.refusals import Refused

NEEDS_SUPERUSER = gettext_lazy(
    "This account may use the console, and no superuser requested its deletion, so a superuser must approve it."
)


class DeletionRefused(Refused):
    """A step of a deletion is refused."""


class HoldRefused(Refused):
    """A hold cannot be placed or lifted."""


class NotReleased(Refused):
    """The name of an erased account cannot be released."""
