"""What the audit trail records of users.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices


class AccountEvent(TextChoices):
    # The target is the account.
    PERSON_READ = "person.read", "Read a person's account"
    PASSWORD_CONFIRMED = "session.confirmed", "Confirmed their password"  # on the page that asks for it
