"""CSV written by the database: by COPY on PostgreSQL, as one text for each line on SQLite, with the same bytes.

Texts are always quoted; lines end with a line feed. A text that a spreadsheet would take for a formula, or that begins
with ', gets one ' in front, which an import removes again: an empty column marks the file (ops/files/formulas.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Coalesce

from ops.exports.columns import TEXT, Column, TextExpression, related
from ops.exports.rows import FETCH_SIZE, Chunk, statement
from ops.files.formulas import MARK, with_mark

FORMULA_STARTS = "=+-@\t\r'"  # what no cell may start with
FORMULA_CODES = ", ".join(str(ord(character)) for character in FORMULA_STARTS)
# Of PostgreSQL while it copies. Compiling so many expressions takes a second for each range, and saves less. Workers of
# its own take half as much again of the processors' time, because each sorts its rows on disk, and nothing is sent
# until all have: one process finds rows in the order of the keys, and we write its lines beside it. A merge with the
# messages that they answer would sort them by these, and read all messages up to the last of these for each range.
SETTINGS = "SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL enable_mergejoin = off"
CHUNK_BYTES = 2**18  # about how many are sent or written together


class FormulaSafe(TextExpression):
    """A text as its cell: guarded against formulas and, on SQLite, where no COPY does it, quoted."""

    template = (
        f"(CASE WHEN unicode(%(expressions)s) IN ({FORMULA_CODES}) THEN '\"''' ELSE '\"' END"
        """ || replace(%(expressions)s, '"', '""') || '"')"""
    )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Most texts begin with a letter, so that the first comparison decides.
        suspect = f"ascii(%(expressions)s) < {ord('A')} AND ascii(%(expressions)s) IN ({FORMULA_CODES})"
        template = f"CASE WHEN {suspect} THEN '''' || %(expressions)s ELSE %(expressions)s END"
        return self.as_sql(compiler, connection, template=template, **context)


class Quoted(TextExpression):
    """Text that needs no guard as a cell; SQLite has to quote it."""

    template = """('"' || %(expressions)s || '"')"""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s", **context)


class Line(TextExpression):
    """All cells of a row as bytes: a text, to be encoded in Python, would take a tenth of all the time."""

    arg_joiner = " || ',' || "
    template = "CAST(%(expressions)s || char(10) AS BLOB)"


def header(columns: Mapping[str, Column]) -> bytes:
    return f"{','.join(with_mark(list(columns), MARK))}\n".encode()


def lines(rows: QuerySet, columns: Mapping[str, Column], *, after: int, up_to: int, number: int = 0) -> Iterator[Chunk]:
    """The lines of rows with keys greater than ``after`` up to ``up_to``, by key.

    ``number``, the rows before them, makes no difference to this format.
    """
    rows = related(rows, columns.values())
    written = with_mark([*map(_cell, columns.values())], Value(None, output_field=TextField()))
    cells = {f"c{place}": cell for place, cell in enumerate(written)}
    if connection.vendor != "postgresql":
        # A null cell would make the whole line null; COPY writes it as an empty one.
        line = Line(*(Coalesce(cell, Value(""), output_field=TextField()) for cell in cells.values()))
        found = statement(rows, {"line": line}, after=after, up_to=up_to)
        return _concatenated(*found) if found else iter(())
    kinds = with_mark([column.kind for column in columns.values()], "")
    texts = [f"c{place}" for place, kind in enumerate(kinds) if kind == TEXT]
    options = f"FORMAT csv, FORCE_QUOTE ({', '.join(texts)})" if texts else "FORMAT csv"
    found = statement(rows, cells, after=after, up_to=up_to)
    return _copied(*found, options) if found else iter(())


def _cell(column: Column) -> Any:
    if column.kind != TEXT:
        return column.value
    cell = FormulaSafe(column.expression)
    return Coalesce(cell, *map(Quoted, column.fallbacks), output_field=TextField()) if column.fallbacks else cell


def _copied(query: str, params: tuple[Any, ...], options: str) -> Iterator[Chunk]:
    # Django does not wrap the driver's errors of COPY, and jobs handle Django's errors.
    with transaction.atomic(), connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        # COPY takes no parameters: the driver inserts them, quoted.
        copying = psycopg.ClientCursor(connection.connection).mogrify(f"COPY ({query}) TO STDOUT ({options})", params)
        with cursor.copy(copying) as copy:
            yield from _received(copy)


def _received(copy: psycopg.Copy) -> Iterator[Chunk]:
    """The lines of a COPY, joined as they are read.

    Lines that have arrived are taken from libpq directly: asking the driver for each costs more than a quarter of all
    the time. A list of lines would cost as much in Python's garbage collector.
    """
    libpq = copy.connection.pgconn
    piece, number = bytearray(), 0
    while line := copy.read():
        length = 1
        while length > 0:
            piece += line
            number += 1
            length, line = libpq.get_copy_data(1)
        if len(piece) >= CHUNK_BYTES or length < 0:
            yield bytes(piece), number
            piece, number = bytearray(), 0
        if length < 0:
            return _finish(libpq)
    if number:  # the driver reported the end after lines too few for a chunk
        yield bytes(piece), number


def _finish(libpq: psycopg.pq.abc.PGconn) -> None:
    """Read the final result of the server; raises its error, if any, as the driver would."""
    while result := libpq.get_result():
        if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
            state = result.error_field(psycopg.pq.DiagnosticField.SQLSTATE)
            # A lost connection has no state.
            error = psycopg.errors.lookup(state.decode()) if state else psycopg.OperationalError
            raise error(result.get_error_message())


def _concatenated(query: str, params: tuple[Any, ...]) -> Iterator[Chunk]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        while rows := cursor.fetchmany(FETCH_SIZE):
            yield b"".join([line for (line,) in rows]), len(rows)
