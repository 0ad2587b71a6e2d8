"""Triggers that keep the audit trail append-only on both databases, also against what does not use our models.

They refuse UPDATE and DELETE of entries and seals (on PostgreSQL TRUNCATE too, on SQLite INSERT OR REPLACE), and put
each new entry among those that wait for a seal. One UPDATE passes: emptying personal copies of an entry, a whole group
of them with its salt, while it is marked as scrubbed. There is no switch: whoever wants to do more must own the
tables and drop the triggers, and verify_audit says both that they are gone and what was done.

A migration that changes these tables calls ``remove`` before and ``install`` after: the triggers compare the columns
that were there when they were made, and SQLite loses them where Django makes a table anew.
"""

from __future__ import annotations

from typing import Any

ENTRIES, SEALS, UNSEALED = "audit_entry", "audit_seal", "audit_unsealed"
GROUPS = (("actor_salt", "actor_name", "ip", "user_agent"), ("target_salt", "target_label", "reason"))
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


def install(connection: Any) -> None:
    """Create the triggers on a database that has none of them."""
    statements = _postgresql(connection) if connection.vendor == "postgresql" else _sqlite(connection)
    _execute(connection, statements)


def remove(connection: Any) -> None:
    """Drop the triggers, as the owner of the tables can."""
    if connection.vendor == "postgresql":
        statements = [f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, table in _names(connection)]
        statements += [f"DROP FUNCTION IF EXISTS {function}()" for function in ("audit_refuse", "audit_queue")]
    else:
        statements = [f"DROP TRIGGER IF EXISTS {name}" for name, _ in _names(connection)]
    _execute(connection, statements)


def missing(connection: Any) -> list[str]:
    """The names of triggers that should be in force and are not."""
    if connection.vendor == "postgresql":
        sql = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    else:
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        there = {row[0] for row in cursor.fetchall()}
    return [name for name, _ in _names(connection) if name not in there]


def _names(connection: Any) -> list[tuple[str, str]]:
    """Each trigger with its table."""
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
        # REPLACE removes the old row without firing the triggers of DELETE.
        there = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same_row[table]})"
        statements += [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {scrubbing} {refuse}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {there} {refuse}",
        ]
    return statements


def _only_scrubs(connection: Any, same: str) -> str:
    """The condition under which an UPDATE of an entry does nothing but empty groups of personal copies."""
    with connection.cursor() as cursor:
        columns = [column.name for column in connection.introspection.get_table_description(cursor, ENTRIES)]
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
