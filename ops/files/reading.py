"""Opening a file of rows, whatever its format: that is detected from its content, not from its name."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from ops.files.csv_files import CsvFile
from ops.files.encodings import encoding_of
from ops.files.headers import Columns
from ops.files.json_files import looks_like_json
from ops.files.sources import Reading, Source, SourceRow
from ops.files.xlsx.reader import XlsxFile, looks_like_a_workbook

__all__ = ["Reading", "Source", "SourceRow", "open_source"]

START = 4_096  # bytes that tell the format


@contextmanager
def open_source(path: Path, columns: Columns, reading: Reading) -> Iterator[Source]:
    """Open a file for reading its rows.

    Raises Unreadable where it holds none, HeaderUnfit where its headers do not fit ``columns``, OSError. Iterating the
    source raises Unreadable as well, from where nothing that follows can be trusted.
    """
    with path.open("rb", buffering=1 << 16) as opened:
        file = cast(io.BufferedReader, opened)
        source = _source(file, columns, reading)
        source.size = path.stat().st_size
        yield source


def _source(file: io.BufferedReader, columns: Columns, reading: Reading) -> Source:
    start = file.peek(START)[:START]
    if looks_like_a_workbook(start):
        return XlsxFile(file, columns, reading)
    encoding = encoding_of(start[:4], reading.encoding)
    objects = looks_like_json(start.decode(encoding.codec, "ignore"))
    return objects(file, columns, reading) if objects else CsvFile(file, columns, reading)
