"""Triggers that note which quarters of an hour changed, on both databases and for every code path, even manual SQL.

Quarters, because the days of every zone begin and end with one: offsets of zones are multiples of fifteen minutes
(except before about 1940, and Liberia's before 1972: there a quarter counts for the day in which it begins).

They are installed after every migration. SQLite copies a table to change it, and refuses to rename the copy while a
trigger of another table names it: there they are removed before a migration, and everything is counted again after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import connections, transaction

from ops.dashboard.models import EarlierPending, Family, Keeping, Noted

NOTED = Noted._meta.db_table
EARLIER = EarlierPending._meta.db_table
NOTE = f"INSERT INTO {NOTED} (family, at)"


class Watched(NamedTuple):
    """A table whose rows are counted: ``moments`` are the time columns by which they are counted, ``others`` the
    columns that change numbers without a moment changing."""

    table: str
    family: str
    moments: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.moments, *self.others)


WATCHED = (
    Watched(
        "messaging_message",
        Family.MESSAGES,
        ("timestamp",),
        ("conversation_id", "sender_id", "receiver_id", "edited", "read"),
    ),
    Watched(
        "moderation_case",
        Family.DESK,
        ("first_flag_at", "pending_since", "first_claimed_at", "closed_at"),
        ("severity", "state", "first_decided_at"),
    ),
    Watched(EARLIER, Family.DESK, ("since", "until")),
    Watched("moderation_decision", Family.DESK, ("decided_at",), ("cause", "decided_by_id")),
    Watched("moderation_flag", Family.DESK, ("created_at",), ("label_id", "source")),
    Watched("audit_entry", Family.TRAIL, ("at",)),
    Watched("moderation_opening", Family.TRAIL, ("at",), ("reader_id", "conversations")),
)
CHANGES = ("insert", "delete", "update")
EVENTS = {"sqlite": CHANGES, "postgresql": (*CHANGES, "truncate")}  # SQLite deletes row by row if there are triggers
# Noted instead of a family when a table was truncated, so that no quarter is known. Nothing else notes it.
EVERYTHING = "all"
# A decision changes the numbers of others on its case: of the one that it undoes, and of those it agrees with.
DECISIONS = "moderation_decision"
BESIDE = f"SELECT beside.decided_at AS at FROM {DECISIONS} beside"
# What a case that is reopened no longer says of itself is kept.
CASES = "moderation_case"
KEEPING_EARLIER = f"{EARLIER}_kept"
# An imported report may reopen it as of a time before it was closed: no time counts twice.
IS_REOPENED = 'OLD."closed_at" IS NOT NULL AND NEW."closed_at" IS NULL AND NEW."pending_since" > OLD."pending_since"'


def install(using: str) -> None:
    """Create the missing triggers once all tables exist. Earlier changes have to be counted again.

    If no trigger is missing, do nothing, because creating them locks the tables: a migration that changes triggers, or
    the type of a column that they watch, calls ``remove`` first.
    """
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if not {NOTED, *(one.table for one in WATCHED)} <= tables or are_installed(using):
        return
    _execute(connection, list(_postgresql() if connection.vendor == "postgresql" else _sqlite()))


def remove(using: str) -> None:
    """Drop the triggers that exist."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    statements = []
    for trigger, table in _triggers(connection.vendor):
        if table in tables:
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            statements.append(f"DROP TRIGGER IF EXISTS {trigger}{on}")
    _execute(connection, statements)


def are_installed(using: str) -> bool:
    """Whether all triggers exist."""
    connection = connections[using]
    catalogue = "pg_trigger WHERE NOT tgisinternal AND tgname"
    query = f"SELECT COUNT(*) FROM {catalogue if connection.vendor == 'postgresql' else 'sqlite_master WHERE name'}"
    names = [trigger for trigger, _ in _triggers(connection.vendor)]
    with connection.cursor() as cursor:
        cursor.execute(f"{query} IN ({', '.join(['%s'] * len(names))})", names)
        return bool(cursor.fetchone()[0] >= len(names))


def name(watched: Watched, event: str) -> str:
    """Return the name of a trigger."""
    return f"dashboard_{watched.table}_{event}"


def _triggers(vendor: str) -> list[tuple[str, str]]:
    """The names of all triggers, each with its table."""
    noting = [(name(one, event), one.table) for one in WATCHED for event in EVENTS[vendor]]
    return [*noting, (KEEPING_EARLIER, CASES)]


def quarter_in_sql(vendor: str, moment: str) -> str:
    """Return SQL for the beginning of the quarter in which a moment (SQL) lies."""
    return _bin(moment) if vendor == "postgresql" else _quarter(moment)


def _changed(watched: Watched, same: str) -> str:
    return " OR ".join(f'NEW."{column}" {same} OLD."{column}"' for column in watched.columns)


def _postgresql() -> Iterator[str]:
    """Yield the statements for PostgreSQL: inserts and deletes are noted per statement, updates per row."""
    emptied = f"{NOTED}_everything"
    # If nothing was ever counted, everything will be counted anyway.
    ever = f"SELECT FROM {Keeping._meta.db_table}"
    yield _function(emptied, f"{NOTE} SELECT '{EVERYTHING}', CURRENT_TIMESTAMP WHERE EXISTS ({ever})")
    for one in WATCHED:
        yield (
            f"CREATE OR REPLACE TRIGGER {name(one, 'truncate')} AFTER TRUNCATE ON {one.table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {emptied}()"
        )
        noting, row_noting = f"{name(one, 'note')}_all", f"{name(one, 'note')}_one"
        moments = " UNION ".join(f'SELECT "{column}" AS at FROM changed' for column in one.moments)
        if one.table == DECISIONS:
            moments += f" UNION {BESIDE} JOIN changed ON beside.case_id = changed.case_id"
        yield _function(noting, _quarters(one, moments))
        moments = " UNION ".join(f'SELECT {row}."{column}" AS at' for row in ("OLD", "NEW") for column in one.moments)
        if one.table == DECISIONS:
            moments += f" UNION {BESIDE} WHERE beside.case_id = NEW.case_id"
        yield _function(row_noting, _quarters(one, moments))
        for event, table in (("insert", "NEW"), ("delete", "OLD")):
            yield (
                f"CREATE OR REPLACE TRIGGER {name(one, event)} AFTER {event} ON {one.table}"
                f" REFERENCING {table} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {noting}()"
            )
        yield (
            f"CREATE OR REPLACE TRIGGER {name(one, 'update')} AFTER UPDATE ON {one.table} FOR EACH ROW"
            f" WHEN ({_changed(one, 'IS DISTINCT FROM')}) EXECUTE FUNCTION {row_noting}()"
        )
    yield _function(KEEPING_EARLIER, _keep_earlier("LEAST"))
    yield (
        f"CREATE OR REPLACE TRIGGER {KEEPING_EARLIER} AFTER UPDATE ON {CASES} FOR EACH ROW"
        f" WHEN ({IS_REOPENED}) EXECUTE FUNCTION {KEEPING_EARLIER}()"
    )


def _keep_earlier(least: str) -> str:
    """Return the statement of the trigger that keeps the earlier time; ``least`` is the function of the database."""
    until = f'{least}(OLD."closed_at", NEW."pending_since")'
    return f'INSERT INTO {EARLIER} ("case_id", "since", "until") VALUES (OLD."id", OLD."pending_since", {until})'


def _function(called: str, statement: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {called}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" {statement}; RETURN NULL; END $$"
    )


def _quarters(watched: Watched, moments: str) -> str:
    rows = f"SELECT DISTINCT '{watched.family}', {_bin('at')} FROM ({moments}) moments WHERE at IS NOT NULL"
    return f"{NOTE} {rows}"


def _bin(moment: str) -> str:
    return f"date_bin('15 minutes', {moment}, TIMESTAMPTZ '2000-01-01 00:00:00+00')"


def _sqlite() -> Iterator[str]:
    """Yield the statements for SQLite: each row notes those of its quarters that are not noted yet."""
    for one in WATCHED:
        for event, sides in (("insert", ["NEW"]), ("delete", ["OLD"]), ("update", ["OLD", "NEW"])):
            quarters = [f"SELECT {_quarter(f'{row}.{column}')} AS at" for row in sides for column in one.moments]
            if one.table == DECISIONS and event != "delete":
                beside = BESIDE.replace("beside.decided_at", _quarter("beside.decided_at"))
                quarters.append(f"{beside} WHERE beside.case_id = NEW.case_id")
            changed = f"AFTER {event}"
            condition = ""
            if event == "update":
                changed = "AFTER UPDATE OF " + ", ".join(f'"{column}"' for column in one.columns)
                condition = f" WHEN {_changed(one, 'IS NOT')}"
            # Not "OR IGNORE": the conflict clause of the statement that fires the trigger would override it.
            rows = " UNION ".join(quarters)
            once = f"SELECT 1 FROM {NOTED} noted WHERE noted.family = '{one.family}' AND noted.at = moments.at"
            yield (
                f"CREATE TRIGGER IF NOT EXISTS {name(one, event)} {changed} ON {one.table}{condition} BEGIN"
                f" {NOTE} SELECT '{one.family}', at FROM ({rows}) AS moments"
                f" WHERE at IS NOT NULL AND NOT EXISTS ({once}); END"
            )
    reopened = f'AFTER UPDATE OF "closed_at" ON {CASES} WHEN {IS_REOPENED}'
    yield f"CREATE TRIGGER IF NOT EXISTS {KEEPING_EARLIER} {reopened} BEGIN {_keep_earlier('MIN')}; END"


def _quarter(moment: str) -> str:
    """Return SQL for the quarter in which a moment lies, in Django's format: 2026-01-31 10:45:00."""
    minute = f"substr('00153045', CAST(substr({moment}, 15, 2) AS integer) / 15 * 2 + 1, 2)"
    return f"substr({moment}, 1, 14) || {minute} || ':00'"


def _execute(connection: Any, statements: list[str]) -> None:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
