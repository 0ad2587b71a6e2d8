"""What the audit trail records of notices.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices


class NoticeEvent(TextChoices):
    # The target is the account of whoever chose.
    EMAIL_CHOSEN = "notices.email_chosen", "Chose notices by e-mail"
    EMAIL_ENDED = "notices.email_ended", "Ended notices by e-mail"
