"""Measuring a scenario on one database server: each way in a process of its own, on the database that it needs.

A figure that cannot be measured gives one line and a figure "failed"; the next one is measured regardless.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from bench import databases, report
from bench.child import ALL, SCENARIOS
from bench.measure import NOT_MEASURED, Case, Failed, Figure, Goal
from bench.scenarios import dashboards, imports, lists, moderators

# Settings of the ways that do not use our models or our admin, by scenario and way.
PLAIN = {
    ("lists", "vanilla"): "bench.vanilla.plain_settings",
    ("searching", "vanilla"): "bench.vanilla.plain_settings",
    ("deletion", "vanilla"): "bench.vanilla.cascade_settings",
}
WRITING = {"imports", "undo", "recording"}  # scenarios that start with an empty database
# Scenarios that start with a copy of the kept conversations, and what is made in the copy.
COPIED = {"deletion": databases.BUSY, "reviewing": databases.CASES}
TOGETHER = {"reviewing"}  # scenarios whose cases and ways can share one copy in a small run
SLOW = {"imports", "exports"}  # scenarios whose vanilla takes minutes and is measured in the first pass only
NOT_DONE = {  # ways that a case does not have, by scenario and case, so that no process is started for them
    ("undo", "undo"): {"vanilla"},
    ("recording", "page"): {"raw"},
    ("deletion", "cascades"): {"ours", "raw"},
    ("reviewing", "first"): {"vanilla"},
    ("reviewing", "last"): {"vanilla"},
    ("reviewing", "next"): {"vanilla", "floor"},
    ("reviewing", "slowest"): {"vanilla", "raw", "floor"},
    ("reviewing", "page"): {"raw"},
    ("reviewing", "edit"): {"raw", "small", "floor"},
    ("reviewing", "decide"): {"vanilla", "raw", "small"},
    ("reviewing", "group"): {"vanilla", "raw", "small"},
    ("dashboards", "count"): {"vanilla", "raw", "small", "floor"},
    ("dashboards", "figures"): {"raw", "floor"},
    **{("dashboards", name): {"vanilla", "raw", "small"} for name in dashboards.PAGES},
}
FLOORED = {
    "lists",
    "searching",
    "recording",
    "reviewing",
    "dashboards",
}  # scenarios of pages, which are compared with an empty page of the console
MODERATORS = "moderators"  # a scenario over HTTP, which is compared with nothing
SCENARIO_NAMES = (*SCENARIOS, MODERATORS)


def measured(server: databases.Server, name: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the results of all cases of a scenario, or one "failed" result if its databases could not be made."""
    try:
        if name in ("imports", "undo"):
            imported_file(asked.rows)
        return over_http(server, asked) if name == MODERATORS else measured_by(name)(server, name, asked)
    except (subprocess.CalledProcessError, psycopg.Error, OSError) as error:
        why = failed(f"{name} on {server.title}", said(error))
        return [result(server, name, Case(name, name), dict.fromkeys(("ours", "vanilla", "raw"), why), goals=[])]


def said(error: Exception) -> str:
    """Return the stderr of a failed process, or the error's message."""
    return str(getattr(error, "stderr", None) or error)


def figure(scenario: str, case: Case, way: str, size: int, url: str) -> Figure:
    """Measure in a process of its own. Prints one line for a failure and keeps its traceback in a file."""
    if way in NOT_DONE.get((scenario, case.key), ()):
        return Figure(failure=NOT_MEASURED)
    words = ["-m", "bench.child", scenario, case.key, way, str(size)]
    try:
        printed = databases.run(words, url, settings=PLAIN.get((scenario, way), "bench.settings"))
    except subprocess.CalledProcessError as error:
        return failed(f"{scenario}, {case.label}, {way}", said(error))
    return Figure(**json.loads(printed))


def figures_of_all(scenario: str, ways: Sequence[str], size: int, url: str) -> dict[str, list[Figure]]:
    """Return the figures of all cases of a scenario, by way, measured one after the other on one database.

    Starts only one process for each settings module, which is enough to show that the cases work.
    """
    by_settings: dict[str, list[str]] = {}
    for way in ways:
        by_settings.setdefault(PLAIN.get((scenario, way), "bench.settings"), []).append(way)
    found: dict[str, list[Figure]] = {}
    for needed, some in by_settings.items():
        try:
            printed = databases.run(
                ["-m", "bench.child", scenario, ALL, ",".join(some), str(size)], url, settings=needed
            )
        except subprocess.CalledProcessError as error:
            why = failed(f"{scenario}, {', '.join(some)}", said(error))
            found |= {way: [why] * len(SCENARIOS[scenario].cases(size)) for way in some}
        else:
            found |= {way: [Figure(**one) for one in figures] for way, figures in json.loads(printed).items()}
    return found


def failed(what: str, error: str) -> Figure:
    """Print one line about a failure and keep the whole error in a file; returns a "failed" figure."""
    log = settings.VAR_DIR / "bench" / "logs" / f"{re.sub(r'[^a-z0-9]+', '-', what.lower()).strip('-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(error, encoding="utf-8")
    last = (error.strip().splitlines() or ["no reason was given"])[-1]
    print(f"failed: {what}: {last} (see {log})", file=sys.stderr, flush=True)
    return Figure(failure="failed")


def in_turns(
    ways: Sequence[str], passes: int, measure: Callable[[str], Figure], *, once: Sequence[str] = ()
) -> dict[str, Figure]:
    """Return the best figure of each way. They take turns, so that other load on the machine affects all of them.

    The ways in ``once`` are measured in the first turn only.
    """
    found: dict[str, list[Figure]] = {way: [] for way in ways}
    for turn in range(passes):
        for way in ways:
            if turn == 0 or way not in once:
                found[way].append(measure(way))
    return {way: min(figures, key=lambda one: one.best) for way, figures in found.items()}


def once(scenario: str) -> tuple[str, ...]:
    """Return the ways of a scenario that are measured in the first pass only."""
    return ("vanilla",) if scenario in SLOW else ()


def ways(name: str, case: Case) -> tuple[str, ...]:
    """Return the ways in which a case is measured."""
    more = {
        "small": name in ("lists", "reviewing", "dashboards"),
        "floor": name in FLOORED and not case.rows,
        "containment": name == "searching",
    }
    return ("ours", "vanilla", "raw", *(way for way, has in more.items() if has))


def conversations(server: databases.Server, name: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the results of a scenario that reads the kept conversations."""
    cases = SCENARIOS[name].cases(asked.messages)
    urls = dict.fromkeys(ways(name, cases[0]), databases.kept(server, asked.messages))
    if "small" in urls:
        urls["small"] = databases.kept(server, min(lists.SMALL, asked.messages))
    if asked.small:
        # In a small run, all ways have the same number of messages.
        return of_ways(server, name, cases, figures_of_all(name, tuple(urls), asked.messages, urls["ours"]))
    found = []
    for case in cases:

        def measure(way: str, case: Case = case) -> Figure:
            return figure(name, case, way, asked.messages, urls[way])

        found.append(result(server, name, case, in_turns(tuple(urls), asked.passes, measure, once=once(name))))
    return found


def imported_file(rows: int) -> Path:
    """Return the file to import, which is written if it is missing."""
    path = imports.csv_file(settings.VAR_DIR / "bench", rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        databases.run(["-m", "bench.scenarios.imports", str(rows), str(path)], "")
    return path


def in_empty_databases(server: databases.Server, name: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the results of a scenario that writes, each figure into an empty database of its own."""
    found = []
    for case in SCENARIOS[name].cases(asked.rows):

        def measure(way: str, case: Case = case) -> Figure:
            with databases.empty(server) as url:
                return figure(name, case, way, asked.rows, url)

        found.append(result(server, name, case, in_turns(ways(name, case), asked.passes, measure, once=once(name))))
    return found


def in_copies(server: databases.Server, name: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the results of a scenario that changes many rows, each figure in a copy of its own (but see TOGETHER)."""
    cases = SCENARIOS[name].cases(asked.messages)
    if asked.small and name in TOGETHER:
        with databases.copied(server, asked.messages, COPIED[name]) as url:
            return of_ways(server, name, cases, figures_of_all(name, ways(name, cases[0]), asked.messages, url))
    found = []
    for case in cases:

        def measure(way: str, case: Case = case) -> Figure:
            if way in NOT_DONE.get((name, case.key), ()):
                return Figure(failure=NOT_MEASURED)
            with databases.copied(server, size(way, asked), COPIED[name]) as url:
                return figure(name, case, way, asked.messages, url)

        found.append(result(server, name, case, in_turns(ways(name, case), asked.passes, measure)))
    return found


def of_ways(
    server: databases.Server, name: str, cases: Sequence[Case], by_way: Mapping[str, Sequence[Figure]]
) -> list[dict[str, Any]]:
    """Return the results of cases, with figures given by way in the order of the cases."""
    return [
        result(server, name, case, {way: figures[place] for way, figures in by_way.items()})
        for place, case in enumerate(cases)
    ]


def size(way: str, asked: argparse.Namespace) -> int:
    """Return the number of messages in the database of a way."""
    return min(lists.SMALL, asked.messages) if way == "small" else asked.messages


def over_http(server: databases.Server, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the results of moderators at work on copies of the kept conversations, alone and during imports.

    Each of the two has its own copy and processes, except in a small run.
    """
    crowd = moderators.SMALL if asked.small else moderators.USUAL
    folder = settings.VAR_DIR.resolve() / "bench" / "served"
    turns = [None, imported_file(max(asked.rows, moderators.LEAST_ROWS)).resolve()]
    found = []
    for some in [turns] if asked.small else [[turn] for turn in turns]:
        with databases.copied(server, asked.messages, databases.BUSY) as url:
            try:
                rows = moderators.measure(url, crowd, folder, some)
            except (Failed, subprocess.CalledProcessError) as error:
                label = f"{MODERATORS}{' during imports' if any(some) else ''}"
                why = failed(f"{label} on {server.title}", said(error))
                rows = [(Case(label, label), dict.fromkeys(("ours", "vanilla", "raw"), why), why.failure)]
        for case, figures, words in rows:
            one = result(server, MODERATORS, case, figures, goals=[])
            one["row"][1] = one["cells"][0] = words
            found.append(one)
    return found


def measured_by(name: str) -> Callable[[databases.Server, str, argparse.Namespace], list[dict[str, Any]]]:
    """Return the function that measures a scenario on the databases that it needs."""
    if name in WRITING:
        return in_empty_databases
    return in_copies if name in COPIED else conversations


def result(
    server: databases.Server, name: str, case: Case, figures: Mapping[str, Figure], goals: Sequence[Goal] | None = None
) -> dict[str, Any]:
    """Return one case as a row of the table and as data."""
    goals = SCENARIOS[name].goals(figures) if goals is None else goals
    print(f"{server.title}: {case.label}", file=sys.stderr, flush=True)
    return {
        "row": report.row(case, figures, goals),
        "cells": report.cells(case, figures),
        "database": server.title,
        "scenario": name,
        "case": case.label,
        "figures": {way: one._asdict() for way, one in figures.items()},
        "goals": [goal._asdict() for goal in goals],
    }
