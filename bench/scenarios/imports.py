"""Importing a CSV file: ``manage.py import_messages``, stock django-import-export, and plain inserts.

``python -m bench.scenarios.imports ROWS FILE`` writes the file.
"""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.utils.module_loading import import_string

from bench import generate
from bench.load import KEEP_FIGURES, chunks, insert, load_conversations, load_people, ready
from bench.measure import SMALL_RUN, Case, Figure, Goal, Timing, once, speed
from ops.serving.frames import with_room

COLUMNS = ("external_id", "parent_external_id", "sender", "receiver", "timestamp", "content")
STOCK = "bench.vanilla.stock.import_csv"  # by name, because only a child with Django set up can import it
VANILLA_ROWS = 50 if SMALL_RUN else 10_000  # enough to measure vanilla's rows a second; all rows would take too long
LEAST_FACTOR, LEAST_SHARE, MOST_MIB, MOST_COUNTING = 100, 0.5, 150, 0.05


def cases(rows: int) -> list[Case]:
    return [Case("csv", f"import of {rows:,} rows", rows=rows)]


def goals(figures: Mapping[str, Figure]) -> list[Goal]:
    """Return the goals of an import."""
    ours, stock, raw = figures["ours"], figures["vanilla"], figures["raw"]
    factor = speed(ours) / speed(stock) if stock.best else 0.0
    share = speed(ours) / speed(raw) if raw.best else 0.0
    counting = ours.afterwards / ours.best if ours.best else 0.0
    return [
        Goal(f"≥ {LEAST_FACTOR}× stock", factor >= LEAST_FACTOR),
        Goal(f"≥ {LEAST_SHARE:.0%} of raw", share >= LEAST_SHARE),
        Goal(f"< {MOST_MIB} MiB", 0 < ours.peak_mib < MOST_MIB),
        Goal(
            f"counting for the dashboards ≤ {MOST_COUNTING:.0%} of it ({counting:.1%})", 0 < counting <= MOST_COUNTING
        ),
    ]


def run(case: Case, way: str, rows: int) -> Timing:
    """Import into the empty database of this process; the result is the number of imported rows."""
    if way == "raw":
        return raw(rows)
    path = csv_file(settings.VAR_DIR / "bench", rows)
    if way == "ours":
        # A worker has done this long before: if nothing was ever counted, the first round counts everything.
        import_string(KEEP_FIGURES)()
        timing = once(lambda: ours(path))
    else:
        timing = stock(path)
    stored = apps.get_model("messaging", "Message").objects.count()
    expected = rows if way == "ours" else min(rows, VANILLA_ROWS)
    if stored != expected:
        raise RuntimeError(f"{way} stored {stored} of {expected} messages.")
    return timing._replace(result=stored, afterwards=counting() if way == "ours" else 0.0)


def counting() -> float:
    """Return the seconds to count the imported messages for the dashboards, in a process of its own, as a worker does.

    A small run counts in this process.
    """
    if SMALL_RUN:
        return count()
    with ProcessPoolExecutor(1, get_context("spawn")) as another:
        return another.submit(with_room, count).result()


def count() -> float:
    """Count for the dashboards; returns the seconds. Sets up Django, because it may run in a new process."""
    django.setup()
    return once(import_string(KEEP_FIGURES)).best


def ours(path: Path) -> None:
    with redirect_stderr(io.StringIO()):
        call_command("import_messages", str(path), create_users=True, stdout=io.StringIO(), stderr=io.StringIO())


def stock(path: Path) -> Timing:
    """Time stock django-import-export on the first rows, after creating their users, which it cannot do."""
    with path.open(encoding="utf-8", newline="") as file:
        named = {row[column] for row in islice(csv.DictReader(file), VANILLA_ROWS) for column in ("sender", "receiver")}
    user = get_user_model()
    user.objects.bulk_create([user(username=name) for name in sorted(named)])
    return once(lambda: import_string(STOCK)(path, VANILLA_ROWS))


def raw(rows: int) -> Timing:
    """Time only inserting prepared rows into the table of messages, in one transaction, with indexes and checks."""
    forest = generate.Forest(rows)
    load_people(forest)
    load_conversations(forest)
    model = apps.get_model("messaging", "Message")
    fields = (*generate.GeneratedMessage._fields, "external_id")
    seconds = 0.0
    connection.set_autocommit(False)
    # Neither read nor edited, as an import stores them, which matters for the partial indexes.
    messages = (message._replace(read=False, edited=False, revision=1) for message in forest.messages())
    for chunk in chunks((*message, external_id(message.id)) for message in messages):
        values = ready(chunk)
        start = time.perf_counter()
        insert(model, fields, values)
        seconds += time.perf_counter() - start
    start = time.perf_counter()
    connection.commit()
    seconds += time.perf_counter() - start
    connection.set_autocommit(True)
    return Timing(seconds, seconds, 1, rows)


def csv_file(folder: Path, rows: int) -> Path:
    """Return the path of the file with this number of rows."""
    return folder / f"{rows}_rows_v{generate.VERSION}.csv"


def external_id(message_id: int) -> str:
    return f"m{message_id}"


def write_csv(rows: int, path: Path) -> None:
    """Write generated conversations as an import file, which gets its final name when it is complete."""
    half_made = path.with_suffix(".half-made")
    with half_made.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for message in generate.Forest(rows).messages():
            parent = message.parent_message_id
            writer.writerow((
                external_id(message.id),
                external_id(parent) if parent else "",
                generate.username(message.sender_id),
                generate.username(message.receiver_id),
                message.timestamp.isoformat(),
                message.content,
            ))  # fmt: skip
    half_made.rename(path)


if __name__ == "__main__":
    write_csv(int(sys.argv[1]), Path(sys.argv[2]))
