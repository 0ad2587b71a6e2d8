"""``make bench``: measure our figures beside those of vanilla Django and of the raw database, in one run.

The benchmark uses its own databases (see ``bench.databases``): on SQLite, and also on PostgreSQL if DATABASE_URL names
a server. Each figure is the best of several rounds in a process of its own, with that process's peak memory.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import django
import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from bench import databases, report, results, runs
from bench.runs import SCENARIO_NAMES
from bench.scenarios import lists

LEAST_MESSAGES = 1_000
PAPER = databases.ROOT / "docs" / "figures.md"
EXPLANATION = f"""Each figure is the best of several rounds. Vanilla: the recursion over .replies.all(), a plain
ModelAdmin, stock django-import-export, cascades. ÷small: our page beside the same page among {lists.SMALL:,}
messages; ÷floor: beside an empty list of the console. Moderators: 50 % / 95 % / 99 % in ms."""


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the parsed command line. Ends the program with a message if it is invalid."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Compare Threadward with plain Django and the database."
    )
    parser.add_argument(
        "scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIO_NAMES)}; all by default"
    )
    parser.add_argument("--messages", type=int, default=1_000_000, help="messages in threads and lists (1000000)")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the imported file (100000)")
    parser.add_argument("--passes", type=int, default=2, help="how often everything is measured (2)")
    parser.add_argument("--on", choices=("sqlite", "postgresql"), help="only this database")
    parser.add_argument("--fresh", action="store_true", help="create the stored conversations again")
    parser.add_argument("--small", action="store_true", help="only show that every scenario works, with 1,000 messages")
    parser.add_argument(
        "--readme", action="store_true", help="write the newest figures to the document; measure nothing"
    )
    parser.add_argument(
        "--paper", type=Path, metavar="FILE", help="the same, but with another document than docs/figures.md"
    )
    asked = parser.parse_args(words)
    asked.readme = asked.readme or asked.paper is not None
    asked.paper = asked.paper or PAPER
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
    """Return the servers to measure. Ends the program with a message if PostgreSQL is requested but not configured."""
    url = os.environ.get("DATABASE_URL", "").strip()
    found: list[databases.Server] = []
    if only != "postgresql":
        found.append(databases.Sqlite(settings.VAR_DIR.resolve() / "bench"))
    if only != "sqlite" and url.startswith("postgres"):
        found.append(databases.Postgresql(url))
    if not found:
        sys.exit("To measure PostgreSQL, set DATABASE_URL to postgres://user:password@host:5432/name.")
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Measure what the command line requests and print the tables; returns 1 if any figure could not be measured."""
    asked = arguments(words)
    folder = settings.VAR_DIR / "bench"
    if asked.readme:
        results.put_into(asked.paper, results.table(results.read(folder, SCENARIO_NAMES)))
        print(f"The newest figures are in {asked.paper}.")
        return 0
    if asked.small:
        os.environ["BENCH_SMALL"] = "1"
    run = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    failures = sum(measure_on(server, asked, run, folder) for server in servers(asked.on))
    if failures:
        print(f"\n{failures} figure(s) could not be measured.", file=sys.stderr)
    return int(failures > 0)


def measure_on(server: databases.Server, asked: argparse.Namespace, run: str, folder: Path) -> int:
    """Measure on one database, keep the results and print the table; returns how many figures are missing."""
    database = server.version()
    # A load above the number of processors means that other programs disturbed the figures.
    versions = f"Python {platform.python_version()}, Django {django.__version__}, {database}"
    print(f"{versions}, {os.cpu_count()} × {results.cpu_model()}, load {os.getloadavg()[0]:.1f}.", flush=True)
    if asked.fresh:
        databases.forget(server, (asked.messages, lists.SMALL))
    rows, failed, failures = [], [], 0
    for name in asked.scenarios:
        before = results.now()
        found = runs.measured(server, name, asked)
        rows += [one.pop("row") for one in found]
        missing = results.missing(found)
        failures += missing
        failed += [name] if missing else []
        if not asked.small:
            sizes = {"messages": asked.messages, "rows": asked.rows}
            held = results.about(run, database, sizes, before, results.now())
            results.keep(folder, server.title, name, held, found)
    print(f"\n{server.title}, {asked.messages:,} messages.\n{EXPLANATION}\n")
    print(report.table(rows), flush=True)
    if not asked.small:
        kept = f"; older figures of {', '.join(failed)} are kept" if failed else ""
        print(f"\nWritten to {folder}{kept}. python -m bench --readme puts the newest into {asked.paper.name}.")
    return failures


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
