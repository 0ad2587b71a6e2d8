"""Filling the column that names are sorted by, for the migrations that add it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from ops.accounts.names.sorting import sort_key

BATCH = 2_000


def fill_keys(apps: Any, schema_editor: Any) -> None:
    """Set the key of every name that has none. May be broken off and repeated.

    Each batch is a transaction of its own, so that nobody who signs in waits for long, and begins after the last: no
    index finds the rows that are empty.
    """
    using = schema_editor.connection.alias
    users = apps.get_model("accounts", "User")._base_manager.using(using)
    unfilled = rest = users.filter(name_key=None).order_by("pk").only("username")
    while True:
        with transaction.atomic(using=using):
            batch = list(rest.select_for_update()[:BATCH])  # locked, so that nobody is renamed meanwhile
            if not batch:
                return
            for user in batch:
                user.name_key = sort_key(user.username)
            users.bulk_update(batch, ["name_key"])
        rest = unfilled.filter(pk__gt=batch[-1].pk)
