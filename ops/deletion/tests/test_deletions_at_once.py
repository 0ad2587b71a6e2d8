"""Two superusers request each other's deletion simultaneously: one of them stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection  # noqa: F401 - needs_row_locks asks it

from messaging.tests.cast import make_user
from messaging.tests.concurrency import needs_row_locks, run_overlapping
from ops.accounts.models import User
from ops.deletion.requests import DeletionRefused
from ops.deletion.tests.deleting import ask

pytestmark = needs_row_locks


def test_concurrent_requests_keep_one_superuser(transactional_db: Any) -> None:
    rosa, root = (make_user(name, is_staff=True, is_superuser=True) for name in ("rosa", "root"))
    with pytest.raises(DeletionRefused, match=r"This is the last active superuser"):
        run_overlapping(lambda: ask(root, by=rosa), lambda: ask(rosa, by=root))
    assert list(User.objects.filter(is_active=True)) == [rosa]
