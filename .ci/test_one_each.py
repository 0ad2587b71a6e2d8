"""Each parametrized test keeps only its last value, and the tests keep their order."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = """\
import pytest

@pytest.mark.parametrize("number", range(9))
def test_many(number): pass

class TestIn:
    @pytest.mark.parametrize("letter", "ab")
    @pytest.mark.parametrize("number", range(3))
    def test_two(self, number, letter): pass

@pytest.mark.parametrize("part", range(3))
def test_parts(part): pass

def test_one(): pass
"""


@pytest.fixture
def collected(tmp_path: Path) -> Callable[..., list[str]]:
    """Return a function that lists the tests that are kept with these options."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_made_here.py").write_text(TESTS)

    def collected(*options: str) -> list[str]:
        collect = ["-m", "pytest", "-p", "one_each", "-p", "no:django", "--collect-only", "-q"]
        environment = os.environ | {"PYTHONPATH": str(HERE), "PYTEST_ADDOPTS": ""}
        running = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True, "check": True}
        ran = subprocess.run([sys.executable, *collect, *options], **running)  # noqa: S603
        return [line.partition("::")[2] for line in ran.stdout.splitlines() if "::" in line]

    return collected


def test_the_last_value_is_kept(collected: Callable[..., list[str]]) -> None:
    assert collected() == ["test_many[8]", "TestIn::test_two[2-b]", "test_parts[2]", "test_one"]


def test_parts_of_one_work_may_stay_whole(collected: Callable[..., list[str]]) -> None:
    parts = ["test_parts[0]", "test_parts[1]", "test_parts[2]"]
    assert collected("--whole-parts") == ["test_many[8]", "TestIn::test_two[2-b]", *parts, "test_one"]
