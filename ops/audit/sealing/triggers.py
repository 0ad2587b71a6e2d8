"""Triggers that keep the audit trail append-only on both databases, even for SQL that does not go through our models.

They refuse UPDATE and DELETE of entries and seals (on PostgreSQL also TRUNCATE, on SQLite INSERT OR REPLACE), and queue
each new entry for sealing. One UPDATE is allowed: emptying a whole group of an entry's personal copies with its salt
while marking the entry as scrubbed. Nothing switches the triggers off: bypassing them means owning the tables and
dropping the triggers, and verify_audit reports both the missing triggers and the changes.

A migration that changes these tables calls ``remove`` before and ``install`` after: the triggers compare the columns
that existed when they were created, and SQLite drops them when Django rebuilds a table.
"""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

ENTRIES, SEALS, UNSEALED = "audit_entry", "audit_seal", "audit_unsealed"
GROUPS = (("actor_salt", "actor_name", "ip", "user_agent"), ("target_salt", "target_label", "reason", "request_id"))
REFUSAL = "The audit trail is append-only"

POSTGRESQL_FUNCTIONS = (
    f"""CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    f"""CREATE OR REPLACE FUNCTION audit_queue() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO {UNSEALED} (entry_id) VALUES (NEW.id);
        RETURN NULL;
    END $$""",
)

SQLITE_DEFINITIONS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
_DEFINITIONS = f"""
SELECT tgname, pg_get_triggerdef(pg_trigger.oid), tgenabled FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE NOT tgisinternal AND relname IN ('{ENTRIES}', '{SEALS}') AND relpersistence
"""
POSTGRESQL_DEFINITIONS, POSTGRESQL_DEFINITIONS_OF_TEMPORARY = f"{_DEFINITIONS} <> 't'", f"{_DEFINITIONS} = 't'"
POSTGRESQL_BODIES = "SELECT proname, prosrc FROM pg_proc WHERE proname IN ('audit_refuse', 'audit_queue')"


def install(connection: Any) -> None:
    """Create the triggers on a database that has none of them yet."""
    statements = _postgresql(connection) if connection.vendor == "postgresql" else _sqlite(connection)
    _execute(connection, statements)


def remove(connection: Any) -> None:
    """Drop the triggers; only the owner of the tables can."""
    if connection.vendor == "postgresql":
        statements = [f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, table in _names(connection)]
        statements += [f"DROP FUNCTION IF EXISTS {function}()" for function in ("audit_refuse", "audit_queue")]
    else:
        statements = [f"DROP TRIGGER IF EXISTS {name}" for name, _ in _names(connection)]
    _execute(connection, statements)


def faults(connection: Any) -> list[str]:
    """Return a sentence for each trigger or trigger function that is missing, disabled or changed."""
    installed, expected = _installed(connection), _expected(connection)
    found = []
    for name, definition in expected.items():
        if name not in installed:
            found.append(_("%(name)s is missing") % {"name": name})
        elif not installed[name][1]:
            found.append(_("%(name)s is disabled") % {"name": name})
        elif _plain(installed[name][0]) != _plain(definition):
            found.append(_("%(name)s was changed") % {"name": name})
    return found


def _installed(connection: Any) -> dict[str, tuple[str, bool]]:
    """Return (definition, whether it fires in every session) by trigger, and on PostgreSQL by trigger function too."""
    if connection.vendor != "postgresql":
        return {name: (sql, True) for name, sql in _rows(connection, SQLITE_DEFINITIONS)}
    # "O" fires in every session but a replica's, "A" in all. "R" fires only for replicas, so not for our writers.
    found = {name: (sql, enabled in ("O", "A")) for name, sql, enabled in _rows(connection, POSTGRESQL_DEFINITIONS)}
    return found | {name: (body, True) for name, body in _rows(connection, POSTGRESQL_BODIES)}


def _expected(connection: Any) -> dict[str, str]:
    """Return the definition of each trigger that ``install`` creates, as the database would show it."""
    if connection.vendor != "postgresql":
        return dict(zip((name for name, _ in _names(connection)), _sqlite(connection), strict=True))
    # PostgreSQL rewrites definitions, so create the same triggers on temporary copies of the tables and read them back.
    statements = [one for one in _postgresql(connection) if one not in POSTGRESQL_FUNCTIONS]
    with transaction.atomic(using=connection.alias):
        bodies = [body.partition("$$")[2].rpartition("$$")[0] for body in POSTGRESQL_FUNCTIONS]
        expected = dict(zip(("audit_refuse", "audit_queue"), bodies, strict=True))
        if len(dict(_rows(connection, POSTGRESQL_BODIES))) == len(bodies):
            for table in (ENTRIES, SEALS):
                _execute(connection, [f"CREATE TEMPORARY TABLE {table} (LIKE {table})"])
            _execute(connection, statements)
            expected |= {name: sql for name, sql, _ in _rows(connection, POSTGRESQL_DEFINITIONS_OF_TEMPORARY)}
        else:
            expected |= dict.fromkeys((name for name, _ in _names(connection)), "")
        transaction.set_rollback(True, using=connection.alias)
    return expected


def _plain(definition: str) -> str:
    """Return a definition without the schema of its table, and with runs of white space reduced to one blank."""
    return re.sub(r"\s+", " ", re.sub(r" ON \S+\.", " ON ", definition)).strip()


def _rows(connection: Any, sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _names(connection: Any) -> list[tuple[str, str]]:
    """Return (trigger, table) for every trigger."""
    kinds = ("update", "delete", "truncate" if connection.vendor == "postgresql" else "replace")
    return [("audit_entry_queue", ENTRIES)] + [
        (f"{table}_no_{kind}", table) for table in (ENTRIES, SEALS) for kind in kinds
    ]


def _postgresql(connection: Any) -> list[str]:
    statements = [*POSTGRESQL_FUNCTIONS]
    statements.append(
        f"CREATE TRIGGER audit_entry_queue AFTER INSERT ON {ENTRIES} FOR EACH ROW EXECUTE FUNCTION audit_queue()"
    )
    for table in (ENTRIES, SEALS):
        scrubbing = (
            f"WHEN (({_only_scrubs(connection, 'IS NOT DISTINCT FROM')}) IS NOT TRUE)" if table == ENTRIES else ""
        )
        for event, level in (("UPDATE", f"ROW {scrubbing}"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            statements.append(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
                f" FOR EACH {level} EXECUTE FUNCTION audit_refuse()"
            )
    return statements


def _sqlite(connection: Any) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    queue = f"BEGIN INSERT INTO {UNSEALED} (entry_id) VALUES (NEW.id); END"
    statements = [f"CREATE TRIGGER audit_entry_queue AFTER INSERT ON {ENTRIES} {queue}"]
    same_row = {ENTRIES: "id = NEW.id", SEALS: "position = NEW.position OR entry_id = NEW.entry_id"}
    for table in (ENTRIES, SEALS):
        scrubbing = f"WHEN ({_only_scrubs(connection, 'IS')}) IS NOT TRUE" if table == ENTRIES else ""
        # REPLACE removes the old row without firing DELETE triggers.
        exists = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same_row[table]})"
        statements += [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {scrubbing} {refuse}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {exists} {refuse}",
        ]
    return statements


def _only_scrubs(connection: Any, same: str) -> str:
    """Return SQL that is true if an UPDATE of an entry only empties groups of personal copies; ``same`` is the
    database's null-safe "="."""
    with connection.cursor() as cursor:
        # Not Django's introspection: on SQLite it parses the CREATE TABLE statement each time.
        cursor.execute(f"SELECT * FROM {ENTRIES} LIMIT 0")
        columns = [column[0] for column in cursor.description]
    copies = {name for group in GROUPS for name in group}
    conditions = [f"NEW.{name} {same} OLD.{name}" for name in columns if name not in copies | {"scrubbed_at"}]
    conditions.append("NEW.scrubbed_at IS NOT NULL")
    conditions.append("(OLD.scrubbed_at IS NULL OR NEW.scrubbed_at = OLD.scrubbed_at)")
    for group in GROUPS:
        kept = " AND ".join(f"NEW.{name} = OLD.{name}" for name in group)
        emptied = " AND ".join(f"NEW.{name} = ''" for name in group)
        conditions.append(f"(({kept}) OR ({emptied}))")
    return " AND ".join(conditions)


def _execute(connection: Any, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
