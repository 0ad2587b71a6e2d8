"""A kind of job for tests: it counts to ``params["to"]``, creating a group for each number.

Names of groups are unique, so nothing can be done twice, and missing numbers show.
"""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth.models import Group

from ops.jobs.kinds import KindWithRollback
from ops.jobs.run import JobFailed, Run

NAME = "test.count"
SORRY = "That number is not to be counted."


class Counting(KindWithRollback):
    name = NAME
    unit = "numbers"
    permission = "auth.view_group"
    cancel_note = "Takes back what was counted so far."

    def work(self, run: Run) -> dict[str, Any]:
        return count(run)

    def roll_back(self, run: Run) -> None:
        uncount(run)


def count(run: Run) -> dict[str, Any]:
    """Count in batches of ``by`` (1), pausing ``pause`` seconds before each; ``stumble`` is a number that fails."""
    at, to, by = run.cursor.get("at", 0), run.params["to"], run.params.get("by", 1)
    while at < to:
        run.beat(at, to)
        time.sleep(run.params.get("pause", 0))
        with run.batch():
            for number in range(at, min(at + by, to)):
                _count_one(number, run.params)
            at = min(at + by, to)
            run.cursor["at"] = at
            run.advance(at, to)
    return {"counted": at}


def uncount(run: Run) -> None:
    """Remove the groups, newest first, in batches of the same size and with the same pauses."""
    while at := run.cursor.get("at", 0):
        time.sleep(run.params.get("pause", 0))
        with run.batch():
            down_to = max(0, at - run.params.get("by", 1))
            Group.objects.filter(name__in=[name_of(number) for number in range(down_to, at)]).delete()
            run.cursor["at"] = down_to
            run.advance(down_to)


def name_of(number: int) -> str:
    return f"number {number}"


def counted() -> list[str]:
    """Return the names of the groups that exist now, in order."""
    return sorted(Group.objects.filter(name__startswith="number ").values_list("name", flat=True))


def _count_one(number: int, params: dict[str, Any]) -> None:
    if number == params.get("stumble"):
        raise JobFailed(SORRY)
    Group.objects.create(name=name_of(number))
