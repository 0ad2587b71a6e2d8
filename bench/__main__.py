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
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import django
import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from bench import databases, report
from bench.child import SCENARIOS
from bench.measure import Case, Figure
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
EXPLANATION = f"""Each figure is the best of several rounds. Vanilla: the recursion over .replies.all(), a plain
ModelAdmin, stock django-import-export, cascades. ÷small: our page beside the same page among {lists.SMALL:,}
messages."""


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line asks for; ends the program with a sentence where that makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure us beside vanilla and the database.")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)}; all without any")
    parser.add_argument("--messages", type=int, default=1_000_000, help="messages in threads and lists (1000000)")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the imported file (100000)")
    parser.add_argument("--passes", type=int, default=2, help="times that everything is measured (2)")
    parser.add_argument("--on", choices=("sqlite", "postgresql"), help="only this database")
    parser.add_argument("--fresh", action="store_true", help="make the kept conversations anew")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there as well")
    asked = parser.parse_args(words)
    unknown = [name for name in asked.scenarios if name not in SCENARIOS]
    if unknown:
        parser.error(f"no scenario is called {unknown[0]!r}; there are {', '.join(SCENARIOS)}.")
    if min(asked.messages, asked.rows) < LEAST_MESSAGES:
        parser.error(f"--messages and --rows are at least {LEAST_MESSAGES:,}.")
    if asked.passes < 1:
        parser.error("--passes is at least 1.")
    asked.scenarios = asked.scenarios or list(SCENARIOS)
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
    """Measure in a process of its own; a failure has told its reason on the standard error stream."""
    words = ["-m", "bench.child", scenario, case.key, way, str(size)]
    try:
        printed = databases.run(words, url, settings=PLAIN.get((scenario, way), "bench.settings"))
    except subprocess.CalledProcessError:
        return Figure(failure="failed")
    return Figure(**json.loads(printed))


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
    if name == "lists":
        urls["small"] = databases.kept(server, lists.SMALL)
    results = []
    for case in SCENARIOS[name].cases(asked.messages):

        def measure(way: str, case: Case = case) -> Figure:
            return figure(name, case, way, asked.messages, urls[way])

        figures = in_turns(tuple(urls), asked.passes, measure, once=once(name))
        results.append(result(server, name, case, figures))
    return results


def imported_file(rows: int) -> None:
    """Write the file that is imported, where it is missing."""
    path = imports.csv_file(settings.VAR_DIR / "bench", rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        databases.run(["-m", "bench.scenarios.imports", str(rows), str(path)], "")


def in_empty_databases(server: databases.Server, name: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Every case of a scenario that writes, each time into an empty database of its own."""
    results = []
    for case in SCENARIOS[name].cases(asked.rows):

        def measure(way: str, case: Case = case) -> Figure:
            with databases.empty(server) as url:
                return figure(name, case, way, asked.rows, url)

        results.append(
            result(server, name, case, in_turns(("ours", "vanilla", "raw"), asked.passes, measure, once=once(name)))
        )
    return results


def in_copies(server: databases.Server, name: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Every case of a scenario that takes much away, each time from a copy of its own."""
    results = []
    for case in SCENARIOS[name].cases(asked.messages):

        def measure(way: str, case: Case = case) -> Figure:
            with databases.with_busy_account(server, asked.messages) as url:
                return figure(name, case, way, asked.messages, url)

        results.append(result(server, name, case, in_turns(("ours", "vanilla", "raw"), asked.passes, measure)))
    return results


def measured_by(name: str) -> Callable[[databases.Server, str, argparse.Namespace], list[dict[str, Any]]]:
    """How a scenario gets its databases."""
    if name in WRITING:
        return in_empty_databases
    return in_copies if name in DELETING else conversations


def result(server: databases.Server, name: str, case: Case, figures: Mapping[str, Figure]) -> dict[str, Any]:
    """One case as a row of the table and as data."""
    goals = SCENARIOS[name].goals(figures)
    print(f"{server.title}: {case.label}", file=sys.stderr, flush=True)
    return {
        "row": report.row(case, figures, goals),
        "database": server.title,
        "scenario": name,
        "case": case.label,
        "figures": {way: one._asdict() for way, one in figures.items()},
        "goals": [goal._asdict() for goal in goals],
    }


def main(words: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for and print the tables."""
    asked = arguments(words)
    everything: list[dict[str, Any]] = []
    # More load than processors means that others were measured along.
    load = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start"
    print(f"Python {platform.python_version()}, Django {django.__version__}, {load}.", flush=True)
    for server in servers(asked.on):
        if asked.fresh:
            databases.forget(server, (asked.messages, lists.SMALL))
        results = []
        for name in asked.scenarios:
            if name in ("imports", "undo"):
                imported_file(asked.rows)
            results += measured_by(name)(server, name, asked)
        print(f"\n{server.title}, {asked.messages:,} messages.\n{EXPLANATION}\n")
        print(report.table([one.pop("row") for one in results]), flush=True)
        everything += results
    if asked.json:
        asked.json.write_text(json.dumps(everything, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ops.settings")
    try:
        main()
    except ImproperlyConfigured as error:
        sys.exit(f"The benchmark cannot start. {error}")
    except psycopg.OperationalError as error:
        sys.exit(f"The benchmark cannot reach the PostgreSQL server of DATABASE_URL: {error}")
    except subprocess.CalledProcessError:
        sys.exit("The benchmark cannot make its databases, for the reason above.")
