"""A thin receiver: every account that is deleted, by any road, leaves a record without personal data."""

from __future__ import annotations

from typing import Any

from messaging.erasure import ErasureCounts, user_erased
from ops.accounts.models import AccountDeletion


def record_deletion(sender: Any, counts: ErasureCounts, using: str, **_: Any) -> None:
    AccountDeletion.objects.using(using).record(counts.as_dict())


def connect() -> None:
    """Connect the receiver; doing it twice is harmless."""
    user_erased.connect(record_deletion, dispatch_uid="accounts.record_deletion")
