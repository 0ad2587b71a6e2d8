"""The events of saved searches in the audit trail; searching itself is recorded by ops.audit.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy


class SearchEvent(TextChoices):
    # The label is the name of the search, and its words. The details: team (whether it is the team's).
    SEARCH_SAVED = "search.saved", gettext_lazy("Saved a search")
    SAVED_SEARCH_DELETED = "search.deleted", gettext_lazy("Deleted a saved search")
