"""Every file of ../shared/data/field is named by a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.imports.tests.files import SHARED

FIELD = SHARED / "field"
OPS = Path(__file__).parents[2]


@pytest.mark.skipif(not FIELD.is_dir(), reason=f"the files of the field are not at {FIELD}")
def test_every_file_is_named_by_a_test() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in OPS.glob("*/tests/test_*.py"))
    names = [path.name for path in FIELD.iterdir() if path.suffix != ".md"]
    assert len(names) >= 42
    assert [name for name in sorted(names) if f'"{name}"' not in tests] == []
