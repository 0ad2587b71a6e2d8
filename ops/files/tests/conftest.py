"""Fixtures for private files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """The folder of private files in this test."""
    settings.PRIVATE_DIR = tmp_path / "private"
    return settings.PRIVATE_DIR
