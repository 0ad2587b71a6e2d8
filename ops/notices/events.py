"""The audit events of notices.

Names must never change or disappear: stored entries keep them for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy


class NoticeEvent(TextChoices):
    # The target is the account of the person who chose; ``topic`` is the topic's name.
    EMAIL_CHOSEN = "notices.email_chosen", gettext_lazy("Chose notices by e-mail")
    EMAIL_ENDED = "notices.email_ended", gettext_lazy("Ended notices by e-mail")
