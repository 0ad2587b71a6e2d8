"""Undoing an import: ``manage.py undo_import``, and plain deletes of the same rows."""

from __future__ import annotations

import io
from collections.abc import Mapping

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from bench.measure import Case, Figure, Goal, Timing, once
from bench.scenarios import imports

MOST_TIMES, MOST_MIB = 3.0, 150
IMPORTED = "messaging.Message", "messaging.Conversation", "accounts.User"  # in the order of deleting


def cases(rows: int) -> list[Case]:
    return [Case("undo", f"undo of an import of {rows:,} rows", rows=rows)]


def goals(figures: Mapping[str, Figure]) -> list[Goal]:
    """Return the goals of an undo."""
    ours, raw = figures["ours"], figures["raw"]
    times = ours.best / raw.best if ours.best and raw.best else MOST_TIMES + 1
    return [
        Goal(f"≤ {MOST_TIMES:.0f}× the raw deletes", times <= MOST_TIMES),
        Goal(f"< {MOST_MIB} MiB", 0 < ours.peak_mib < MOST_MIB),
    ]


def run(case: Case, way: str, rows: int) -> Timing | None:
    """Import into the empty database of this process, then undo it; the result is the number of removed messages."""
    if way == "vanilla":
        return None
    imports.ours(imports.csv_file(settings.VAR_DIR / "bench", rows))
    batch = str(apps.get_model("imports", "Import").objects.get().pk)
    timing = once(lambda: call_command("undo_import", batch, stdout=io.StringIO())) if way == "ours" else once(raw)
    left = [name for name in IMPORTED if apps.get_model(name).objects.exists()]
    if left:
        raise RuntimeError(f"{way} left rows of {', '.join(left)}.")
    return timing._replace(result=rows)


def raw() -> None:
    """Delete the rows with three statements in one transaction, with the database's own checks."""
    with transaction.atomic(), connection.cursor() as cursor:
        for name in IMPORTED:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(apps.get_model(name)._meta.db_table)}")
