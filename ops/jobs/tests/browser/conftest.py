from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ops.jobs.tests.installations import Installation


@pytest.fixture(scope="module")
def place(databases: Any) -> Installation:
    """An installation in processes of its own: pages and workers share its database. All tests of a file share it,
    since it takes longer to start than most of them."""
    return databases.fresh(JOBS_LEASE_SECONDS="2", JOBS_SWEEP_SECONDS="1")


@pytest.fixture(scope="module")
def live_server(place: Installation) -> Any:
    """A web server in another process, instead of one in the process of the tests."""
    return SimpleNamespace(url=place.serve())


@pytest.fixture(autouse=True)
def _live_server_helper() -> None:
    """Replaces pytest-django's, which prepares the test's own database for a server that is not used here."""
