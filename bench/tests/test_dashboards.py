"""The kept figures of made messages are those that are computed at once, so that the two may be compared."""

from __future__ import annotations

import pytest

from bench.generate import Forest
from bench.load import load
from bench.measure import Figure
from bench.scenarios import dashboards
from ops.dashboard.rollups import keeping


@pytest.mark.django_db
def test_both_ways_find_the_same_figures() -> None:
    load(Forest(1_000))
    keeping.keep()
    assert dashboards.kept_numbers() == dashboards.at_once()
    assert dashboards.kept_numbers()[0] == 1_000


@pytest.mark.parametrize(("ours", "met"), [(0.05, [True, True]), (0.051, [False, True]), (0.2, [False, False])])
def test_what_reading_them_may_take(ours: float, met: list[bool]) -> None:
    found = dashboards.goals({"ours": Figure(best=ours), "vanilla": Figure(best=10.0)})
    assert [goal.met for goal in found] == met


@pytest.mark.parametrize(("seconds", "statements", "met"), [(0.012, 13, [True, True]), (0.013, 14, [False, False])])
def test_what_a_page_may_take(seconds: float, statements: int, met: list[bool]) -> None:
    found = dashboards.goals({"ours": Figure(best=seconds, result=statements), "floor": Figure(best=0.01, result=10)})
    assert [goal.met for goal in found] == met
