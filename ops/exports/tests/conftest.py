"""The people who export and import in these tests, the private folder, and databases for workers that are killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ops.exports.tests.exporting import make_exporter
from ops.imports.tests.conftest import dan, folder, importing, ina, people
from ops.jobs.tests.killing import databases

__all__ = ["dan", "databases", "folder", "importing", "ina", "people"]


@pytest.fixture
def dora(db: Any, folder: Path) -> Any:
    """Dora may read messages and conversations, and export them."""
    return make_exporter()
