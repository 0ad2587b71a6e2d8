"""Fixtures that find out whether PostgreSQL waits for the disk, which test databases never do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection


@pytest.fixture
def as_in_production(transactional_db: None) -> Iterator[None]:
    """Have PostgreSQL wait for the disk, as in production."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        yield
        cursor.execute("RESET synchronous_commit")


NOTED = """
CREATE TEMPORARY TABLE noted (name text, setting text);
CREATE FUNCTION pg_temp.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO noted VALUES (TG_TABLE_NAME, current_setting('synchronous_commit'));
    RETURN NULL;
END $$
"""
NOTES = """
CREATE CONSTRAINT TRIGGER noted AFTER INSERT ON {} DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION pg_temp.note()
"""


@pytest.fixture
def waits_for_the_disk(as_in_production: None) -> Iterator[Callable[[], dict[str, bool]]]:
    """A function that returns, by table, whether the last commits of an entry and of a seal waited for the disk."""

    def found() -> dict[str, bool]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, setting FROM noted")
            return {name: setting == "on" for name, setting in cursor.fetchall()}

    with connection.cursor() as cursor:
        cursor.execute(NOTED)
        for table in ("audit_entry", "audit_seal"):
            cursor.execute(NOTES.format(table))
        yield found
        for table in ("audit_entry", "audit_seal"):
            cursor.execute(f"DROP TRIGGER noted ON {table}")
        cursor.execute("DROP TABLE noted; DROP FUNCTION pg_temp.note()")
