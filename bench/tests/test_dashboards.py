"""The cached figures of generated messages equal those computed directly, so that the two can be compared."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from bench.generate import Forest
from bench.load import load, load_people
from bench.measure import Figure
from bench.scenarios import dashboards
from bench.scenarios.database_time import database_time
from ops.dashboard.rollups import rounds


@pytest.mark.django_db
def test_both_ways_find_the_same_figures() -> None:
    load(Forest(1_000))
    rounds.keep()
    assert dashboards.kept_numbers() == dashboards.at_once()
    assert dashboards.kept_numbers()[0] == 1_000


@pytest.mark.parametrize(("ours", "met"), [(0.05, [True, True]), (0.051, [False, True]), (0.2, [False, False])])
def test_the_goals_limit_the_time_of_reading(ours: float, met: list[bool]) -> None:
    found = dashboards.goals({"ours": Figure(best=ours), "vanilla": Figure(best=10.0)})
    assert [goal.met for goal in found] == met


@pytest.mark.parametrize(("seconds", "met"), [(0.05, [True]), (0.051, [False])])
def test_the_goals_limit_the_database_time_of_an_uncached_page(seconds: float, met: list[bool]) -> None:
    assert [goal.met for goal in dashboards.goals({"ours": Figure(best=seconds)})] == met


def test_counting_has_no_goal_of_its_own() -> None:
    assert dashboards.goals({"ours": Figure(best=8.0, result=1_000_000)}) == []


@pytest.mark.django_db
def test_the_database_s_time_is_that_of_all_statements_and_their_rows() -> None:
    load_people(Forest(100))
    with database_time() as spent:
        list(get_user_model().objects.iterator())
        after_rows = spent.seconds
        get_user_model().objects.count()
    assert 0 < after_rows < spent.seconds
    counted = spent.seconds
    get_user_model().objects.count()
    assert spent.seconds == counted


@pytest.mark.parametrize(("seconds", "statements", "met"), [(0.012, 13, [True, True]), (0.013, 14, [False, False])])
def test_the_goals_limit_the_time_and_statements_of_a_page(seconds: float, statements: int, met: list[bool]) -> None:
    found = dashboards.goals({"ours": Figure(best=seconds, result=statements), "floor": Figure(best=0.01, result=10)})
    assert [goal.met for goal in found] == met
