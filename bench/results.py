"""Results as JSON, and the table of docs/figures.md made from them.

``var/bench/latest-<database>.json`` holds the newest results of each scenario with their origin: the run, date, commit,
machine and load. A run replaces only the scenarios that it measured without a failure. ``python -m bench --readme``
writes the table, so that no figure is typed. If the figures of a database come from more than one run or commit, each
of its rows names its origin.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import django

from bench.measure import NOT_MEASURED

BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"
DATABASES = ("SQLite", "PostgreSQL")
COLUMNS = ("ours", "vanilla", "raw", "÷small", "÷floor", "MiB")
CPUS = Path("/proc/cpuinfo")

About = dict[str, Any]


class NoFigures(Exception):
    """The table cannot be written; the message names what is missing."""


class Moment(NamedTuple):
    """Circumstances that may change while a scenario is measured."""

    date: str
    commit: str
    load: float


def now() -> Moment:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return Moment(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", commit.stdout.strip() or "unknown", round(os.getloadavg()[0], 1)
    )


def about(run: str, database: str, sizes: Mapping[str, int], before: Moment, after: Moment) -> About:
    """Return the origin of a scenario's results; ``run`` is the same for everything that one run measured."""
    return {
        "run": run,
        "date": before.date,
        "commit": before.commit if before.commit == after.commit else f"{before.commit} to {after.commit}",
        "load": [before.load, after.load],
        "database": database,
        "python": platform.python_version(),
        "django": django.__version__,
        "cpu": cpu_model(),
        "processors": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        **sizes,
    }


def cpu_model() -> str:
    """Return the processor's name, or what Python reports if the system has none."""
    lines = CPUS.read_text(encoding="utf-8").splitlines() if CPUS.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def missing(results: Sequence[Mapping[str, Any]]) -> int:
    """Return how many figures could not be measured."""
    return sum(figure["failure"] == "failed" for one in results for figure in one["figures"].values())


def keep(folder: Path, database: str, scenario: str, held: About, results: Sequence[Mapping[str, Any]]) -> Path:
    """Replace the stored results of a scenario on one database, unless a figure is missing; returns the file."""
    path = _file(folder, database)
    if missing(results):
        return path
    scenarios = {**_scenarios(path), scenario: {"about": held, "results": results}}
    path.parent.mkdir(parents=True, exist_ok=True)
    half_written = path.with_suffix(".half-written")
    half_written.write_text(json.dumps({"scenarios": scenarios}, indent=2) + "\n", encoding="utf-8")
    half_written.replace(path)
    return path


def read(folder: Path, order: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the newest results by database and scenario, scenarios in ``order``. Raises NoFigures without any."""
    found = {}
    for database in DATABASES:
        scenarios = _scenarios(_file(folder, database))
        if scenarios:
            found[database] = {name: scenarios[name] for name in order if name in scenarios}
    if not found:
        raise NoFigures(f"There are no results in {folder}: run “make bench” first.")
    return found


def _file(folder: Path, database: str) -> Path:
    return folder / f"latest-{database.lower()}.json"


def _scenarios(path: Path) -> dict[str, Any]:
    """Return the contents of a file by scenario; {} if it is missing or an older benchmark wrote it."""
    data = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return dict(data.get("scenarios", {}))


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the block between the markers: the origin of the figures, and a row of figures for each case."""
    heads, columns = [], {}
    cells: dict[str, dict[str, list[str]]] = {}
    for database, scenarios in found.items():
        abouts = [scenario["about"] for scenario in scenarios.values()]
        one_run = _are_one_run(abouts)
        heads.append(_head(database, abouts, one_run))
        columns[database] = COLUMNS if one_run else (*COLUMNS, "measured")
        for scenario in scenarios.values():
            source = [] if one_run else [_source(scenario["about"])]
            for one in scenario["results"]:
                cells.setdefault(one["case"], {})[database] = [*one["cells"], *source]
    titles = [title for database, names in columns.items() for title in (f"{database}: {names[0]}", *names[1:])]
    lines = [*heads, "", f"| | {' | '.join(titles)} |", "|---" * (1 + len(titles)) + "|"]
    for case, by_database in cells.items():
        row = [cell for name in found for cell in by_database.get(name, [""] * len(columns[name]))]
        lines.append(f"| {case} | {' | '.join('' if cell == NOT_MEASURED else cell for cell in row)} |")
    return "\n".join(lines)


def _are_one_run(abouts: Sequence[About]) -> bool:
    """Return whether all scenarios of a database come from one run, one commit and the same sizes."""
    return len({tuple(held[name] for name in ("run", "commit", "messages", "rows")) for held in abouts}) == 1


def put_into(paper: Path, block: str) -> None:
    """Replace the text between the markers of a document. Raises NoFigures if it has none."""
    text = paper.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise NoFigures(f"{paper} has no {BEGIN} … {END} to put the figures between.")
    paper.write_text(f"{before}{BEGIN}\n{block}\n{END}{after}", encoding="utf-8")


def _source(held: About) -> str:
    """Return the origin of a row, for a cell."""
    before, after = held["load"]
    sizes = f"{held['messages']:,} messages, {held['rows']:,} rows"
    return f"{held['date']}, {held['commit']}, load {before} to {after}, {sizes}"


def _head(name: str, abouts: Sequence[About], one_run: bool) -> str:
    """Return the origin of one database's figures, as a line."""
    machines = "; or ".join(dict.fromkeys(_machine(held) for held in abouts))
    if not one_run:
        return f"{name}: several runs, each row says which; {machines}.  "
    first = abouts[0]
    loads = [load for held in abouts for load in held["load"]]
    return (
        f"{name}: {first['date']}, commit {first['commit']}, load {min(loads)} to {max(loads)}; "
        f"{first['messages']:,} messages, {first['rows']:,} imported rows; {machines}.  "
    )


def _machine(held: About) -> str:
    return (
        f"{held['processors']} × {held['cpu']}, {held['memory_gib']} GiB, {held['database']}, Python {held['python']}, "
        f"Django {held['django']}"
    )
