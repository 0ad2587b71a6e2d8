"""The import that a conversation came from."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from messaging.models import Conversation
from ops.console.rooms import Fact
from ops.console.thread import clock
from ops.imports.models import Import


def import_of(conversation: Conversation) -> Import | None:
    """Return the import that added ``conversation``, or None if none did."""
    # Each import reserves one range of ids, so only the import with the nearest base below can have added it.
    nearest = Import.objects.filter(conversation_base__lt=conversation.pk).order_by("-conversation_base").first()
    if nearest is None or nearest.conversation_base is None:
        return None
    return nearest if conversation.pk <= nearest.conversation_base + nearest.last_row else None


def facts(request: HttpRequest, conversation: Conversation) -> list[Fact]:
    """Return the time of a conversation's import; for users who may import, with a link to its page."""
    found = import_of(conversation)
    if found is None or found.stored_at is None:
        return []
    address = ""
    if request.user.has_perm("imports.import_messages"):
        address = reverse("admin:imports_import_change", args=[found.pk])
    return [Fact(_("Imported"), clock.day_and_time(clock.local(found.stored_at)), address)]
