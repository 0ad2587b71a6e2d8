"""The benchmark's own databases. The configured one is never touched.

SQLite files are in ``var/bench``; on PostgreSQL the databases are named ``<configured name>_bench_…``. Generated
conversations are kept between runs, since a million messages take a while; empty databases are dropped after use.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from bench import forking, generate

ROOT = Path(__file__).resolve().parent.parent
KEY = "a key of the benchmark, whose databases hold made-up rows only"
BUSY, CASES = "busy", "cases"
# The modules that add to a copy of the kept conversations: an account with a tenth of the messages; cases to review.
MAKERS = {BUSY: "bench.scenarios.deletion", CASES: "bench.scenarios.reviewing"}
forks = forking.Forks()
up_to_date: set[str] = set()  # URLs of databases that this process has migrated


class Server(Protocol):
    """A database server, on which databases are created and dropped by name."""

    title: str

    def version(self) -> str:
        """Return the database's name and version, for people."""

    def url(self, name: str) -> str:
        """Return the DATABASE_URL of a database."""

    def exists(self, name: str) -> bool: ...

    def create(self, name: str) -> None: ...

    def rename(self, name: str, new_name: str) -> None: ...

    def copy(self, name: str, new_name: str) -> None:
        """Create a copy of a database that is not in use."""

    def drop(self, name: str) -> None:
        """Drop the database if it exists."""


class Sqlite:
    title = "SQLite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite3"

    def url(self, name: str) -> str:
        return f"sqlite:///{quote(str(self._file(name)))}"

    def exists(self, name: str) -> bool:
        return self._file(name).exists()

    def create(self, name: str) -> None:
        self._file(name).touch()

    def rename(self, name: str, new_name: str) -> None:
        self._file(name).rename(self._file(new_name))

    def copy(self, name: str, new_name: str) -> None:
        for suffix in ("", "-wal"):
            if Path(f"{self._file(name)}{suffix}").exists():
                shutil.copyfile(f"{self._file(name)}{suffix}", f"{self._file(new_name)}{suffix}")

    def drop(self, name: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._file(name)}{suffix}").unlink(missing_ok=True)


class Postgresql:
    title = "PostgreSQL"

    def __init__(self, configured_url: str) -> None:
        self.configured = urlsplit(configured_url)

    def _name(self, name: str) -> str:
        return f"{self.configured.path.strip('/')}_bench_{name}"

    def _url(self, database: str) -> str:
        return urlunsplit(self.configured._replace(path=f"/{database}"))

    def url(self, name: str) -> str:
        return self._url(self._name(name))

    def _ask(self, statement: str, *names: str) -> list[tuple]:
        """Run a statement in the server's maintenance database; {} are placeholders for database names."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(sql.SQL(statement).format(*(sql.Identifier(self._name(one)) for one in names)))
            return cursor.fetchall() if cursor.description else []

    def version(self) -> str:
        ((version,),) = self._ask("SHOW server_version")
        return f"PostgreSQL {version.split()[0]}"

    def exists(self, name: str) -> bool:
        return (self._name(name),) in self._ask("SELECT datname FROM pg_database")

    def create(self, name: str) -> None:
        self._ask("CREATE DATABASE {}", name)

    def rename(self, name: str, new_name: str) -> None:
        self._ask("ALTER DATABASE {} RENAME TO {}", name, new_name)

    def copy(self, name: str, new_name: str) -> None:
        self._ask("CREATE DATABASE {} TEMPLATE {}", new_name, name)

    def drop(self, name: str) -> None:
        # FORCE, because a server process may not have noticed yet that its client is gone.
        self._ask("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def environment(url: str, **more: str) -> dict[str, str]:
    """Return the environment of a process that is measured on the database ``url``: production without HTTPS."""
    files = {"SECRET_KEY_FILE", "DATABASE_URL_FILE", "REDIS_URL_FILE"}  # would conflict with the variables below
    return {
        **{name: value for name, value in os.environ.items() if name not in files},
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "SECRET_KEY": KEY,
        "DEBUG": "false",
        "ALLOWED_HOSTS": "testserver,127.0.0.1",
        "HTTPS": "false",
        "LOG_LEVEL": "WARNING",
        # Keeps the benchmark out of the configured console's cache.
        "REDIS_URL": "",
        **more,
    }


def run(arguments: Sequence[str], url: str, *, settings: str = "bench.settings") -> str:
    """Run Python in a process of its own on the database ``url``; returns its output.

    Raises subprocess.CalledProcessError, with the error output as ``stderr``, if it fails.
    """
    if arguments[0] == "-m" and url and "BENCH_SMALL" in os.environ:
        ended = forks.run(arguments[1:], url, environment(url, DJANGO_SETTINGS_MODULE=settings))
        if ended.code:
            raise subprocess.CalledProcessError(ended.code, list(arguments), ended.output, ended.errors)
        return ended.output
    process = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(url, DJANGO_SETTINGS_MODULE=settings),
        capture_output=True,
        text=True,
        check=True,
    )
    return process.stdout


def migrate(url: str) -> None:
    """Migrate a database, once in this process, since migrating takes longer than measuring many a figure."""
    if url not in up_to_date:
        run(["manage.py", "migrate", "--verbosity=0"], url)
        up_to_date.add(url)


def migrated(server: Server) -> str:
    """Return the name of a migrated, empty database, which others are copied from.

    It is created at first use and dropped when this process ends.
    """
    name = f"migrated_{os.getpid()}"
    if server.url(name) not in up_to_date:
        server.drop(name)
        server.create(name)
        atexit.register(server.drop, name)
        migrate(server.url(name))
    return name


def kept_name(messages: int) -> str:
    return f"{messages}_messages_v{generate.VERSION}"


def forget(server: Server, sizes: Sequence[int]) -> None:
    """Drop the kept databases of these numbers of messages."""
    for messages in sizes:
        server.drop(kept_name(messages))
        for more in MAKERS:
            server.drop(f"{kept_name(messages)}_{more}")


def kept(server: Server, messages: int) -> str:
    """Return the URL of a database with so many generated messages, which is created if it is missing."""
    name = kept_name(messages)
    if not server.exists(name):
        print(f"Making {messages:,} messages on {server.title} ...", file=sys.stderr, flush=True)
        half_made = f"{name}_half_made"
        server.drop(half_made)
        server.copy(migrated(server), half_made)
        run(["-m", "bench.load", str(messages)], server.url(half_made))
        server.rename(half_made, name)
        up_to_date.add(server.url(name))
    migrate(server.url(name))
    return server.url(name)


@contextmanager
def empty(server: Server) -> Iterator[str]:
    """Yield the URL of a migrated, empty database, and drop it afterwards."""
    name = f"empty_{os.getpid()}"
    server.drop(name)
    server.copy(migrated(server), name)
    try:
        yield server.url(name)
    finally:
        server.drop(name)


@contextmanager
def copied(server: Server, messages: int, more: str) -> Iterator[str]:
    """Yield the URL of a copy of the kept messages with ``more`` (a key of MAKERS) added, and drop it afterwards.

    The database that it is copied from is kept, like the messages themselves.
    """
    kept(server, messages)
    made, name = f"{kept_name(messages)}_{more}", f"copy_{os.getpid()}"
    if not server.exists(made):
        half_made = f"{made}_half_made"
        server.drop(half_made)
        server.copy(kept_name(messages), half_made)
        run(["-m", MAKERS[more]], server.url(half_made))
        server.rename(half_made, made)
        up_to_date.add(server.url(made))
    migrate(server.url(made))
    server.drop(name)
    server.copy(made, name)
    try:
        yield server.url(name)
    finally:
        server.drop(name)
