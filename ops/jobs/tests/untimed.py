"""Work in requests has no time limit in tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps


@pytest.fixture(scope="session", autouse=True)
def work_in_requests_is_not_timed() -> Iterator[None]:
    """Let small work end with its request, however busy the machine; tests of handing over set a limit again.

    For every suite, through the root's conftest.py; does nothing without jobs.
    """
    with pytest.MonkeyPatch.context() as patch:
        if apps.is_installed("ops.jobs"):
            patch.setattr("ops.jobs.starting.IN_THE_REQUEST", None)
        yield
