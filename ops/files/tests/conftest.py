"""Where private files are in these tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """Where private files are in this test."""
    settings.PRIVATE_DIR = tmp_path / "private"
    return settings.PRIVATE_DIR
