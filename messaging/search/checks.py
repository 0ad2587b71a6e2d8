"""The check of the search index in databases with messages; run by ``manage.py check --database default``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections

from messaging.database.checks import half_applied
from messaging.search import indexing


@register(Tags.database)
def index_of_texts(databases: Collection[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Report databases with messages whose search index is incomplete."""
    found: list[CheckMessage] = []
    for using in databases or ():
        if indexing.TEXTS[0].texts not in connections[using].introspection.table_names():
            continue  # before the first migration
        if half_applied(using):
            continue  # another check reports the missing migrations first
        incomplete = [state for state in indexing.states(using) if not state.is_complete]
        hint = "Searches are right, but slow or of the newest messages only, until manage.py rebuild_search is done."
        found += [Warning(state.sentence, hint=hint, id="messaging.W001") for state in incomplete]
    return found
