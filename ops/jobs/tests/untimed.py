"""Work in requests is not timed in tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps


@pytest.fixture(scope="session", autouse=True)
def work_in_requests_is_not_timed() -> Iterator[None]:
    """Small work is over when its request is, however busy the machine; tests of handing over set a limit again.

    For every suite that the root's conftest.py gives it to; nothing where there are no jobs.
    """
    with pytest.MonkeyPatch.context() as patch:
        if apps.is_installed("ops.jobs"):
            patch.setattr("ops.jobs.starting.IN_THE_REQUEST", None)
        yield
