"""The accounts that a user last chose for names in their files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from messaging.writing import in_batches
from ops.imports.models import SavedPerson

MOST_SAVED = 10_000  # names of one uploader that are looked up, the latest


def save(people: Mapping[str, str], *, by: Any) -> None:
    """Store which account each name stands for (Choices.people); replaces what ``by`` chose for these names before.

    Skips names for which an account is created, and names matched with an account that does not exist.
    """
    users = get_user_model()._default_manager
    for batch in in_batches([name for name, username in people.items() if username]):
        accounts = dict(users.filter(username__in={people[name] for name in batch}).values_list("username", "pk"))
        with transaction.atomic():
            SavedPerson.objects.filter(user=by, name__in=batch).delete()
            SavedPerson.objects.bulk_create(
                [
                    SavedPerson(user=by, name=name, account_id=accounts[people[name]])
                    for name in batch
                    if people[name] in accounts
                ],
                ignore_conflicts=True,
            )


def saved(*, by: Any) -> dict[str, str]:
    """Return the names that ``by`` matched, each with the username of the account; {} for the command."""
    if by is None:
        return {}
    chosen = SavedPerson.objects.filter(user=by).order_by("-pk")
    return dict(chosen.values_list("name", "account__username")[:MOST_SAVED])
