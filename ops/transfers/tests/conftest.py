"""Who imports and exports in these tests, where private files are, and databases for workers that are killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ops.conftest import make_staff
from ops.jobs.tests.killing import databases
from ops.transfers.tests.exporting import make_exporter

__all__ = ["databases"]


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """Where private files are in this test."""
    settings.PRIVATE_DIR = tmp_path / "private"
    return settings.PRIVATE_DIR


@pytest.fixture
def dora(db: Any, folder: Path) -> Any:
    """Dora may read messages and conversations, and export them."""
    return make_exporter()


@pytest.fixture
def dan(db: Any, folder: Path) -> Any:
    """Dan looks after data: he may import and export."""
    return make_staff("dan", "import_messages", "export_messages")


@pytest.fixture
def ina(db: Any, folder: Path) -> Any:
    """Ina may import, and neither export nor read."""
    return make_staff("ina", "import_messages")


@pytest.fixture
def importing(client: Client, dan: Any) -> Client:
    """Dan's browser."""
    client.force_login(dan)
    return client


@pytest.fixture
def people(alice: Any, bob: Any) -> Any:
    """Alice and Bob, of whom the files of these tests speak."""
    return alice, bob
