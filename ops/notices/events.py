"""What the audit trail records of notices.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy


class NoticeEvent(TextChoices):
    # The target is the account of whoever chose; topic (its name) says about what.
    EMAIL_CHOSEN = "notices.email_chosen", gettext_lazy("Chose notices by e-mail")
    EMAIL_ENDED = "notices.email_ended", gettext_lazy("Ended notices by e-mail")
