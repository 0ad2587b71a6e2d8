"""Checking each row by itself: its time, flags and characters, and the choice that would fix a problem."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ops.files.problems import Problem
from ops.imports.checking.rows import RowContext, StagedRow, checked_rows
from ops.imports.columns import COLUMNS
from ops.imports.tests.files import numbered, row

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def checked(*rows: tuple[str, ...], **options: Any) -> tuple[list[StagedRow], list[Problem]]:
    """Return the staged rows and the problems found."""
    problems: list[Problem] = []
    with_edits = (one if len(one) == len(COLUMNS) else (*one, *[""] * (len(COLUMNS) - len(one))) for one in rows)
    staged = list(checked_rows(numbered(*with_edits), RowContext(NOW, **options), problems.append))
    return staged, problems


def test_a_sound_row_is_staged_with_its_time_in_utc() -> None:
    staged, problems = checked(row("1", "0", timestamp="2026-01-05T10:00:00+05:00", edited="true"), row(""))
    assert staged == [
        (2, "1", "0", "alice", "bob", "2026-01-05 05:00:00", True, False, False, False, None, "hello"),
        (3, None, None, "alice", "bob", "2026-01-05 10:00:00", False, False, False, False, None, "hello"),
    ]
    assert problems == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", False),
        ("false", False),
        ("FALSE", False),
        ("No", False),
        ("0", False),
        (" true ", True),
        ("YES", True),
        ("True", True),
        ("1", True),
    ],
)
def test_edited_and_read_are_understood_as_people_write_them(written: str, meant: bool) -> None:
    one = (*row(edited=written, read=written), "", written, written)
    ((*_, edited, read, hidden, redacted, _, _),), problems = checked(one)
    assert (edited, read, hidden, redacted, problems) == (meant, meant, meant, meant, [])


def test_a_value_neither_true_nor_false_is_an_error() -> None:
    staged, problems = checked(row(edited="maybe"), row(read="2"))
    assert [str(problem) for problem in problems] == [
        "row 2, edited: edited is neither true nor false: write true or false, or leave it empty.",
        "row 3, read: read is neither true nor false: write true or false, or leave it empty.",
    ]
    assert [(number, values[-1]) for number, *values in staged] == [(2, None), (3, None)]


def test_names_and_ids_that_are_too_long_are_errors_and_not_kept() -> None:
    staged, problems = checked(row("x" * 256, "y" * 256, sender="s" * 151, receiver="r" * 900_000))
    assert [str(problem) for problem in problems] == [
        "row 2, external_id: the external_id has 256 characters: shorten it to 255.",
        "row 2, parent_external_id: the parent_external_id has 256 characters: shorten it to 255.",
        "row 2, sender: the sender has 151 characters: shorten it to 150.",
        "row 2, receiver: the receiver has 900,000 characters: shorten it to 150.",
    ]
    assert staged == [(2, None, None, None, None, None, False, False, False, False, None, None)]
    assert checked(row("x" * 255, "y" * 255, sender="s" * 150, receiver="r" * 150))[1] == []


def test_a_guard_of_our_exports_makes_nothing_too_long() -> None:
    guarded = row("'=" + "x" * 254, "'@" + "y" * 254, sender="'-" + "s" * 149)
    assert checked(guarded, guarded=True)[1] == []
    assert len(checked(guarded)[1]) == 3
    assert len(checked(row("'" + "x" * 255), guarded=True)[1]) == 1


def test_a_time_without_a_zone_is_taken_in_the_zone_that_was_chosen() -> None:
    _, (problem,) = checked(row(timestamp="2026-01-05 10:00"))
    assert problem == Problem(2, "timestamp", "notice", "the time has no zone; taken as UTC.", "time_zone")
    (staged,), (problem,) = checked(row(timestamp="2026-01-05 10:00"), time_zone="Europe/Berlin")
    assert staged[5] == "2026-01-05 09:00:00"
    assert str(problem) == "row 2, timestamp: the time has no zone; taken as Europe/Berlin."


def test_a_time_that_the_clocks_left_out_or_repeated_is_taken_with_a_warning() -> None:
    rows = [row("1", timestamp="2026-03-29T02:30:00"), row("2", timestamp="2025-10-26 02:30")]
    assert [problem.level for problem in checked(*rows)[1]] == ["notice", "notice"]
    staged, problems = checked(*rows, time_zone="Europe/Berlin")
    assert [str(problem) for problem in problems] == [
        "row 2, timestamp: this time does not exist, taken as 2026-03-29 03:30:00: the clocks of Europe/Berlin were "
        "put forward.",
        "row 3, timestamp: this time exists twice, taken as the first (summer time): the clocks of Europe/Berlin were "
        "put back.",
    ]
    assert [(problem.level, problem.cure) for problem in problems] == [
        ("warning", "time_zone"),
        ("warning", "repeated_times"),
    ]
    assert [values[5] for values in staged] == ["2026-03-29 01:30:00", "2025-10-26 00:30:00"]
    staged, _ = checked(*rows, time_zone="Europe/Berlin", repeated_times="second")
    assert [values[5] for values in staged] == ["2026-03-29 01:30:00", "2025-10-26 01:30:00"]


def test_a_time_in_the_future_is_a_warning() -> None:
    (staged,), (problem,) = checked(row(timestamp="2026-06-01T00:00:01Z"))
    assert (staged[-1], problem.level) == ("hello", "warning")
    assert str(problem) == "row 2, timestamp: the time lies in the future: is it right?"


def test_a_row_that_the_reader_refused_keeps_nothing_but_its_id() -> None:
    torn = Problem(2, "", "error", "row 2 is torn")
    found: list[Problem] = []
    values = ("7", "1", "alice", "bob", "", "", "", "x")
    assert list(checked_rows([(2, values, torn)], RowContext(NOW), found.append)) == [
        (2, "7", None, None, None, None, False, False, False, False, None, None)
    ]
    assert found == [torn]
