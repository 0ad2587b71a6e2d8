"""Who exports in these tests, where private files are, and databases for workers that are killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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
