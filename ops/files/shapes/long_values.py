"""Long values of CSV files, kept out of the csv module's reader.

The reader takes four bytes for each character of the longest value it ever read, in a buffer that doubles in size and
is never freed: 64 MiB for one text of ten million letters. So the long part of a value is kept here, and the reader
gets a short mark in its place. It still finds every fault in the quotes around it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from secrets import token_hex

from ops.files.sources import LONGEST_VALUE

PIECE = 1 << 18  # characters of a line that are read at a time; a row with fewer is left to the reader
SHORT = 1 << 12  # characters of a value that are left to the reader if the row is long

QUOTE = '"'
LINE_ENDS = ("\n", "\r")
WITHIN_QUOTES = re.compile(r'[^"]*+(?:""[^"]*+)*+')
# Short values, each with the separator behind it. There may be millions on a line.
SHORT_VALUES = r'(?:(?:"(?:[^"]|""){{0,{most}}}+"|[^"{separator}\r\n][^{separator}\r\n]{{0,{most}}}+|){separator})*+'
# Where in a value a piece ends; AT_QUOTE: in a quoted one, after a quote that may be doubled.
START, BARE, QUOTED, AT_QUOTE = range(4)


def pieces(readline: Callable[[int], str]) -> Iterator[str]:
    """Yield the lines of a text, long ones in pieces: only the last piece has the line end."""
    held = False  # a carriage return that a line feed may follow
    while (piece := readline(PIECE)) or held:
        if held:
            held = False
            if piece == "\n":
                piece = "\r\n"
            else:
                yield "\r"
        if len(piece) == PIECE and piece[-1] == "\r":
            held, piece = True, piece[:-1]
        if piece:
            yield piece


class LongValues:
    """The long values of one row. The row ends when ``restored`` is called with its values."""

    def __init__(self, separator: str) -> None:
        self._separator = separator
        self._mark = token_hex(16)  # cannot be guessed, so no file holds it
        self._given = 0  # characters of the row so far
        self._found: list[io.StringIO] = []  # in their order

    def shortened(self, coming: Iterable[str]) -> Iterator[str]:
        """Yield the lines of a file (whole, or in pieces) for the reader, with marks instead of long parts.

        Raises csv.Error if a value is longer than the reader's limit.
        """
        coming = iter(coming)
        for piece in coming:
            self._given += len(piece)
            if self._given < PIECE - 1:  # a piece may be without its carriage return
                yield piece
            else:
                # Only a quoted value continues a row on another line.
                state = QUOTED if self._given > len(piece) else START
                row = _LongRow(self._mark, self._separator, state, self._found)
                while piece:
                    row.read(piece)
                    piece = "" if row.over else next(coming, "")
                yield row.end()

    def restored(self, values: list[str]) -> list[str]:
        """Return the values of the row as they are in the file."""
        self._given = 0
        if not self._found:
            return values
        found = iter(self._found)
        values = [self._whole(value, found) for value in values]
        self._found.clear()
        return values

    def _whole(self, value: str, found: Iterator[io.StringIO]) -> str:
        before, mark, after = value.partition(self._mark)
        if not mark:
            return value
        text = next(found).getvalue()
        return f"{before}{text}{after}" if before or after else text


class _LongRow:
    """A row that is read piece by piece; the long parts of its values are added to ``found``."""

    def __init__(self, mark: str, separator: str, state: int, found: list[io.StringIO]) -> None:
        self.over = self._too_long = False
        self._mark, self._separator, self._state, self._found = mark, separator, state, found
        self._short_values = re.compile(SHORT_VALUES.format(separator=re.escape(separator), most=SHORT - 1))
        self._written: list[str] = []
        self._size = 0  # characters of the value so far
        self._long: io.StringIO | None = None  # its long part
        self._steps = {START: self._start, BARE: self._bare, QUOTED: self._quoted, AT_QUOTE: self._at_quote}

    def read(self, piece: str) -> None:
        """Read the next piece of the row. Raises csv.Error if a value is longer than the reader's limit."""
        if self._state == QUOTED and QUOTE not in piece:  # such as each line after a quote that is never closed
            self._add(piece)
        else:
            at = 0
            while at < len(piece):
                at = self._steps[self._state](piece, at)
        # Only at the end of the line: the line itself may be too long, which is the better message.
        if self._too_long and piece.endswith(LINE_ENDS):
            self._refuse()

    def end(self) -> str:
        """Return the row as the reader gets it, once all of it is read. Raises csv.Error."""
        if self._too_long:
            self._refuse()
        if self._state == AT_QUOTE:
            self._written.append(QUOTE)
        return "".join(self._written)

    def _start(self, piece: str, at: int) -> int:
        short = self._short_values.match(piece, at)
        if short and short.end() > at:
            self._written.append(short[0])
            return short.end()
        if piece[at] != QUOTE:
            self._state = BARE
            return at
        self._written.append(QUOTE)
        self._state = QUOTED
        return at + 1

    def _bare(self, piece: str, at: int) -> int:
        found = piece.find(self._separator, at)
        if found >= 0:
            self._add(piece[at:found])
            self._close(self._separator, START)
            return found + 1
        end = len(piece) - piece.endswith(LINE_ENDS) - piece.endswith("\r\n")
        self._add(piece[at:end])
        if end < len(piece):
            self._close(piece[end:], START)
            self.over = True
        return len(piece)

    def _quoted(self, piece: str, at: int) -> int:
        found = WITHIN_QUOTES.match(piece, at)
        end = found.end() if found else at
        self._add(piece[at:end].replace(QUOTE * 2, QUOTE), written=piece[at:end])
        if end == len(piece):
            return end
        self._state = AT_QUOTE
        return end + 1

    def _at_quote(self, piece: str, at: int) -> int:
        if at == 0 and piece[0] == QUOTE:
            self._add(QUOTE, written=QUOTE * 2)
            self._state = QUOTED
            return 1
        self._close(QUOTE, BARE)
        if piece[at] not in (self._separator, *LINE_ENDS):
            # The reader will refuse this; nothing after it is read.
            self._written.append(piece[at:])
            self.over = True
            return len(piece)
        return at

    def _add(self, text: str, written: str = "") -> None:
        """Add a part to the value; ``written`` is how the file has it within quotes, if different."""
        self._size += len(text)
        self._too_long = self._too_long or self._size > LONGEST_VALUE + 1
        if self._too_long:
            return
        if self._long is None and self._size <= SHORT:
            self._written.append(written or text)
            return
        if self._long is None:
            self._long = io.StringIO(newline="")
            self._found.append(self._long)
            self._written.append(self._mark)
        self._long.write(text)

    def _refuse(self) -> None:
        raise csv.Error(f"field larger than field limit ({LONGEST_VALUE + 1})")

    def _close(self, written: str, state: int) -> None:
        """End the value, or its quotes."""
        self._written.append(written)
        self._size, self._long, self._state = 0, None, state
