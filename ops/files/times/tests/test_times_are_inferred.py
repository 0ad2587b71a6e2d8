"""The probable meaning of a column of times: one choice for all of it, with the rows that show it."""

from __future__ import annotations

from typing import Any

import pytest

from ops.files.suggestions import Suggestion
from ops.files.times.inference import UnreadTimes


def inferred(*texts: str, **options: Any) -> list[Suggestion]:
    """Return the suggestions for a column of these texts, which begin in row 2."""
    unread = UnreadTimes(options.get("time_zone", "UTC"), "first")
    for row, text in enumerate(texts, start=2):
        unread.add(row, text)
    return unread.suggestions()


def choices(*texts: str) -> list[str]:
    return [one.value for one in inferred(*texts)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["3/8/2021 10:00", "21/8/2021 10:00"], ["day-first"]),
        (["3/8/2021 10:00", "8/21/2021 10:00"], ["month-first"]),
        (["03.08.21, 12:30"], ["day-first"]),
        (["3/8/2021 10:00", "4/8/2021 10:00"], ["day-first", "month-first"]),
        (["5/5/2021 10:00"], ["day-first", "month-first"]),
        (["2021/08/21 10:00", "21 Aug 2021 10:00"], ["as-written"]),
        (["1705312800", "1705312801.5"], ["seconds"]),
        (["1705312800123"], ["milliseconds"]),
        (["1705312800123456"], ["microseconds"]),
        (["45306.4166666667"], ["excel", "excel-1904"]),
        (["1705312800", "1705312800123", "45306.5"], ["by-size"]),
        (["12", "now", "-5", ""], []),
        (["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999/12/31 10:00", "31.12.9999 10:00"], []),  # too far
    ],
)
def test_the_format_is_inferred_from_the_whole_column(texts: list[str], expected: list[str]) -> None:
    assert choices(*texts) == expected
    assert {one.option for one in inferred(*texts)} <= {"dates"}


def test_rows_in_order_of_time_say_which_order_is_likely() -> None:
    rows = ["1/9/2021 10:00", "2/9/2021 10:00", "1/10/2021 10:00", "2/10/2021 10:00", "1/11/2021 10:00"]
    likely, other = inferred(*rows)
    assert (likely.value, other.value) == ("day-first", "month-first")
    assert "With the day first the rows are in order of time" in likely.sentence
    likely, other = inferred(*("/".join((m, d, y)) for d, m, y in (row.split("/") for row in rows)))
    assert (likely.value, other.value) == ("month-first", "day-first")


def test_rows_of_a_column_with_mixed_orders_are_named() -> None:
    first, second = inferred("21/8/2021 10:00", "8/22/2021 10:00", "23/8/2021 10:00", "3/4/2021 10:00")
    assert (first.value, second.value) == ("day-first", "month-first")
    assert "with the day first rows 2 and 4 can be read" in first.sentence
    assert "with the month first row 3." in first.sentence


def test_an_ambiguous_date_is_shown_both_ways() -> None:
    by_day, by_month = inferred("3/8/2021 10:00", "4/8/2021 10:00:05.25")
    assert [tuple(one) for one in by_day.samples] == [
        (2, "3/8/2021 10:00", "3 August 2021, 10:00 UTC"),
        (3, "4/8/2021 10:00:05.25", "4 August 2021, 10:00:05.250000 UTC"),
    ]
    assert [one.read for one in by_month.samples] == ["8 March 2021, 10:00 UTC", "8 April 2021, 10:00:05.250000 UTC"]


def test_a_large_column_is_counted_and_not_kept() -> None:
    (one,) = inferred(*["21/8/2021 10:00"] * 1_000)
    assert "rows 2, 3, 4, 5, 6 and 995 more" in one.sentence
    assert len(one.samples) == 3
