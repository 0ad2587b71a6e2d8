"""One measurement in a process of its own, so that its peak memory is only its own.

``python -m bench.child SCENARIO CASE WAY SIZE`` prints a figure as JSON; ``bench.runs`` calls it. With ``*`` for the
case and several ways, joined by commas, it prints the figures of all cases by way. Their peak memory is then the
process's so far.
"""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

import django
from django.db import connection

from bench.measure import NOT_MEASURED, Figure, peak_mib
from bench.scenarios import (
    dashboards,
    deletion,
    exports,
    imports,
    lists,
    recording,
    reviewing,
    searching,
    threads,
    undo,
)
from ops.serving.frames import with_room

ALL = "*"
SCENARIOS: dict[str, ModuleType] = {
    "threads": threads,
    "lists": lists,
    "searching": searching,
    "imports": imports,
    "undo": undo,
    "exports": exports,
    "recording": recording,
    "reviewing": reviewing,
    "dashboards": dashboards,
    "deletion": deletion,
}


def measure(scenario: str, key: str, way: str, size: int) -> Figure:
    """Return the figure of one way to do the case ``key`` among ``size`` messages."""
    module = SCENARIOS[scenario]
    (case,) = (case for case in module.cases(size) if case.key == key)
    try:
        timing = with_room(module.run, case, way, size)  # as manage.py gives it
    except RecursionError:
        # The plain recursion fails on a long chain. That is a result, not a fault of the measurement.
        return Figure(failure="RecursionError")
    if timing is None:
        return Figure(failure=NOT_MEASURED)
    return Figure(**timing._asdict(), peak_mib=peak_mib(), database=connection.vendor)


if __name__ == "__main__":
    django.setup()
    scenario, key, ways, number = sys.argv[1:]
    size = int(number)
    found: Any
    if key == ALL:
        keys = [case.key for case in SCENARIOS[scenario].cases(size)]
        found = {way: [measure(scenario, key, way, size)._asdict() for key in keys] for way in ways.split(",")}
    else:
        found = measure(scenario, key, ways, size)._asdict()
    connection.close()
    print(json.dumps(found))
