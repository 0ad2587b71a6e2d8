"""OpenDocument workbooks (.ods) and the other formats of Excel (.xls, .xlsb), read by python-calamine.

Unlike with .xlsx, memory grows with the file, so its size is limited. calamine does not report which values are
formulas or errors, so a notice states how these are read.
"""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.languages.wording import grouped
from ops.files.calamine import convert
from ops.files.headers.columns import Columns
from ops.files.problems import Problem
from ops.files.shapes.merged import Merged, filled, filled_notice, suggestion
from ops.files.shapes.rows import Row
from ops.files.shapes.sheets import Sheets
from ops.files.sources import LONGEST_VALUE, Reading, SourceRow
from ops.files.workbooks import WorkbookFile
from ops.files.xlsx.package import Package, unreadable_workbook

LARGEST = 128 << 20  # bytes of a workbook, unpacked if it is packed
ODS, XLS, XLSB = "ODS", "XLS", "XLSB"
DAMAGED = gettext_lazy("it is damaged, has a password, or is no workbook")
TOO_LARGE = gettext_lazy("it is too large, or has a value far from the others")
TOO_SLOW = gettext_lazy("it takes too long to read")
WHY = {
    convert.DAMAGED: DAMAGED,
    convert.NO_SHEET: gettext_lazy("it has no sheet"),
    convert.LONG_TEXT: gettext_lazy("one of its texts has more than %(number)s characters"),
    convert.TOO_LARGE: TOO_LARGE,
    -signal.SIGABRT: TOO_LARGE,  # there was no memory left
    -signal.SIGXCPU: TOO_SLOW,
    -signal.SIGKILL: TOO_SLOW,
}


class CalamineFile(WorkbookFile):
    """The rows of an open workbook that calamine reads; ``format`` is ODS, XLS or XLSB."""

    def __init__(self, file: io.BufferedReader, columns: Columns, reading: Reading, *, format: str) -> None:
        self.format = format
        _check_size(file, format)
        self._lines = _converted(file, reading.sheet)
        self._whole = self._lines.seek(0, os.SEEK_END) or 1
        self._taken = 0  # bytes of the converted rows
        self._lines.seek(0)
        book = json.loads(self._lines.readline())
        sheets = Sheets.of(book["names"], book["hidden"], reading.sheet)
        self._merged = [Merged(top + 1, bottom + 1, left, right) for top, left, bottom, right in book["merged"]]
        self._fill_merged = reading.fill_merged
        rows = filled(self._read(), self._merged) if reading.fill_merged else self._read()
        super().__init__(sheets, rows, columns, reading)
        if reading.fill_merged:
            self.notices.append(filled_notice())
        as_saved = _(
            "in %(format)s files formulas count as the values they were saved with, and errors such as #N/A as empty."
        )
        self.notices.append(Problem(None, "", "notice", as_saved % {"format": format}))

    def position(self) -> int:
        """Return how many bytes of the file have been read, estimated from its rows."""
        return self.size * self._taken // self._whole

    def __iter__(self) -> Iterator[SourceRow]:
        below = [one for one in self._merged if one.last_row > self.header_row]
        if below and not self._fill_merged:
            self.suggestions.append(suggestion(below, self._ahead))
        yield from super().__iter__()

    def _read(self) -> Iterator[Row]:
        with self._lines:
            for line in self._lines:
                self._taken += len(line)
                number, texts = json.loads(line)
                yield Row(number, {column: text for column, text in enumerate(texts) if text}, {})


def _check_size(file: io.BufferedReader, format: str) -> None:
    """Raise Unreadable if a workbook has more than LARGEST bytes when it is unpacked."""
    if format == XLS:
        size = file.seek(0, os.SEEK_END)
        said = _("it has %(size)s MiB, and at most %(most)s MiB of %(format)s are read")
    else:
        package = Package(file)
        size = sum(map(package.size, package.names))
        said = _("it has %(size)s MiB unpacked, and at most %(most)s MiB of %(format)s are read")
    if size > LARGEST:
        raise unreadable_workbook(
            said % {"size": grouped(round(size / 2**20)), "most": grouped(LARGEST >> 20), "format": format}
        )


def _converted(file: io.BufferedReader, sheet: str) -> IO[bytes]:
    """Return the output of convert.py. Raises Unreadable if the workbook is refused, OSError if the disk is full."""
    lines = tempfile.TemporaryFile()  # noqa: SIM115 - closed by CalamineFile
    program = [sys.executable, "-I", convert.__file__, str(LONGEST_VALUE), _as_argument(sheet)]
    ended = subprocess.run(  # noqa: S603 - a program of ours
        program, stdin=file, stdout=lines, stderr=subprocess.DEVNULL, check=False
    ).returncode
    if ended:
        lines.close()
        if ended == convert.DISK_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise unreadable_workbook(WHY.get(ended, DAMAGED) % {"number": grouped(LONGEST_VALUE)})
    return lines


def _as_argument(sheet: str) -> str:
    """Return the name of a sheet without characters that no argument can have; no sheet's name has them either."""
    return sheet.replace("\x00", "").encode(errors="ignore").decode()
