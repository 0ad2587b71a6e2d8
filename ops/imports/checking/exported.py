"""Our own exports after a spreadsheet saved them with true and false in its own language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ops.files.dialects.utc_times import exact_header
from ops.files.sources import Source, SourceRow
from ops.imports.columns import COLUMNS

FLAGS = [COLUMNS.index(name) for name in ("edited", "read", "hidden", "redacted")]
# What Excel and LibreOffice write for a boolean value.
TRUE = ("wahr", "vrai", "verdadero", "vero", "verdadeiro", "waar", "prawda", "истина", "sant", "sand", "tosi", "igaz")
FALSE = ("falsch", "faux", "falso", "onwaar", "fałsz", "ложь", "falskt", "falsk", "epätosi", "hamis")
WORDS = {**dict.fromkeys(TRUE, "true"), **dict.fromkeys(FALSE, "false")}


def rows_of(source: Source) -> Iterable[SourceRow]:
    """Return the rows of a file; if it is one of our workbooks, in any format, with true and false in English."""
    return _in_english(source) if exact_header("timestamp") in source.headers else source


def _in_english(rows: Iterable[SourceRow]) -> Iterator[SourceRow]:
    for number, values, problem in rows:
        cells = list(values)
        for place in FLAGS:
            cells[place] = WORDS.get(cells[place].lower(), cells[place])
        yield number, cells, problem
