"""Files of messages, whatever their format: what they are is told by what they hold, not by their names."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

from ops.files.csv_files import CsvFile
from ops.files.encodings import ENCODINGS, encoding_of
from ops.files.json_files import looks_like_json
from ops.files.problems import Problem, Unreadable
from ops.files.xlsx.reader import XlsxFile, looks_like_a_workbook
from ops.imports.checking.rows import SourceRow
from ops.imports.columns import HeaderUnfit, suggest
from ops.imports.options import Reading

__all__ = ["ENCODINGS", "HeaderUnfit", "Source", "Unreadable", "open_source", "suggest"]

START = 4_096  # bytes that tell the format


class Source(Protocol):
    """The rows of an open file, to be read once: either its rows or its originals.

    ``encoding`` and ``separator`` are empty where the format has none. ``headers`` are as in the file, ``used`` those
    that hold our columns, in the order of COLUMNS (None where none does). ``notices`` concern the whole file.
    ``codec`` is what texts of it are written with where they come back: the codec, and what it does with errors.
    """

    format: str
    encoding: str
    separator: str
    headers: list[str]
    used: tuple[str | None, ...]
    notices: list[Problem]
    size: int

    @property
    def description(self) -> str:
        """How the file was understood, in words."""

    @property
    def codec(self) -> tuple[str, str]: ...

    def position(self) -> int:
        """How many of the ``size`` bytes were taken so far."""

    def __iter__(self) -> Iterator[SourceRow]: ...

    @property
    def original_headers(self) -> list[str]:
        """What the values of ``originals`` are called: ``headers``, and in JSON what later objects may have besides."""

    def originals(self) -> Iterator[tuple[int, list[str]]]:
        """(number, values by ``original_headers``) of every row that is not blank, as the file has them."""


@contextmanager
def open_source(path: Path, reading: Reading) -> Iterator[Source]:
    """The rows of a file: raises Unreadable where it holds none, HeaderUnfit where its columns are not ours, OSError.

    Iterating the source raises Unreadable as well, where nothing after can be trusted.
    """
    with path.open("rb", buffering=1 << 16) as opened:
        file = cast(io.BufferedReader, opened)
        source = _source(file, reading)
        source.size = path.stat().st_size
        yield source


def _source(file: io.BufferedReader, reading: Reading) -> Source:
    start = file.peek(START)[:START]
    if looks_like_a_workbook(start):
        return XlsxFile(file, reading)
    encoding = encoding_of(start[:4], reading.encoding)
    objects = looks_like_json(start.decode(encoding.codec, "ignore"))
    return objects(file, reading) if objects else CsvFile(file, reading)
