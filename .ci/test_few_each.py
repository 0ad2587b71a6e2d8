"""Of a test that is given many values, few are tried, in the order that they had."""

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
OTHERS = """\
import pytest

@pytest.mark.parametrize("number", range(3))
def test_others(number): pass
"""


@pytest.fixture
def collected(tmp_path: Path) -> Callable[..., list[str]]:
    """A function that names the tests which are left with these options."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for folder, tests in (("here", TESTS), ("there", OTHERS)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"test_made_{folder}.py").write_text(tests)

    def collected(*options: str) -> list[str]:
        collect = ["-m", "pytest", "-p", "few_each", "-p", "no:django", "--collect-only", "-q"]
        environment = os.environ | {"PYTHONPATH": str(HERE), "PYTEST_ADDOPTS": ""}
        running = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True, "check": True}
        ran = subprocess.run([sys.executable, *collect, *options], **running)  # noqa: S603
        return [line.partition("::")[2] for line in ran.stdout.splitlines() if "::" in line]

    return collected


def test_first_and_last_are_kept(collected: Callable[..., list[str]]) -> None:
    assert collected() == [
        *("test_many[0]", "test_many[8]"),
        *("TestIn::test_two[0-a]", "TestIn::test_two[2-b]"),
        *("test_parts[0]", "test_parts[2]"),
        "test_one",
        *("test_others[0]", "test_others[2]"),
    ]


def test_one_may_be_enough(collected: Callable[..., list[str]]) -> None:
    last = ["test_many[8]", "TestIn::test_two[2-b]", "test_parts[2]", "test_one", "test_others[2]"]
    assert collected("--few", "1") == last


def test_other_folders_and_parts_of_one_work_stay_whole(collected: Callable[..., list[str]]) -> None:
    assert collected("--few-below", "here") == [
        *("test_many[0]", "test_many[8]"),
        *("TestIn::test_two[0-a]", "TestIn::test_two[2-b]"),
        *("test_parts[0]", "test_parts[1]", "test_parts[2]"),
        "test_one",
        *("test_others[0]", "test_others[1]", "test_others[2]"),
    ]
