"""Sums of many days equal the sums of their days after any changes, and a long period is read from few rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from ops.dashboard.models import DayNumbers
from ops.dashboard.rollups import measures
from ops.dashboard.rollups.numbers import blocks, storing
from ops.dashboard.rollups.numbers.erasing import forget_person
from ops.dashboard.rollups.numbers.storing import Place

FIRST = date(2024, 1, 1)
DAYS = st.dates(FIRST, FIRST + timedelta(days=1_100))


def everything() -> dict[Place, dict[str, int]]:
    return {Place(row.day, row.measure, row.imported): row.numbers for row in DayNumbers.objects.all()}


def store(found: storing.Numbers, days: Collection[date], of: Collection[str]) -> None:
    blocks.store(found, blocks.rows_before(days, of, "default"), "default")


def each_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=days) for days in range((last - first).days + 1)]


@given(days=st.tuples(st.dates(date(1, 1, 2), date(9998, 12, 1)), st.integers(0, 1_500)))
def test_blocks_cover_each_day_once(days: tuple[date, int]) -> None:
    first, last = days[0], min(days[0] + timedelta(days=days[1]), date(9999, 12, 30))
    found = list(blocks.cover(first, last))
    covered: Counter[int] = Counter()
    for sign, size, start in found:
        covered.update({start.toordinal() + number: sign for number in range(size)})
    assert {day: number for day, number in covered.items() if number} == {
        day.toordinal(): 1 for day in each_day(first, last)
    }
    assert all(blocks.start_of(start, size) == start for _, size, start in found)
    # At most eight days at either end, and at most four blocks there of each size but the longest.
    assert len(found) <= 8 * 4 + (last - first).days // 1_024 + 1


class BlocksAreSums(TestCase):
    @settings(deadline=None)
    @given(
        rounds=st.lists(
            st.tuples(
                st.dictionaries(
                    DAYS, st.dictionaries(st.sampled_from("123"), st.integers(0, 3)), min_size=1, max_size=5
                ),
                st.booleans(),
            ),
            min_size=1,
            max_size=4,
        ),
        asked=st.tuples(DAYS, DAYS).map(sorted),
        imported=st.booleans(),
    )
    def test_after_any_changes(
        self, rounds: list[tuple[dict[date, dict[str, int]], bool]], asked: list[date], imported: bool
    ) -> None:
        days: dict[date, dict[str, int]] = {}
        for changes, listed in rounds:
            found = {
                Place(day, measures.SENDERS, imported): list(Counter(numbers).elements()) if listed else numbers
                for day, numbers in changes.items()
            }
            store(found, changes, [measures.SENDERS])
            days |= changes
        kept = everything()
        blocks.keep_anew("default")
        assert everything() == kept
        expected: Counter[str] = Counter()
        for day, numbers in days.items():
            if asked[0] <= day <= asked[1]:
                expected.update(numbers)
        assert blocks.by_key(measures.SENDERS, *asked) == +expected
        assert blocks.by_key(measures.SENDERS, *asked, imported=False) == (Counter() if imported else +expected)


@pytest.fixture
def two_years(db: None) -> list[date]:
    """The days of two years: each day a new account sent a message, and account 7 another one."""
    days = each_day(FIRST, FIRST + timedelta(days=730))
    found = {Place(day, measures.SENDERS): {"7": 1, str(1_000 + number): 1} for number, day in enumerate(days)}
    store(found, days, [measures.SENDERS])
    return days


def test_two_years_are_few_rows(two_years: list[date]) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert blocks.by_key(measures.SENDERS, two_years[0], two_years[-1])["7"] == 731
    assert len(captured) == 1
    assert len(list(blocks.cover(two_years[0], two_years[-1]))) < 30


def test_a_person_is_taken_out_of_blocks_as_well(two_years: list[date]) -> None:
    with transaction.atomic():
        forget_person(7, using="default")
    assert not [row for row in DayNumbers.objects.all() if "7" in row.numbers]
    assert blocks.by_key(measures.SENDERS, two_years[0], two_years[-1]).total() == 731


def test_removing_a_person_keeps_the_numbers_of_others(db: None) -> None:
    kept = {"70": 2, "17": 3, "1:7": 1}
    rows = [
        DayNumbers(day=FIRST, measure=measures.SENDERS, numbers={"7": 5, "70": 2, "17": 3, "1:7": 1}, total=11),
        DayNumbers(
            day=FIRST, measure=measures.REVIEW_TIMES, numbers={"7:claim": 4, "70": 2, "17": 3, "1:7": 1}, total=10
        ),
        DayNumbers(day=FIRST, measure=measures.AGREED, numbers={"7:spam:spam": 1}, total=1),
        DayNumbers(day=FIRST, measure=measures.READINGS, numbers={"70": 7}, total=7),
        DayNumbers(day=FIRST, measure=measures.FLAGS, numbers={"7": 1}, total=1),  # keyed by label, not by account
    ]
    DayNumbers.objects.bulk_create(rows)
    with transaction.atomic():
        forget_person(7, using="default")
    assert {row.measure: (row.numbers, row.total) for row in DayNumbers.objects.all()} == {
        measures.SENDERS: (kept, 6),
        measures.REVIEW_TIMES: (kept, 6),
        measures.AGREED: ({}, 0),
        measures.READINGS: ({"70": 7}, 7),
        measures.FLAGS: ({"7": 1}, 1),
    }


@pytest.mark.parametrize(
    "others",
    [([], []), ([], ["70", "17"]), (["70", "17"], []), (["70"], ["17"])],
    ids=["alone", "first", "last", "between"],
)
def test_a_person_is_taken_out_wherever_the_key_stands(db: None, others: tuple[list[str], list[str]]) -> None:
    before, after = others
    numbers = {key: number for number, key in enumerate([*before, "7", *after], start=11)}
    for measure in (measures.SENDERS, measures.READINGS):  # two ways of writing JSON
        store({Place(FIRST, measure): numbers}, [FIRST], [measure])
    with transaction.atomic():
        forget_person(7, using="default")
    left = {key: number for key, number in numbers.items() if key != "7"}
    rows = DayNumbers.objects.filter(measure__in=[measures.SENDERS, measures.READINGS])
    assert [(row.numbers, row.total) for row in rows] == [(left, sum(left.values()))] * 2


def test_a_person_is_taken_out_of_lists_as_well(db: None) -> None:
    found = {
        Place(FIRST, measures.SENDERS): ["7", "70", "7", "7", "17", "7"],
        Place(FIRST, measures.RECEIVERS): ["7", "7"],
        Place(FIRST, measures.RECEIVERS, imported=True): ["70", "77", "17"],
    }
    store(found, [FIRST], measures.PEOPLE)
    with transaction.atomic():
        forget_person(7, using="default")
    days = DayNumbers.objects.filter(measure__in=measures.PEOPLE)
    assert {Place(row.day, row.measure, row.imported): (row.numbers, row.total) for row in days} == {
        Place(FIRST, measures.SENDERS): ({"70": 1, "17": 1}, 2),
        Place(FIRST, measures.RECEIVERS): ({}, 0),
        Place(FIRST, measures.RECEIVERS, imported=True): ({"70": 1, "77": 1, "17": 1}, 3),
    }


def test_only_short_lists_are_kept_as_they_are(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows of a busy day do not grow with its messages."""
    monkeypatch.setattr(storing, "MOST_LISTED", 3)
    found = {
        Place(FIRST, measures.SENDERS): ["7", "8", "7"],
        Place(FIRST, measures.RECEIVERS): ["7", "8", "7", "7"],
    }
    store(found, [FIRST], measures.PEOPLE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT measure, numbers FROM dashboard_daynumbers WHERE measure IN ('senders', 'receivers')")
        assert dict(cursor.fetchall()) == {measures.SENDERS: "7,8,7", measures.RECEIVERS: '{"7": 3, "8": 1}'}


def test_a_person_is_taken_out_of_all_days_at_once(two_years: list[date]) -> None:
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        forget_person(7, using="default")
    assert len([one for one in captured if one["sql"].strip().startswith("UPDATE")]) == 3


def test_a_person_is_taken_out_of_calendars_as_well(db: None) -> None:
    found = {Place(FIRST, measures.READINGS): {"7": 3, "8": 2}}
    store(found, [FIRST], [measures.READINGS])
    with transaction.atomic():
        forget_person(7, using="default")
    sums = blocks.read(FIRST, FIRST, keys=[measures.READINGS], days=[measures.READINGS], imported=True, using="default")
    assert sums.by_day == {(measures.READINGS, False): {FIRST: 2}}
    assert sums.by_key == {(measures.READINGS, False): {"8": 2}}


def test_days_and_sums_are_read_in_one_statement(two_years: list[date]) -> None:
    found = {Place(day, measures.SENT, day.day == 1): {"40": day.day} for day in two_years}
    store(found, two_years, [measures.SENT])
    asked = two_years[5], two_years[-5]
    with CaptureQueriesContext(connection) as captured:
        sums = blocks.read(*asked, keys=[measures.SENDERS], days=[measures.SENT], imported=False, using="default")
    assert len(captured) == 1
    assert sums.by_day == {(measures.SENT, False): {day: day.day for day in each_day(*asked) if day.day != 1}}
    assert sums.by_key[measures.SENDERS, False]["7"] == len(each_day(*asked))


def test_an_empty_block_is_no_row(two_years: list[date]) -> None:
    store({}, two_years, [measures.SENDERS])
    assert not DayNumbers.objects.exists()
