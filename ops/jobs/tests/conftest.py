from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ops.conftest import make_staff
from ops.jobs import kinds
from ops.jobs.kinds import Kind, KindWithRollback
from ops.jobs.run import Run
from ops.jobs.tests.counting import Counting
from ops.jobs.tests.killing import databases

__all__ = ["databases"]


@pytest.fixture
def register(monkeypatch: Any) -> Callable[..., str]:
    """A function that registers a kind of job, made of functions and attributes, for one test and returns its name."""

    def register(work: Callable[[Run], Any], **given: Any) -> str:
        members = {key: staticmethod(value) if callable(value) else value for key, value in given.items()}
        base = KindWithRollback if "roll_back" in given else Kind
        kind = type("TestKind", (base,), {"name": "test.kind", "work": staticmethod(work), **members})()
        monkeypatch.setitem(kinds._registered, kind.name, kind)
        return kind.name

    return register


@pytest.fixture(autouse=True)
def counting_is_known(monkeypatch: Any) -> None:
    kind = Counting()
    monkeypatch.setitem(kinds._registered, kind.name, kind)


@pytest.fixture
def dora(db: Any) -> Any:
    """Dora works with data: she may start the jobs of these tests."""
    return make_staff("dora", "view_group")
