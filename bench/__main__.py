"""``make bench``: our figures beside vanilla Django's and beside the raw database's, in one run.

Everything happens in databases of the benchmark's own (see ``bench.databases``): on SQLite, and on PostgreSQL too where
DATABASE_URL names one. Each figure is the best of several rounds in a process of its own, with that process's peak
memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import django
import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from bench import databases, moderators, report, results
from bench.child import ALL, SCENARIOS
from bench.measure import Case, Figure, Goal
from bench.scenarios import imports, lists

# Settings of those ways that do without our models or our admin, by scenario and way.
PLAIN = {
    ("lists", "vanilla"): "bench.vanilla.plain_settings",
    ("deletion", "vanilla"): "bench.vanilla.cascade_settings",
}
WRITING = {"imports", "undo", "recording"}  # scenarios that begin with an empty database
DELETING = {"deletion"}  # scenarios that begin with a copy of the kept conversations
SLOW = {"imports", "exports"}  # scenarios whose vanilla takes minutes: it is measured in the first pass only
LEAST_MESSAGES = 1_000
MODERATORS = "moderators"  # a scenario of its own kind: over HTTP, beside nothing
SCENARIO_NAMES = (*SCENARIOS, MODERATORS)
PAPER = databases.ROOT / "docs" / "figures.md"
EXPLANATION = f"""Each figure is the best of several rounds. Vanilla: the recursion over .replies.all(), a plain
ModelAdmin, stock django-import-export, cascades. ÷small: our page beside the same page among {lists.SMALL:,}
messages; ÷floor: beside an empty list of the console. Moderators: p50 / p95 / p99 in ms."""


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line asks for; ends the program with a sentence where that makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure us beside vanilla and the database.")
    parser.add_argument(
        "scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIO_NAMES)}; all without any"
    )
    parser.add_argument("--messages", type=int, default=1_000_000, help="messages in threads and lists (1000000)")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the imported file (100000)")
    parser.add_argument("--passes", type=int, default=2, help="times that everything is measured (2)")
    parser.add_argument("--on", choices=("sqlite", "postgresql"), help="only this database")
    parser.add_argument("--fresh", action="store_true", help="make the kept conversations anew")
    parser.add_argument("--small", action="store_true", help="only show that every scenario works, with 1,000 messages")
    parser.add_argument("--readme", action="store_true", help="put the newest figures into the papers; measure nothing")
    parser.add_argument("--paper", type=Path, default=PAPER, metavar="FILE", help="the paper (docs/figures.md)")
    asked = parser.parse_args(words)
    unknown = [name for name in asked.scenarios if name not in SCENARIO_NAMES]
    if unknown:
        parser.error(f"no scenario is called {unknown[0]!r}; there are {', '.join(SCENARIO_NAMES)}.")
    if asked.small:
        asked.messages = asked.rows = LEAST_MESSAGES
        asked.passes = 1
    if min(asked.messages, asked.rows) < LEAST_MESSAGES:
        parser.error(f"--messages and --rows are at least {LEAST_MESSAGES:,}.")
    if asked.passes < 1:
        parser.error("--passes is at least 1.")
    asked.scenarios = asked.scenarios or list(SCENARIO_NAMES)
    return asked


def servers(only: str | None) -> list[databases.Server]:
    """Where to measure. Ends the program with a sentence where PostgreSQL is asked for and not configured."""
    url = os.environ.get("DATABASE_URL", "").strip()
    found: list[databases.Server] = []
    if only != "postgresql":
        found.append(databases.Sqlite(settings.VAR_DIR.resolve() / "bench"))
    if only != "sqlite" and url.startswith("postgres"):
        found.append(databases.Postgresql(url))
    if not found:
        sys.exit("To measure PostgreSQL, set DATABASE_URL to postgres://user:password@host:5432/name.")
    return found


def figure(scenario: str, case: Case, way: str, size: int, url: str) -> Figure:
    """Measure in a process of its own. A failure is one line here, and its traceback a file."""
    words = ["-m", "bench.child", scenario, case.key, way, str(size)]
    try:
        printed = databases.run(words, url, settings=PLAIN.get((scenario, way), "bench.settings"))
    except subprocess.CalledProcessError as error:
        return failed(f"{scenario}, {case.label}, {way}", error.stderr)
    return Figure(**json.loads(printed))


def figures_of_all(scenario: str, way: str, size: int, url: str) -> list[Figure]:
    """Every case of a scenario in one process: quick, and enough to show that they work."""
    cases = SCENARIOS[scenario].cases(size)
    words = ["-m", "bench.child", scenario, ALL, way, str(size)]
    try:
        printed = databases.run(words, url, settings=PLAIN.get((scenario, way), "bench.settings"))
    except subprocess.CalledProcessError as error:
        return [failed(f"{scenario}, {way}", error.stderr)] * len(cases)
    return [Figure(**one) for one in json.loads(printed)]


def failed(what: str, error: str) -> Figure:
    """Say that something could not be measured, in one line, and keep the whole error in a file."""
    log = settings.VAR_DIR / "bench" / "logs" / f"{re.sub(r'[^a-z0-9]+', '-', what.lower()).strip('-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(error, encoding="utf-8")
    last = (error.strip().splitlines() or ["no reason was given"])[-1]
    print(f"failed: {what}: {last} (see {log})", file=sys.stderr, flush=True)
    return Figure(failure="failed")


def in_turns(
    ways: Sequence[str], passes: int, measure: Callable[[str], Figure], *, once: Sequence[str] = ()
) -> dict[str, Figure]:
    """The best figure of each way; in turns, so that what else the machine does for a while spoils no way alone.

    The ways of ``once`` are measured in the first turn only.
    """
    found: dict[str, list[Figure]] = {way: [] for way in ways}
    for turn in range(passes):
        for way in ways:
            if turn == 0 or way not in once:
                found[way].append(measure(way))
    return {way: min(figures, key=lambda one: one.best) for way, figures in found.items()}


def once(scenario: str) -> tuple[str, ...]:
    """The ways of a scenario that are measured in the first pass only."""
    return ("vanilla",) if scenario in SLOW else ()


def conversations(server: databases.Server, name: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Every case of a scenario that reads made conversations."""
    large = databases.kept(server, asked.messages)
    urls = {"ours": large, "vanilla": large, "raw": large}
    shared: dict[str, Figure] = {}
    if name == "lists":
        urls["small"] = databases.kept(server, min(lists.SMALL, asked.messages))
    if name == "lists" and not asked.small:
        first = SCENARIOS[name].cases(asked.messages)[0]
        shared["floor"] = figure(name, first, "floor", asked.messages, large)
    if asked.small:
        by_way = {way: figures_of_all(name, way, asked.messages, url) for way, url in urls.items()}
        return [
            result(server, name, case, {way: figures[place] for way, figures in by_way.items()})
            for place, case in enumerate(SCENARIOS[name].cases(asked.messages))
        ]
    found = []
    for case in SCENARIOS[name].cases(asked.messages):

        def measure(way: str, case: Case = case) -> Figure:
            return figure(name, case, way, asked.messages, urls[way])

        figures = in_turns(tuple(urls), asked.passes, measure, once=once(name)) | shared
        found.append(result(server, name, case, figures))
    return found


def imported_file(rows: int) -> None:
    """Write the file that is imported, where it is missing."""
    path = imports.csv_file(settings.VAR_DIR / "bench", rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        databases.run(["-m", "bench.scenarios.imports", str(rows), str(path)], "")


def in_empty_databases(server: databases.Server, name: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Every case of a scenario that writes, each time into an empty database of its own."""
    found = []
    for case in SCENARIOS[name].cases(asked.rows):

        def measure(way: str, case: Case = case) -> Figure:
            with databases.empty(server) as url:
                return figure(name, case, way, asked.rows, url)

        found.append(
            result(server, name, case, in_turns(("ours", "vanilla", "raw"), asked.passes, measure, once=once(name)))
        )
    return found


def in_copies(server: databases.Server, name: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Every case of a scenario that takes much away, each time from a copy of its own."""
    found = []
    for case in SCENARIOS[name].cases(asked.messages):

        def measure(way: str, case: Case = case) -> Figure:
            with databases.with_busy_account(server, asked.messages) as url:
                return figure(name, case, way, asked.messages, url)

        found.append(result(server, name, case, in_turns(("ours", "vanilla", "raw"), asked.passes, measure)))
    return found


def over_http(server: databases.Server, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Moderators at work on a copy of the kept conversations, alone and while a file is imported."""
    crowd = moderators.SMALL if asked.small else moderators.USUAL
    imported_file(asked.rows)
    found = []
    for path in ("", str(imports.csv_file(settings.VAR_DIR / "bench", asked.rows))):
        with databases.with_busy_account(server, asked.messages) as url:
            try:
                measured = moderators.measure(url, crowd, path)
            except (moderators.Failed, subprocess.CalledProcessError) as error:
                what = Case(MODERATORS, f"{MODERATORS}{' during an import' if path else ''}")
                why = failed(what.label, getattr(error, "stderr", None) or str(error))
                measured = [(what, {"ours": why, "vanilla": why, "raw": why}, why.failure)]
        for case, figures, words in measured:
            one = result(server, MODERATORS, case, figures, goals=[])
            one["row"][1] = one["cells"][0] = words
            found.append(one)
    return found


def measured_by(name: str) -> Callable[[databases.Server, str, argparse.Namespace], list[dict[str, Any]]]:
    """How a scenario gets its databases."""
    if name in WRITING:
        return in_empty_databases
    return in_copies if name in DELETING else conversations


def result(
    server: databases.Server, name: str, case: Case, figures: Mapping[str, Figure], goals: Sequence[Goal] | None = None
) -> dict[str, Any]:
    """One case as a row of the table and as data."""
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


def main(words: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for and print the tables; 1 where anything could not be measured."""
    asked = arguments(words)
    folder = settings.VAR_DIR / "bench"
    if asked.readme:
        results.put_into(asked.paper, results.table(results.read(folder)))
        print(f"The newest figures are in {asked.paper}.")
        return 0
    if asked.small:
        os.environ["BENCH_SMALL"] = "1"
    failures = 0
    for server in servers(asked.on):
        load = os.getloadavg()[0]
        # More load than processors means that other programs were measured along.
        versions = f"Python {platform.python_version()}, Django {django.__version__}"
        print(f"{versions}, {os.cpu_count()} processors, load {load:.1f}.")
        if asked.fresh:
            databases.forget(server, (asked.messages, lists.SMALL))
        found = measured_on(server, asked)
        print(f"\n{server.title}, {asked.messages:,} messages.\n{EXPLANATION}\n")
        print(report.table([one.pop("row") for one in found]), flush=True)
        failures += sum(figure["failure"] == "failed" for one in found for figure in one["figures"].values())
        if not asked.small:
            about = results.about_the_run(asked.messages, asked.rows, load)
            written = results.write(folder, server.title, about, found)
            print(f"\nWritten to {written}; python -m bench --readme uses it.")
    if failures:
        print(f"\n{failures} figure(s) could not be measured.", file=sys.stderr)
    return int(failures > 0)


def measured_on(server: databases.Server, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """All cases of the scenarios that were asked for, on one database."""
    found: list[dict[str, Any]] = []
    for name in asked.scenarios:
        if name in ("imports", "undo"):
            imported_file(asked.rows)
        found += over_http(server, asked) if name == MODERATORS else measured_by(name)(server, name, asked)
    return found


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ops.settings")
    try:
        sys.exit(main())
    except results.NoFigures as error:
        sys.exit(str(error))
    except ImproperlyConfigured as error:
        sys.exit(f"The benchmark cannot start. {error}")
    except psycopg.OperationalError as error:
        sys.exit(f"The benchmark cannot reach the PostgreSQL server of DATABASE_URL: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"The benchmark cannot make its databases:\n{error.stderr}")
