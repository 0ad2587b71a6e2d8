"""Tests start with a copy of a database that was migrated once: migrating takes ten seconds per process.

The copy is kept in the environment's folder for SQLite, and on the server beside the test databases for PostgreSQL,
until code, libraries or settings change. Django migrates it like any test database, and finds nothing left to do.

On PostgreSQL, commits do not wait for the disk: test data need not survive a power failure.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

PROJECT = Path(__file__).resolve().parents[2]
SETTINGS: str = settings.SETTINGS_MODULE  # read once: None while a test overrides settings


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Prepare how the test database is created: pytest-django calls this fixture before, and leaves it to projects.

    The other fixture, on which pytest-django's own version depends, gives each process its own database name.
    """
    creation: Any = connection.creation
    if connection.vendor == "sqlite" and creation.is_in_memory_db(creation._get_test_db_name()):
        creation.create_test_db = _from_a_copy(creation, request.config)
    elif connection.vendor == "postgresql":
        creation._create_test_db = _that_is_quick(creation)
        creation.create_test_db = _from_a_template(creation)


def _that_is_quick(creation: Any) -> Any:
    """Wrap ``creation`` so that connections to the new database, even those of other programs, commit quickly."""
    make = creation._create_test_db

    def create(*args: Any, **options: Any) -> str:
        name: str = make(*args, **options)
        with creation._nodb_cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {connection.ops.quote_name(name)} SET synchronous_commit = off")
        return name

    return create


def _from_a_template(creation: Any) -> Any:
    make = creation.create_test_db

    def create_test_db(*args: Any, **options: Any) -> str:
        with _kept_template() as template:
            if template.is_there():
                connection.settings_dict["TEST"]["TEMPLATE"] = template.name
                made: str = make(*args, **options)
            else:
                made = make(*args, **options)
                connection.close()  # a database with connections cannot be copied
                template.become(made)
        connection.ensure_connection()
        return made

    return create_test_db


class _Template:
    """The migrated database on the server; its comment is the digest of its sources."""

    def __init__(self, cursor: Any) -> None:
        self.name = f"tests_of_{SETTINGS.replace('.', '_')}"
        self._cursor, self._digest = cursor, _digest()

    def is_there(self) -> bool:
        comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        self._cursor.execute(comment, [self.name])
        return self._cursor.fetchone() == (self._digest,)

    def become(self, database: str) -> None:
        self._cursor.execute(f'DROP DATABASE IF EXISTS "{self.name}"')
        self.copy_to(self.name, of=database)
        self._cursor.execute(f"COMMENT ON DATABASE \"{self.name}\" IS '{self._digest}'")

    def copy_to(self, name: str, *, of: str = "") -> None:
        copy_on_server(self._cursor.execute, name, of=of or self.name)


def copy_on_server(execute: Callable[[str], Any], name: str, *, of: str) -> None:
    """Copy a PostgreSQL database without connections; ``execute`` must run outside of a transaction."""
    execute(f'CREATE DATABASE "{name}" TEMPLATE "{of}"')
    execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')  # not copied with the database


@contextmanager
def _kept_template() -> Iterator[_Template]:
    """Yield the template, shared by processes that copy it; while one process makes it, the others wait."""
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as own, own.cursor() as cursor:
        template = _Template(cursor)
        lock = [f"the template {template.name}"]
        cursor.execute("SELECT pg_advisory_lock_shared(hashtextextended(%s, 0))", lock)
        if not template.is_there():
            cursor.execute("SELECT pg_advisory_unlock_shared(hashtextextended(%s, 0))", lock)
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", lock)
        yield template


def _from_a_copy(creation: Any, config: pytest.Config) -> Any:
    make, name = creation.create_test_db, creation._get_test_db_name()

    def create_test_db(*args: Any, **options: Any) -> str:
        with _kept_copy() as copy:
            if known := copy.exists():
                # The in-memory database lasts while a connection is open: Django opens its own below.
                memory = sqlite3.connect(name, uri=True)
                config.add_cleanup(memory.close)
                _copy(copy, memory)
            made: str = make(*args, **options)
            if not known:
                _keep(copy)
        return made

    return create_test_db


def take_copy(to: str) -> bool:
    """Copy the migrated database to this path, or on PostgreSQL to this database; return False if none is kept."""
    if connection.vendor == "postgresql":
        with _kept_template() as template:
            if known := template.is_there():
                template.copy_to(to)
            return known
    with _kept_copy() as copy:
        if known := copy.exists():
            shutil.copy(copy, to)
        return known


@contextmanager
def _kept_copy() -> Iterator[Path]:
    """Yield the path of the copy, to one process at a time: others wait until it is made."""
    copy = Path(sys.prefix) / f".test-database-{SETTINGS}.sqlite3"
    stands_for = copy.with_suffix(".digest")
    with copy.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        digest = _digest()
        if not stands_for.exists() or stands_for.read_text() != digest:
            copy.unlink(missing_ok=True)
            stands_for.write_text(digest)
        yield copy


def _copy(copy: Path, memory: sqlite3.Connection) -> None:
    kept = sqlite3.connect(f"file:{copy}?mode=ro", uri=True)
    kept.backup(memory)
    kept.close()


def _keep(copy: Path) -> None:
    """Write the test database to this file, which only appears once it is complete."""
    part = copy.with_suffix(".part")
    part.unlink(missing_ok=True)
    kept = sqlite3.connect(part)
    connection.ensure_connection()
    connection.connection.backup(kept)
    kept.close()
    part.replace(copy)


def _digest() -> str:
    """Return a digest of all that a migrated database depends on.

    That is our code except tests (migrations call it), the required libraries, and SQLite.
    """
    digest = sha256(f"{sys.version} {sqlite3.sqlite_version}".encode())
    listed = re.findall(r"^[\w.-]+", (PROJECT / "requirements.txt").read_text(), re.MULTILINE)
    versions = {_normalised(one.name): one.version for one in distributions()}
    for name in sorted(map(_normalised, listed)):
        digest.update(f"{name} {versions.get(name)}".encode())
    for room in ("messaging", "ops"):
        for file in sorted((PROJECT / room).rglob("*.py")):
            if "tests" not in file.parts or file.name == "settings.py":
                digest.update(f"{file.relative_to(PROJECT)}".encode() + file.read_bytes())
    return digest.hexdigest()


def _normalised(name: str) -> str:
    """Return the name of a library in the normal form of package registries."""
    return re.sub(r"[-_.]+", "-", name).lower()
