from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ops.console.rooms import Room


class JobsTestsConfig(Room):
    name = "ops.jobs.tests"
    label = "jobs_tests"
    rounds = {"take_long": 3600}

    def job_kinds(self) -> Iterable[Any]:
        from ops.jobs.tests.counting import Counting

        return [Counting()]
