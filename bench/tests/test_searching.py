"""The goals of searches, compared with an empty list, plain Django’s page, and the page without a search."""

from __future__ import annotations

from bench.measure import Figure
from bench.scenarios import lists
from bench.scenarios.searching import goals

FIGURES = {
    "ours": Figure(best=0.030, result=6),
    "vanilla": Figure(best=0.600, result=6),
    "containment": Figure(best=0.250, result=6),
    "floor": Figure(best=0.020),
}


def goals_met(**changed: Figure) -> dict[str, bool]:
    return {goal.words: goal.met for goal in goals(FIGURES | changed)}


def test_a_rare_word_costs_little_more_than_an_empty_list_and_a_twentieth_of_plain_djangos_page() -> None:
    assert goals_met() == {"≤ 1.5× empty": True, "≥ 20× vanilla (its rows alone 250.0 ms)": True}
    assert list(goals_met(floor=Figure(best=0.019)).values()) == [False, True]
    assert list(goals_met(vanilla=Figure(best=0.599)).values()) == [True, False]


def test_failed_measurements_meet_no_goal() -> None:
    assert not any(goals_met(ours=Figure(failure="failed", result=6)).values())
    assert list(goals_met(vanilla=Figure(failure="failed")).values()) == [True, False]


def test_a_full_page_is_compared_with_the_page_without_a_search() -> None:
    full = Figure(best=0.060, result=lists.ROWS)
    assert goals_met(ours=full) == {"≤ 3× without": True}
    assert goals_met(ours=full, floor=Figure(best=0.019)) == {"≤ 3× without": False}
