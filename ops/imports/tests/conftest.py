"""The people who import and export in these tests, the private folder, and databases for workers that are killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ops.conftest import confirm, make_staff
from ops.files.tests.conftest import folder
from ops.jobs.tests.killing import databases

__all__ = ["databases", "folder"]


@pytest.fixture
def dan(db: Any, folder: Path) -> Any:
    """Dan looks after data: he may import and export."""
    return make_staff("dan", "import_messages", "export_messages")


@pytest.fixture
def ina(db: Any, folder: Path) -> Any:
    """Ina may import, but neither export nor read."""
    return make_staff("ina", "import_messages")


@pytest.fixture
def importing(client: Client, dan: Any) -> Client:
    """Dan's browser, in which he has just confirmed his password."""
    client.force_login(dan)
    return confirm(client, "dan")


@pytest.fixture
def people(alice: Any, bob: Any) -> Any:
    """Alice and Bob, who are named in the files of these tests."""
    return alice, bob


@pytest.fixture(autouse=True)
def private_folder(folder: Path) -> None:
    """Put private files in a folder of the test: every import has a file."""
