"""The ids that exports give to messages without an external id, such as ``threadward:4f1c09aa7be2:12``.

The name of this database, created once, precedes the message's number. No other database has that name, so an import
can store the ids of another database's export as ordinary external ids: they never clash with ours.
"""

from __future__ import annotations

import secrets

from django.db import DEFAULT_DB_ALIAS

from ops.imports.models import Origin

FLAG = "flag-"  # between the beginning and the number in the exported ids of reports
PREFIX = "threadward:"  # older exports, without a name, continue with the number


def prefix(using: str = DEFAULT_DB_ALIAS) -> str:
    """Return the part before the number in the ids of this database."""
    origin, _ = Origin.objects.using(using).get_or_create(pk=1, defaults={"name": secrets.token_hex(6)})
    return f"{PREFIX}{origin.name}:"
