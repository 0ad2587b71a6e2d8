from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from messaging.tests.browsing import browser, open_page, page
from ops.jobs.tests.installations import Installation
from ops.jobs.tests.waiting import until

__all__ = ["browser", "open_page", "page"]


@pytest.fixture
def place(databases: Any) -> Installation:
    """Threadward in processes of its own: pages and workers share its database."""
    return databases.fresh(JOBS_LEASE_SECONDS="2", JOBS_SWEEP_SECONDS="1")


@pytest.fixture
def live_server(place: Installation) -> Iterator[Any]:
    """A web server in a process, instead of the one in the tests' own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with place.going("runserver", "--noreload", str(port)):
        until(lambda: _answers(url), "the start of the web server")
        yield SimpleNamespace(url=url)


def _answers(url: str) -> bool:
    try:
        return urllib.request.urlopen(f"{url}/sign-in/", timeout=5).status == 200
    except (urllib.error.URLError, ConnectionError):
        return False


@pytest.fixture(autouse=True)
def _live_server_helper() -> None:
    """Instead of pytest-django's, which prepares the test's own database for a server that is not used here."""
