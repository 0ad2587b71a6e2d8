"""Exporting messages as CSV and XLSX: our job, stock django-import-export, and the database's own tools."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils.module_loading import import_string

from bench.load import REVIEWER
from bench.measure import Case, Figure, Goal, Timing, once, speed

# By name, because they can be imported only in a child, where Django is set up.
BEGIN, RUN_NOW = "ops.exports.requests.start", "ops.jobs.starting.run_now"
FORGET = "ops.files.private_files.delete_all"
STOCK = "bench.vanilla.stock.export"

SHEET = 100_000  # rows of the workbook
STOCK_ROWS = 100_000  # rows of a CSV: for a million the stock library takes a gigabyte
MOST_MIB = {"csv": 100, "xlsx": 120}
LEAST_FACTOR = {"csv": 10, "xlsx": 3}
LEAST_SHARE = {"sqlite": 0.35, "postgresql": 0.8}

# A message without an external id gets one made from its key, as in our files, which can be imported again. These ids
# are a third of all bytes.
SAME_ROWS = """
SELECT COALESCE(message.external_id, 'threadward:000000000000:' || message.id),
    COALESCE(parent.external_id, 'threadward:000000000000:' || parent.id),
    sender.username, receiver.username, message."timestamp", message.edited, message."read", message.hidden,
    message.redaction IS NOT NULL, message.content
FROM {messages} message JOIN {users} sender ON sender.id = message.sender_id
JOIN {users} receiver ON receiver.id = message.receiver_id
LEFT JOIN {messages} parent ON parent.id = message.parent_message_id
ORDER BY message.id
"""


def cases(messages: int) -> list[Case]:
    sheet = min(SHEET, messages)
    return [
        Case("csv", f"export of {messages:,} messages, CSV", rows=messages),
        Case("xlsx", f"export of {sheet:,} messages, XLSX", rows=sheet),
    ]


def goals(figures: Mapping[str, Figure]) -> list[Goal]:
    """Return the goals of an export. Only CSV has a raw figure, which names the database."""
    ours, stock, raw = figures["ours"], figures["vanilla"], figures["raw"]
    kind = "csv" if raw.best else "xlsx"
    factor = speed(ours) / speed(stock) if stock.best else 0.0
    found = [
        Goal(f"≥ {LEAST_FACTOR[kind]}× stock", factor >= LEAST_FACTOR[kind]),
        Goal(f"< {MOST_MIB[kind]} MiB", 0 < ours.peak_mib < MOST_MIB[kind]),
    ]
    if raw.best:
        least = LEAST_SHARE[raw.database]
        found.append(Goal(f"≥ {least:.0%} of raw", speed(ours) / speed(raw) >= least))
    return found


def run(case: Case, way: str, messages: int) -> Timing | None:
    """Export from the database of this process; the result is the number of rows."""
    target = settings.VAR_DIR / "bench" / f"exported.{case.key}"
    target.parent.mkdir(parents=True, exist_ok=True)
    if way == "ours":
        return ours(case)
    if way == "vanilla":
        rows = min(case.rows, STOCK_ROWS)
        return once(lambda: import_string(STOCK)(target, rows, case.key))._replace(result=rows)
    return raw(case, target) if case.key == "csv" else None


def ours(case: Case) -> Timing:
    """Time the job of an export of all messages up to an id, from its start to its file."""
    export = apps.get_model("exports", "Export").objects.create(
        by=get_user_model().objects.get(username=REVIEWER),
        reason="measuring",
        scope="messages",
        format=case.key,
        selection={"query": "", "last_history": 0},
        up_to=case.rows,
    )

    def make() -> Any:
        begun = import_string(BEGIN)(export)
        return import_string(RUN_NOW)(begun.job)

    timing = once(make)
    export.refresh_from_db()
    import_string(FORGET)(export.file)
    if export.rows != case.rows:
        raise RuntimeError(f"{export.rows} of {case.rows} messages were exported: {timing.result.error}")
    return timing._replace(result=export.rows)


def raw(case: Case, target: Path) -> Timing:
    """Time COPY or the sqlite3 shell, with the same columns in the same order."""
    names = {"messages": "messaging_message", "users": get_user_model()._meta.db_table}
    tools = {"sqlite": by_shell, "postgresql": by_copy}
    timing = once(lambda: tools[connection.vendor](SAME_ROWS.format(**names), target))
    return timing._replace(result=case.rows)


def by_shell(query: str, target: Path) -> None:
    shell = shutil.which("sqlite3")
    if shell is None:
        raise RuntimeError("There is no sqlite3 shell to compare with: install Debian's package sqlite3.")
    with target.open("wb") as file:
        subprocess.run([shell, "-csv", str(connection.settings_dict["NAME"]), query], stdout=file, check=True)


def by_copy(query: str, target: Path) -> None:
    copying = f"COPY ({query}) TO STDOUT (FORMAT csv)"
    with target.open("wb") as file, connection.cursor() as cursor, cursor.copy(copying) as copy:
        for line in copy:
            file.write(line)
