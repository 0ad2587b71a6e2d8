"""Checking is cheap for every file too: within 300 MiB and little time, people learn what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.files.tests.hostile import HEADER, MOST_TIMES
from ops.files.tests.test_hostile_files_in_a_limited_process import ReadLimited, limited_reader
from ops.imports.tests.files import SHARED

pytestmark = pytest.mark.once

BAD_INPUT = SHARED / "bad-input"
FILES = sorted(path.name for path in BAD_INPUT.iterdir()) if BAD_INPUT.is_dir() else []


@pytest.fixture(scope="module")
def read_limited() -> Iterator[ReadLimited]:
    with limited_reader("ops.imports.tests.limited") as read:
        yield read


def csv_of_nothing_but_nul(path: Path) -> None:
    path.write_bytes(HEADER + b"1,\x00,,,,,,\n" * 40_000)


def csv_of_long_timestamps(path: Path) -> None:
    with path.open("wb") as file:
        file.write(HEADER)
        for number in range(10):
            file.write(b"1,,alice,bob,%d" % number + b"x" * 900_000 + b",,,hello\n")


@pytest.mark.parametrize(
    ("write", "beginning"),
    [
        (
            csv_of_nothing_but_nul,
            "row 2, parent_external_id: parent_external_id holds a character that cannot be stored (U+0000)",
        ),
        (csv_of_long_timestamps, "row 2, timestamp: this is not a date and time"),
    ],
)
def test_a_file_made_to_do_harm_is_refused_within_the_limits(
    write: Callable[[Path], None], beginning: str, read_limited: ReadLimited, tmp_path: Path
) -> None:
    path = tmp_path / "messages"
    write(path)
    result = read_limited(path, times=MOST_TIMES / 10, mib=21)  # worst-case files are ten times as large
    assert result["problems"] > 0
    assert result["first"][0].startswith(beginning)


@pytest.mark.skipif(not FILES, reason=f"the shared test data is not at {BAD_INPUT}")
def test_every_file_of_the_shared_data_is_read_within_the_limits(read_limited: ReadLimited) -> None:
    for name in FILES:
        result = read_limited(BAD_INPUT / name)
        assert result["rows"] or result["problems"], name
