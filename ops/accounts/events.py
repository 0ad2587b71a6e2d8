"""The audit events of users.

A name is never changed or removed, because stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy


class AccountEvent(TextChoices):
    # The target is the account.
    PERSON_READ = "person.read", gettext_lazy("Read a person's account")
    PASSWORD_CONFIRMED = "session.confirmed", gettext_lazy("Confirmed their password")  # on the page that asks for it
