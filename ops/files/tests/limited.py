"""Reads files, each in a process that may take little memory and time: ``python -m ops.files.tests.limited``.

Each line of its input is JSON: the path of a file, and constants of modules that are lowered while it is read. Each
line of its output is JSON: the number of rows and problems found, the first problems, and what reading took; or the
``status`` of a process that did not finish.

A duration depends as much on the machine as on the code. So time is reported as ``times``: as a multiple of a fixed
piece of Python work that is measured before each file.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import django

from ops.files.problems import Problem, Unreadable
from ops.files.reading import open_source
from ops.files.sources import Reading, SourceRow
from ops.files.tests.files import TABLE

MOST_ADDRESSES = 768 << 20  # bytes, including libraries that are never touched
# Ends a reader that would never end by itself; the tests check ``times``.
MOST_SECONDS = 120
SHOWN = 3


class Found:
    """Counts problems and keeps the first."""

    def __init__(self) -> None:
        self.number = 0
        self.first: list[str] = []

    def __call__(self, problem: Problem) -> None:
        self.number += 1
        if len(self.first) < SHOWN:
            self.first.append(str(problem))


def mib(kind: str) -> int:
    """Return the MiB of this process: VmRSS is its current memory, VmHWM its peak.

    ``getrusage`` includes the peak of the parent process.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(f"{kind}:")[2].split()[0]) // 1024


def seconds_of_fixed_work() -> float:
    """Return the seconds of processor time that this machine takes to read 100,000 short rows.

    Measured by a fiftieth of them, as the best of five runs.
    """
    lines = ["1,,alice,bob,2024-01-15T10:00:00Z,false,true,hello\n"] * 2_000
    taken = []
    for _ in range(5):
        begun = time.process_time()
        for values in csv.reader(lines):
            "".join(values)
        taken.append(time.process_time() - begun)
    return 50 * min(taken)


Check = Callable[[Iterable[SourceRow], Found], Iterable[object]]


def unchecked(rows: Iterable[SourceRow], found: Found) -> Iterable[object]:
    """Yield each row, after reporting the problem that the reader found in it."""
    for row in rows:
        if row[2] is not None:
            found(row[2])
        yield row


def main(check: Check = unchecked) -> None:
    """Answer for each file. A fork of this process reads it, which costs less than starting one with all modules."""
    for line in sys.stdin:
        unit = seconds_of_fixed_work()  # measured for each file: a shared machine is not always equally fast
        child = os.fork()
        if not child:
            result = read(check, **json.loads(line))
            result["times"] = result.pop("seconds") / unit
            print(json.dumps(result), flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            print(json.dumps({"status": status}), flush=True)


def read(check: Check, path: str, limits: Mapping[str, int]) -> dict[str, Any]:
    """Read and check a file within the limits; return what was found and what it took."""
    for name, number in limits.items():
        module, _, constant = name.rpartition(".")
        setattr(import_module(module), constant, number)
    begun = mib("VmRSS")
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    found, rows = Found(), 0
    try:
        with open_source(Path(path), TABLE, Reading()) as source:
            for _ in check(source, found):
                rows += 1
    except Unreadable as error:
        found(error.problem)
    own, programs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = max(mib("VmHWM"), programs.ru_maxrss // 1024)
    return {
        "rows": rows,
        "problems": found.number,
        "first": found.first,
        "peak_mib": peak,
        "grown_mib": peak - begun,
        "seconds": sum(used.ru_utime + used.ru_stime for used in (own, programs)),
    }


if __name__ == "__main__":
    django.setup()  # problems are translated
    main()
