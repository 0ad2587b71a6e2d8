"""Triggers for rules that constraints cannot express, on both databases, for every code path:

- a flag belongs to a case of its message's conversation;
- a decision never changes, except for whether it is in force and for the columns that an erasure empties; it is never
  deleted.

They are dropped before every migration and created after it: SQLite copies a table to alter it, and refuses to rename
the copy while a trigger of another table refers to it.
"""

from __future__ import annotations

from typing import Any

from django.db import connections, transaction

FLAG, DECISION = "moderation_flag", "moderation_decision"
TABLES = (FLAG, DECISION, "moderation_case", "messaging_message")
FLAG_REFUSAL = "A flag belongs to a case of its message's conversation"
DECISION_REFUSAL = "Decisions are append-only"
FLAG_NAME, FIXED_NAME, DELETE_NAME = (
    "moderation_flag_in_its_case",
    "moderation_decision_fixed",
    "moderation_decision_kept",
)
# Columns of a decision that never change.
FIXED = (
    "case_id",
    "label_id",
    "decided_at",
    "group",
    "version_before",
    "version_after",
    "reverses_id",
    "restores_id",
    "upholds",
)
ELSEWHERE = """NEW.message_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM messaging_message AS message, moderation_case AS its
    WHERE message.id = NEW.message_id AND its.id = NEW.case_id AND its.conversation_id = message.conversation_id)"""


def install(using: str) -> None:
    """Create the missing triggers; do nothing if one of their tables does not exist."""
    connection = connections[using]
    if not _has_tables(connection):
        return
    statements = _postgresql() if connection.vendor == "postgresql" else _sqlite()
    _execute(connection, statements)


def remove(using: str) -> None:
    """Drop the triggers that exist."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        _execute(connection, [f"DROP TRIGGER IF EXISTS {name}" for name in _sqlite_names()])
        return
    if _has_tables(connection):
        names = ((FLAG_NAME, FLAG), (FIXED_NAME, DECISION), (DELETE_NAME, DECISION))
        _execute(connection, [f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, table in names])


def _has_tables(connection: Any) -> bool:
    return set(TABLES) <= set(connection.introspection.table_names())


def _changed(same: str) -> str:
    quoted = (f'"{name}"' for name in FIXED)
    return " OR ".join(f"NEW.{name} {same} OLD.{name}" for name in quoted)


def _postgresql() -> list[str]:
    return [
        f"""CREATE OR REPLACE FUNCTION moderation_check_flag() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF {ELSEWHERE} THEN
                RAISE EXCEPTION '{FLAG_REFUSAL.replace("'", "''")}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$""",
        f"""CREATE OR REPLACE FUNCTION moderation_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION '{DECISION_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
        END $$""",
        f"CREATE OR REPLACE TRIGGER {FLAG_NAME} BEFORE INSERT OR UPDATE OF case_id, message_id ON {FLAG}"
        " FOR EACH ROW EXECUTE FUNCTION moderation_check_flag()",
        f"CREATE OR REPLACE TRIGGER {FIXED_NAME} BEFORE UPDATE ON {DECISION} FOR EACH ROW"
        f" WHEN ({_changed('IS DISTINCT FROM')}) EXECUTE FUNCTION moderation_refuse()",
        f"CREATE OR REPLACE TRIGGER {DELETE_NAME} BEFORE DELETE ON {DECISION} FOR EACH ROW"
        " EXECUTE FUNCTION moderation_refuse()",
    ]


def _sqlite_names() -> list[str]:
    return [f"{FLAG_NAME}_insert", f"{FLAG_NAME}_update", FIXED_NAME, DELETE_NAME]


def _sqlite() -> list[str]:
    flag = f"""WHEN {ELSEWHERE} BEGIN SELECT RAISE(ABORT, '{FLAG_REFUSAL.replace("'", "''")}'); END"""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{DECISION_REFUSAL}'); END"
    return [
        f"CREATE TRIGGER IF NOT EXISTS {FLAG_NAME}_insert BEFORE INSERT ON {FLAG} {flag}",
        f"CREATE TRIGGER IF NOT EXISTS {FLAG_NAME}_update BEFORE UPDATE OF case_id, message_id ON {FLAG} {flag}",
        f"CREATE TRIGGER IF NOT EXISTS {FIXED_NAME} BEFORE UPDATE ON {DECISION} WHEN {_changed('IS NOT')} {refuse}",
        f"CREATE TRIGGER IF NOT EXISTS {DELETE_NAME} BEFORE DELETE ON {DECISION} {refuse}",
    ]


def _execute(connection: Any, statements: list[str]) -> None:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
