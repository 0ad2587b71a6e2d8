"""Results of a run as JSON, and the table of docs/figures.md made from them.

Each run writes one file for each database to ``var/bench``; ``python -m bench --readme`` makes the table from the
newest of them, so that no figure is typed by hand and each says which commit it was measured on.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

from bench.measure import NOT_MEASURED

BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"
DATABASES = ("SQLite", "PostgreSQL")


class NoFigures(Exception):
    """The table cannot be made; the text says what is missing."""


def about_the_run(messages: int, rows: int, load_before: float) -> dict[str, Any]:
    """Date, commit, machine, versions and load: what the figures hold for."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": commit.stdout.strip() or "unknown",
        "processors": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "python": platform.python_version(),
        "django": django.__version__,
        "load": [round(load_before, 1), round(os.getloadavg()[0], 1)],
        "messages": messages,
        "rows": rows,
    }


def write(folder: Path, database: str, about: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> Path:
    """Write the results of one database; returns the file."""
    path = folder / f"latest-{database.lower()}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"about": about, "results": results}, indent=2) + "\n", encoding="utf-8")
    return path


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """The newest results by database. Raises NoFigures where there are none."""
    files = {name: folder / f"latest-{name.lower()}.json" for name in DATABASES}
    found = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in files.items() if path.exists()}
    if not found:
        raise NoFigures(f"There are no results in {folder}: run “make bench” first.")
    return found


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The block between the markers: what each run holds for, and a row for each case with its figures."""
    lines = [_about(name, run["about"]) for name, run in found.items()]
    cells = {name: {one["case"]: one["cells"] for one in run["results"]} for name, run in found.items()}
    cases = list(dict.fromkeys(case for one in cells.values() for case in one))
    columns = ("ours", "vanilla", "raw", "÷small", "÷floor", "MiB")
    heads = [f"{name}: {columns[0]}" for name in found]
    header = " | ".join(" | ".join([head, *columns[1:]]) for head in heads)
    lines += ["", f"| | {header} |", "|---" * (1 + len(columns) * len(found)) + "|"]
    for case in cases:
        row = [cell for name in found for cell in cells[name].get(case, [""] * len(columns))]
        lines.append(f"| {case} | {' | '.join('' if cell == NOT_MEASURED else cell for cell in row)} |")
    return "\n".join(lines)


def put_into(paper: Path, block: str) -> None:
    """Replace what stands between the markers of a paper. Raises NoFigures where it has none."""
    text = paper.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise NoFigures(f"{paper} has no {BEGIN} … {END} to put the figures between.")
    paper.write_text(f"{before}{BEGIN}\n{block}\n{END}{after}", encoding="utf-8")


def _about(name: str, about: Mapping[str, Any]) -> str:
    before, after = about["load"]
    return (
        f"{name}: {about['date']}, commit {about['commit']}, {about['processors']} processors, "
        f"{about['memory_gib']} GiB, load {before} before and {after} after, Python {about['python']}, "
        f"Django {about['django']}; {about['messages']:,} messages, {about['rows']:,} imported rows.  "
    )
