"""The audit events of conversations, messages and the theme.

A name is never changed or removed, because stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy


class ConsoleEvent(TextChoices):
    # The target is the object opened or changed. Details: a message's conversation; the changed fields of a theme.
    CONVERSATION_READ = "conversation.read", gettext_lazy("Read a conversation")
    MESSAGE_READ = "message.read", gettext_lazy("Read a message")
    MESSAGE_EDITED = "message.edited", gettext_lazy("Corrected a message")  # conversation (id), revision (number)
    ORIGINALS_READ = (
        "message.originals_read",
        gettext_lazy("Read what moderators removed from a message"),
    )  # conversation (id)
    THEME_CHANGED = "settings.theme_changed", gettext_lazy("Changed the theme")  # fields
