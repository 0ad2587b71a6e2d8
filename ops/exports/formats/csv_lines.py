"""CSV, written by the database: with COPY on PostgreSQL, as one value for each line on SQLite, with the same bytes.

Texts are always quoted, and lines end with a line feed. A text that a spreadsheet would take for a formula, or that
begins with ', gets one ' in front. An empty column marks the file, so that imports remove it (ops/files/formulas.py).
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

FORMULA_STARTS = "=+-@\t\r'"  # characters with which no cell may start
FORMULA_CODES = ", ".join(str(ord(character)) for character in FORMULA_STARTS)
# PostgreSQL's settings during COPY. JIT compilation takes a second for each range and saves less. Parallel workers take
# 1.5 times the processor time, because each sorts its rows on disk, and send nothing until all are done; one process
# finds rows in the order of the keys, while we write its lines. A merge join with the parent messages would sort the
# rows by parent, and for each range read all messages up to the last parent.
SETTINGS = "SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL enable_mergejoin = off"
CHUNK_BYTES = 2**18  # sent or written together, approximately


class FormulaSafe(TextExpression):
    """A text as a cell: guarded against formulas and, on SQLite, which has no COPY to do it, quoted."""

    template = (
        f"(CASE WHEN unicode(%(expressions)s) IN ({FORMULA_CODES}) THEN '\"''' ELSE '\"' END"
        """ || replace(%(expressions)s, '"', '""') || '"')"""
    )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Most texts begin with a letter, so the first comparison decides.
        suspect = f"ascii(%(expressions)s) < {ord('A')} AND ascii(%(expressions)s) IN ({FORMULA_CODES})"
        template = f"CASE WHEN {suspect} THEN '''' || %(expressions)s ELSE %(expressions)s END"
        return self.as_sql(compiler, connection, template=template, **context)


class Quoted(TextExpression):
    """A text as a cell without the guard; quoted on SQLite only, as COPY quotes by itself."""

    template = """('"' || %(expressions)s || '"')"""

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s", **context)


class Line(TextExpression):
    """All cells of a row as bytes, since encoding text in Python would take a tenth of the export's time."""

    arg_joiner = " || ',' || "
    template = "CAST(%(expressions)s || char(10) AS BLOB)"


def header(columns: Mapping[str, Column]) -> bytes:
    return f"{','.join(with_mark(list(columns), MARK))}\n".encode()


def lines(rows: QuerySet, columns: Mapping[str, Column], *, after: int, up_to: int, number: int = 0) -> Iterator[Chunk]:
    """Yield the lines of rows with keys greater than ``after`` up to ``up_to``, by key.

    This format ignores ``number``, the number of rows before them.
    """
    rows = related(rows, columns.values())
    written = with_mark([*map(_cell, columns.values())], Value(None, output_field=TextField()))
    cells = {f"c{place}": cell for place, cell in enumerate(written)}
    if connection.vendor != "postgresql":
        # A null cell would make the whole line null; COPY writes it as an empty cell.
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
    # Django does not wrap the driver's errors during COPY, and jobs handle only Django's errors.
    with transaction.atomic(), connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        # COPY takes no parameters, so the driver inserts them, quoted.
        copying = psycopg.ClientCursor(connection.connection).mogrify(f"COPY ({query}) TO STDOUT ({options})", params)
        with cursor.copy(copying) as copy:
            yield from _received(copy)


def _received(copy: psycopg.Copy) -> Iterator[Chunk]:
    """Yield the lines of a COPY, joined as they are read.

    Reads the lines that libpq has received directly from it: calling the driver for each would take more than a quarter
    of the export's time, and so would Python's garbage collector for a list of lines.
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
    if number:  # the driver reported the end before the chunk was full
        yield bytes(piece), number


def _finish(libpq: psycopg.pq.abc.PGconn) -> None:
    """Read the server's final result; raises its error, if any, as the driver would."""
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
