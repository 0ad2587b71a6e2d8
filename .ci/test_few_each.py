"""Of a test that is given many values, the first and the last are tried, in the order that they had."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
TESTS = """\
import pytest

@pytest.mark.parametrize("number", range(9))
def test_many(number): pass

class TestIn:
    @pytest.mark.parametrize("letter", "ab")
    @pytest.mark.parametrize("number", range(3))
    def test_two(self, number, letter): pass

def test_one(): pass
"""


def test_first_and_last_are_kept(tmp_path: Path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_made_here.py").write_text(TESTS)
    collect = [sys.executable, "-m", "pytest", "-p", "few_each", "-p", "no:django", "--collect-only", "-q"]
    environment = os.environ | {"PYTHONPATH": str(HERE), "PYTEST_ADDOPTS": ""}
    ran = subprocess.run(collect, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    assert [line.partition("::")[2] for line in ran.stdout.splitlines() if "::" in line] == [
        "test_many[0]",
        "test_many[8]",
        "TestIn::test_two[0-a]",
        "TestIn::test_two[2-b]",
        "test_one",
    ]
