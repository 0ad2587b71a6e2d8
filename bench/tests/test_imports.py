"""The goals of an import."""

from __future__ import annotations

import pytest

from bench.measure import Figure
from bench.scenarios import imports


@pytest.mark.parametrize(("seconds", "met"), [(4.0, True), (4.1, False), (0.0, False)])
def test_the_goal_limits_the_time_of_counting_for_dashboards(seconds: float, met: bool) -> None:
    ours = Figure(best=80.0, result=1_000_000, afterwards=seconds, peak_mib=130)
    goals = imports.goals({"ours": ours, "vanilla": Figure(), "raw": Figure()})
    assert [goal.met for goal in goals if goal.words.startswith("counting")] == [met]
