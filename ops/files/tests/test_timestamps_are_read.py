"""Timestamps: ISO 8601 in any of its usual spellings becomes UTC; what would have to be guessed is refused."""

from __future__ import annotations

import pytest

from ops.files.timestamps import REMEDY, Moment, moments_in

read_moment = moments_in("UTC")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-05T10:00:00Z", "2026-01-05 10:00:00"),
        ("2026-01-05T10:00:00+00:00", "2026-01-05 10:00:00"),
        ("2026-01-05 10:00:00+05:30", "2026-01-05 04:30:00"),
        ("2026-01-05T10:00-0100", "2026-01-05 11:00:00"),
        ("2026-01-05T10:00:00.5Z", "2026-01-05 10:00:00.500000"),
        ("2026-01-05T10:00:00,000001+01", "2026-01-05 09:00:00.000001"),
        ("2026-01-05T10:00:00.123456789Z", "2026-01-05 10:00:00.123456"),
        ("1969-12-31T23:59:59Z", "1969-12-31 23:59:59"),
    ],
)
def test_a_time_with_a_zone_becomes_utc(text: str, utc: str) -> None:
    assert read_moment(text) == Moment(utc)


@pytest.mark.parametrize("text", ["2026-01-05 10:00", "2026-01-05T10:00:00"])
def test_a_time_without_a_zone_is_taken_as_utc_and_says_so(text: str) -> None:
    assert read_moment(text) == Moment(
        "2026-01-05 10:00:00", note="the time has no zone; taken as UTC.", cure="time_zone"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the timestamp is empty"),
        (" ", "the timestamp is empty"),
        ("now", "this is not a date and time"),
        ("1767607200", "a bare number does not say what it counts"),
        ("45000.5", "a bare number does not say what it counts"),
        ("05/01/2026", "it is ambiguous which number is the day and which is the month"),
        ("5.1.2026 10:00", "it is ambiguous which number is the day and which is the month"),
        ("2026-01-05", "the time of day is missing"),
        ("0000-00-00", "there is no such date as 0000-00-00"),
        ("2026-02-30T00:00:00Z", "there is no such date and time as 2026-02-30T00:00:00Z"),
        ("2026-01-05T10:00:61Z", "there is no such date and time as 2026-01-05T10:00:61Z"),
        ("0001-01-01T00:00:00+05:00", "there is no such date and time as 0001-01-01T00:00:00+05:00"),
        ("9999-12-31T23:59:59-05:00", "there is no such date and time as 9999-12-31T23:59:59-05:00"),
        ("２０２６-01-05T10:00:00Z", "this is not a date and time"),
        ("2026-01-05T10:00:00Z\n", "this is not a date and time"),
    ],
)
def test_what_would_have_to_be_guessed_is_refused(text: str, reason: str) -> None:
    assert read_moment(text) == Moment(None, problem=f"{reason}: {REMEDY}")
