"""CSV made by the database itself: PostgreSQL's COPY, on SQLite one text for each line. Both give the same bytes.

Texts are always quoted, lines end with a line feed. A text that a spreadsheet would take for a formula gets a leading
', and one that begins with ' a second one, so that import can take exactly that off again (DESIGN.md §7).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import Coalesce

from ops.exports.columns import TEXT, Column, InWords
from ops.exports.rows import AT_ONCE, Piece, statement

LIVELY = "=+-@\t\r'"  # what a cell must not begin with
CODES = ", ".join(str(ord(character)) for character in LIVELY)
PIECE = 2**18  # bytes sent or written together, about


class Inert(InWords):
    """A text as its cell holds it: no formula, and on SQLite, which does not do that itself, quoted."""

    template = (
        f"(CASE WHEN unicode(%(expressions)s) IN ({CODES}) THEN '\"''' ELSE '\"' END"
        """ || replace(%(expressions)s, '"', '""') || '"')"""
    )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Most texts begin with a letter, which one comparison tells from what is lively.
        lively = f"ascii(%(expressions)s) < {ord('A')} AND ascii(%(expressions)s) IN ({CODES})"
        template = f"CASE WHEN {lively} THEN '''' || %(expressions)s ELSE %(expressions)s END"
        return self.as_sql(compiler, connection, template=template, **context)


class Ours(InWords):
    """Harmless text of our own making as a cell: only SQLite has to be told to quote it."""

    template = """('"' || %(expressions)s || '"')"""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s", **context)


class Line(InWords):
    """All cells of a row, as the bytes that are written: making a text of them first takes a tenth of the time."""

    arg_joiner = " || ',' || "
    template = "CAST(%(expressions)s || char(10) AS BLOB)"


def header(columns: Mapping[str, Column]) -> bytes:
    return f"{','.join(columns)}\n".encode()


def lines(rows: QuerySet, columns: Mapping[str, Column], *, after: int, up_to: int, number: int = 0) -> Iterator[Piece]:
    """The lines of the rows whose keys come after one and up to another, in the order of the keys.

    ``number`` says how many come before them: lines do not care.
    """
    cells = {f"c{place}": _cell(column) for place, column in enumerate(columns.values())}
    if connection.vendor != "postgresql":
        found = statement(rows, {"line": Line(*cells.values())}, after=after, up_to=up_to)
        return _concatenated(*found) if found else iter(())
    texts = [f"c{place}" for place, column in enumerate(columns.values()) if column.kind == TEXT]
    options = f"FORMAT csv, FORCE_QUOTE ({', '.join(texts)})" if texts else "FORMAT csv"
    found = statement(rows, cells, after=after, up_to=up_to)
    return _copied(*found, options) if found else iter(())


def _cell(column: Column) -> Any:
    if column.kind != TEXT:
        return column.value
    cell = Inert(column.expression)
    return Coalesce(cell, *map(Ours, column.otherwise), output_field=TextField()) if column.otherwise else cell


def _copied(query: str, params: tuple[Any, ...], options: str) -> Iterator[Piece]:
    # Django leaves the driver's errors of COPY as they are; jobs know those of Django.
    with transaction.atomic(), connection.wrap_database_errors, connection.cursor() as cursor:
        # Translating a statement of so many expressions takes a second, for each range anew, and saves less.
        cursor.execute("SET LOCAL jit = off")
        # COPY takes no parameters: the driver puts them in, quoted.
        copying = psycopg.ClientCursor(connection.connection).mogrify(f"COPY ({query}) TO STDOUT ({options})", params)
        with cursor.copy(copying) as copy:
            yield from _received(copy)


def _received(copy: psycopg.Copy) -> Iterator[Piece]:
    """The lines of a COPY. Those that came together are taken from libpq at once: asking the driver for each costs
    more than a quarter of all the time. Kept as they come, they would keep Python's garbage collector just as busy."""
    libpq = copy.connection.pgconn
    piece, number = bytearray(), 0
    while line := copy.read():
        length = 1
        while length > 0:
            piece += line
            number += 1
            length, line = libpq.get_copy_data(1)
        if len(piece) >= PIECE or length < 0:
            yield bytes(piece), number
            piece, number = bytearray(), 0
        if length < 0:
            return _finish(libpq)
    if number:  # the end came when the driver was asked, after lines that were too few to be handed on
        yield bytes(piece), number


def _finish(libpq: psycopg.pq.abc.PGconn) -> None:
    """Take what the server says in the end; raises its error, if any, as the driver would."""
    while result := libpq.get_result():
        if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
            state = result.error_field(psycopg.pq.DiagnosticField.SQLSTATE)
            # A connection that is lost has no state.
            error = psycopg.errors.lookup(state.decode()) if state else psycopg.OperationalError
            raise error(result.get_error_message())


def _concatenated(query: str, params: tuple[Any, ...]) -> Iterator[Piece]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        while rows := cursor.fetchmany(AT_ONCE):
            yield b"".join([line for (line,) in rows]), len(rows)
