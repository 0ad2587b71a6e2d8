"""Timestamps: ISO 8601 in any of its usual spellings becomes UTC; a time that would have to be guessed is refused."""

from __future__ import annotations

import pytest

from ops.files.timestamps import Moment, moments_in

REMEDY = "write it like 2026-01-05T10:00:00+00:00."
CHOOSE = f"choose how the times of the file are written, or {REMEDY}"
TOO_FAR = "times before 0001-01-03 and after 9999-12-29 do not exist in every time zone: correct it."

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
        ("2026-01-05T10:00:00.1234560000Z", "2026-01-05 10:00:00.123456"),
        ("20260105T100000Z", "2026-01-05 10:00:00"),
        ("2026-01-05t10:00:00z", "2026-01-05 10:00:00"),
        ("2026-W02-1T10:00Z", "2026-01-05 10:00:00"),
        ("2026-005T10:00+00", "2026-01-05 10:00:00"),
        ("2026-01-05T24:00:00Z", "2026-01-06 00:00:00"),
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
        ("0000-00-00", "there is no such date as 0000-00-00"),
        ("2026-02-30T00:00:00Z", "there is no such date and time as 2026-02-30T00:00:00Z"),
        ("2026-01-05T10:00:61Z", "there is no such date and time as 2026-01-05T10:00:61Z"),
        ("2026-01-05T10:00:60Z", "there is no such date and time as 2026-01-05T10:00:60Z"),
        ("12", "a bare number does not say what it counts"),
        ("32/13/2026", "this is not a date and time"),
    ],
)
def test_times_that_need_a_guess_are_refused(text: str, reason: str) -> None:
    assert read_moment(text) == Moment(None, problem=f"{reason}: {REMEDY}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1767607200", "a bare number does not say what it counts"),
        ("45000.5", "a bare number does not say what it counts"),
        ("5.1.2026 10:00", "it is not written as ISO 8601"),
        ("2021/08/21", "it is not written as ISO 8601"),
        ("8/21/21", "it is not written as ISO 8601"),
        ("2026-01-05", "the time of day is missing"),
        ("２０２６-01-05T10:00:00Z", "it is not written as ISO 8601"),
        ("2026-01-05T10:00:00Z\n", "it is not written as ISO 8601"),
    ],
)
def test_times_that_a_choice_would_read_say_so(text: str, reason: str) -> None:
    assert read_moment(text) == Moment(None, problem=f"{reason}: {CHOOSE}", cure="dates")


@pytest.mark.parametrize("text", ["05/01/2026", "5/1/2026 10:00"])
def test_an_ambiguous_date_asks_which_number_comes_first(text: str) -> None:
    message = f"it is ambiguous which number is the day and which is the month: choose which comes first, or {REMEDY}"
    assert read_moment(text) == Moment(None, problem=message, cure="dates")


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        "0001-01-01T00:00:00",
        "9999-12-31 23:59",
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_the_edges_of_the_calendar_are_refused_in_words(text: str, zone: str) -> None:
    assert moments_in(zone)(text) == Moment(None, problem=TOO_FAR)


def test_digits_after_the_microsecond_are_cut_with_a_notice() -> None:
    cut_off = "the digits after the microsecond were cut off."
    assert read_moment("2026-01-05T10:00:00.1234567Z") == Moment("2026-01-05 10:00:00.123456", note=cut_off)
    assert read_moment("2026-01-05T10:00:00.999999999Z") == Moment("2026-01-05 10:00:00.999999", note=cut_off)


def test_a_leap_second_is_the_one_before_it() -> None:
    leap = "the leap second :60 is taken as :59."
    assert read_moment("2016-12-31T23:59:60Z") == Moment("2016-12-31 23:59:59", note=leap)
    assert read_moment("2017-01-01T00:59:60+01:00") == Moment("2016-12-31 23:59:59", note=leap)


def test_a_time_that_exists_twice_is_the_first_or_the_second_by_choice() -> None:
    first, second = (moments_in("Europe/Berlin", "", which)("2023-10-29 02:30") for which in ("first", "second"))
    assert first == Moment(
        "2023-10-29 00:30:00",
        note="this time exists twice, taken as the first (summer time): the clocks of Europe/Berlin were put back.",
        cure="repeated_times",
        doubtful=True,
    )
    assert second.utc == "2023-10-29 01:30:00"
    assert "taken as the second (standard time)" in second.note


@pytest.mark.parametrize("which", ["first", "second"])
def test_a_time_that_does_not_exist_is_moved_on_with_the_clocks(which: str) -> None:
    assert moments_in("Europe/Berlin", "", which)("2023-03-26 02:30") == Moment(
        "2023-03-26 01:30:00",
        note="this time does not exist, taken as 2023-03-26 03:30:00: the clocks of Europe/Berlin were put forward.",
        cure="time_zone",
        doubtful=True,
    )
