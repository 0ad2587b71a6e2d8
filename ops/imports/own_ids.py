"""The ids that exports give to messages which have no external id: this database's name and the message's number.

The name, made once, keeps them apart from those of every other database: ``threadward:4f1c09aa7be2:12``. So an import
may store what another database exported, as external ids like others, and no message of ours is ever called the same.
"""

from __future__ import annotations

import secrets

from django.db import DEFAULT_DB_ALIAS

from ops.imports.models import Origin

FLAG = "flag-"  # between it and the number of a report, which exports name likewise
BEGINNING = "threadward:"  # before databases had names, the number came right after it


def beginning(using: str = DEFAULT_DB_ALIAS) -> str:
    """What comes before the number in the ids of this database."""
    origin, _ = Origin.objects.using(using).get_or_create(pk=1, defaults={"name": secrets.token_hex(6)})
    return f"{BEGINNING}{origin.name}:"
