from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from messaging.tests.cast import make_user
from ops.conftest import make_staff
from ops.jobs import kinds
from ops.jobs.kinds import Kind
from ops.jobs.tests import counting
from ops.jobs.tests.killing import databases

__all__ = ["databases"]


@pytest.fixture
def know(monkeypatch: Any) -> Callable[..., str]:
    """Makes a kind of job known for one test: its name, from what a Kind is made of."""

    def know(work: Any, **facts: Any) -> str:
        kind = Kind("test.kind", work, **facts)
        monkeypatch.setitem(kinds._kinds, kind.name, kind)
        return kind.name

    return know


@pytest.fixture(autouse=True)
def counting_is_known(monkeypatch: Any) -> None:
    monkeypatch.setitem(kinds._kinds, counting.NAME, counting.KIND)


@pytest.fixture
def dora(db: Any) -> Any:
    """Dora works with data: she may start the jobs of these tests."""
    return make_staff("dora", "view_group")


@pytest.fixture
def rosa(db: Any) -> Any:
    """Rosa is the superuser."""
    return make_user("rosa", is_staff=True, is_superuser=True)
