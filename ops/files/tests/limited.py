"""Reads files, each in a process that may take little memory and time: ``python -m ops.files.tests.limited``.

Takes from each line of JSON that it is sent the path of a file, and constants of modules that are to be lower while it
is read. Answers with a line of JSON: how many rows and problems were found, the first problems, and what it took; or
the ``status`` of a process that did not come to its end.

How long something takes says as much about the machine as about the code. Time is therefore told as ``times``: how many
times longer it took than a fixed piece of work of Python's, done before each file.
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

MOST_ADDRESSES = 768 << 20  # bytes, with those of libraries that are never touched
# What ends a reader that would never end by itself; the tests judge ``times``.
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
    """The memory of this process: VmRSS is what it has, VmHWM the most that it had (``getrusage`` tells of its parent
    as well)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(f"{kind}:")[2].split()[0]) // 1024


def seconds_of_fixed_work() -> float:
    """How many seconds of the processor this machine takes for reading 100,000 short rows, as a fiftieth of them shows
    in the best of five."""
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
    """Each row, reporting what the reader found wrong with it."""
    for row in rows:
        if row[2] is not None:
            found(row[2])
        yield row


def main(check: Check = unchecked) -> None:
    """Answer for each file. A copy of this process reads it, which costs less than starting one with all modules."""
    for line in sys.stdin:
        unit = seconds_of_fixed_work()  # beside each file: a machine that others use is not always as fast
        child = os.fork()
        if not child:
            told = read(check, **json.loads(line))
            told["times"] = told.pop("seconds") / unit
            print(json.dumps(told), flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            print(json.dumps({"status": status}), flush=True)


def read(check: Check, path: str, limits: Mapping[str, int]) -> dict[str, Any]:
    """Read and check a file within the limits; what was found and what it took."""
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
    django.setup()  # what is wrong is said in a language
    main()
