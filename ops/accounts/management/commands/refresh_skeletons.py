"""``manage.py refresh_skeletons``: recomputes skeletons and sort keys of usernames after an update of Unicode data."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from messaging.writing import in_batches
from ops.accounts.models import FROM_NAME, User


class Command(BaseCommand):
    help = (
        "Recompute the skeleton, which finds look-alikes, and the sort key of each username, after an update of "
        "Python, confusable-homoglyphs or regex."
    )

    def handle(self, **options: Any) -> None:
        keys = list(User.objects.order_by("pk").values_list("pk", flat=True))
        for batch in in_batches(keys):
            users = list(User.objects.filter(pk__in=batch).only("username", *FROM_NAME))
            for user in users:
                user.set_columns_from_name()
            User.objects.bulk_update(users, FROM_NAME)
        self.stdout.write(f"Recomputed {len(keys):,} usernames.")
