"""The benchmark's own databases, beside the configured one, which is never touched.

SQLite files lie in ``var/bench``; on PostgreSQL the databases are called ``<configured name>_bench_…``. Made
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
# By what they make in a copy of kept conversations: an account with a tenth of the messages; cases to be reviewed.
MAKERS = {BUSY: "bench.scenarios.deletion", CASES: "bench.scenarios.reviewing"}
forks = forking.Forks()
up_to_date: set[str] = set()  # URLs of databases that this process has migrated


class Server(Protocol):
    """Where databases are made, by name."""

    title: str

    def version(self) -> str:
        """The database's name and version, as people say it."""

    def url(self, name: str) -> str:
        """What DATABASE_URL must be to use the database."""

    def exists(self, name: str) -> bool: ...

    def create(self, name: str) -> None: ...

    def rename(self, name: str, new_name: str) -> None: ...

    def copy(self, name: str, new_name: str) -> None:
        """A second database with all that the first one holds, which nobody uses meanwhile."""

    def drop(self, name: str) -> None:
        """Remove the database; harmless where there is none."""


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
        """Run a statement about databases from the server's maintenance database; {} stand for their names."""
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
        # By force: a server that was measured on it may not have noticed yet that its client is gone.
        self._ask("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def environment(url: str, **more: str) -> dict[str, str]:
    """The variables of a process that is measured on the database ``url``: production, but without HTTPS."""
    files = {"SECRET_KEY_FILE", "DATABASE_URL_FILE", "REDIS_URL_FILE"}  # would contradict what is set here
    return {
        **{name: value for name, value in os.environ.items() if name not in files},
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "SECRET_KEY": KEY,
        "DEBUG": "false",
        "ALLOWED_HOSTS": "testserver,127.0.0.1",
        "HTTPS": "false",
        "LOG_LEVEL": "WARNING",
        # What the configured console caches stays its own.
        "REDIS_URL": "",
        **more,
    }


def run(arguments: Sequence[str], url: str, *, settings: str = "bench.settings") -> str:
    """Run Python in a process of its own on the database ``url``; what it printed.

    Raises subprocess.CalledProcessError where it fails; what it said of that is its ``stderr``.
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
    """Bring the tables of a database up to date; once in this process, since that takes longer than many a figure."""
    if url not in up_to_date:
        run(["manage.py", "migrate", "--verbosity=0"], url)
        up_to_date.add(url)


def migrated(server: Server) -> str:
    """The name of a database without a row, made at first use and dropped with this process: others are its copies."""
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
    """Drop the kept databases with so many messages."""
    for messages in sizes:
        server.drop(kept_name(messages))
        for more in MAKERS:
            server.drop(f"{kept_name(messages)}_{more}")


def kept(server: Server, messages: int) -> str:
    """The URL of a database with so many made messages, made now where it is missing."""
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
    """The URL of a migrated database without a row, dropped afterwards."""
    name = f"empty_{os.getpid()}"
    server.drop(name)
    server.copy(migrated(server), name)
    try:
        yield server.url(name)
    finally:
        server.drop(name)


@contextmanager
def copied(server: Server, messages: int, more: str) -> Iterator[str]:
    """The URL of a copy of the kept messages with ``more`` (of MAKERS) made in it, dropped afterwards.

    What it is copied from is kept, like the messages themselves.
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
