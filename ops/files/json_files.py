"""JSON files: a list of objects, or JSON Lines with an object on each line. Texts are exact, memory is flat.

Row N is the Nth object of a list or the Nth line of JSON Lines: there is no header to count.
"""

from __future__ import annotations

import io
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

from ops.files.encodings import ESCAPED_BYTES, open_text, undecoded
from ops.files.headers import Columns, fit
from ops.files.problems import Problem, Unreadable, label
from ops.files.sources import Reading, SourceRow

LONGEST_OBJECT = 4_000_000  # characters
READ_AT_ONCE = 1 << 17  # characters
LONGEST_TOKEN = 32  # characters; no escape, word such as false or end of a number has more
# The columns are the keys of the first objects, as many as are within these limits.
OBJECTS_AHEAD, CHARACTERS_AHEAD = 100, 1_000_000
LIST_EXPECTED = (
    "expected a list of objects, [{…}, {…}], or one object on each line (JSON Lines): this file has a single object. "
    "Put it in brackets."
)
WORDS = {True: "true", False: "false", None: ""}
# What a file may end with that is cut off in the middle of a value.
CUT_OFF = re.compile(r"(?:t|tr|tru|f|fa|fal|fals|n|nu|nul|-|\\?(?:u[0-9A-Fa-f]{0,3})?)\s*")
BLANKS = re.compile(r"[ \t\r\n]*")


class RepeatedKey(dict[str, Any]):
    """An object that has ``key`` more than once."""

    key = ""


class NotANumber:
    """NaN or an infinity, which JSON does not have but some programs write."""


class Read(NamedTuple):
    """One value of the file; ``problem`` where it could not be read or decoded."""

    row: int
    value: Any
    problem: Problem | None = None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeated, seen = RepeatedKey(found), set[str]()
    repeated.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return repeated


# Numbers stay as they are written.
DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=lambda constant: NotANumber()
)


class Objects(ABC):
    """The rows of an open file of objects, read once, in flat memory.

    Opening reads the first objects, whose keys are the headers: raises Unreadable where there is none, HeaderUnfit
    where they do not fit the columns. Iterating gives a SourceRow for every object, and raises Unreadable from where
    nothing that follows can be trusted.
    """

    format = ""
    separator = ""
    size = 0

    def __init__(self, file: io.BufferedReader, columns: Columns, reading: Reading) -> None:
        self._file = file
        self._columns = columns
        self._text, self._encoding = open_text(file, reading.encoding)
        self.encoding = self._encoding.name
        self.notices: list[Problem] = []
        self._taken = 0  # characters read so far
        self._undecoded = False  # whether any of them are bytes that are not valid in the encoding
        self._ended: Unreadable | None = None
        self._values = self._read()
        self._ahead = self._look_ahead()
        objects = [read.value for read in self._ahead if isinstance(read.value, dict)]
        if not objects:
            raise self._ended or self._no_objects()
        self.headers = list(dict.fromkeys(chain.from_iterable(objects)))
        found = fit(self.headers, columns, reading)
        self.used = found.sources
        # A column that the first objects do not have may be in later ones.
        self._keys = [
            source if source is not None or column in reading.columns else column
            for column, source in zip(columns.names, found.sources, strict=True)
        ]
        self._known = {*self._keys, *self.headers, columns.always_ignored}
        self._ignore_unknown = reading.ignore_unknown

    @property
    def description(self) -> str:
        """How the file was read, in words."""
        return f"read as {self.format}, {self.encoding}"

    @property
    def codec(self) -> tuple[str, str]:
        """The codec and error handler that write its texts as CSV."""
        return "utf-8", "backslashreplace"

    def position(self) -> int:
        """How many bytes were read so far; 0 for a pipe."""
        return self._file.tell() if self._file.seekable() else 0

    def __iter__(self) -> Iterator[SourceRow]:
        for read in self._all():
            yield self._row(read)

    @property
    def original_headers(self) -> list[str]:
        """The names of the values of ``originals``: the keys of the first objects, then columns only others have."""
        return list(dict.fromkeys([*self.headers, *(key for key in self._keys if key is not None)]))

    def originals(self) -> Iterator[tuple[int, list[str]]]:
        """(number, values as texts) of every object, instead of the rows."""
        names = self.original_headers
        for read in self._all():
            values = read.value if isinstance(read.value, dict) else {}
            yield read.row, [_as_written(values.get(name, "")) for name in names]

    @abstractmethod
    def _read(self) -> Iterator[Read]:
        """Every value of the file; raises Unreadable from where nothing that follows can be trusted."""

    @abstractmethod
    def _no_objects(self) -> Unreadable:
        """The error for a file in which no object comes first."""

    def _look_ahead(self) -> list[Read]:
        ahead: list[Read] = []
        try:
            for read in self._values:
                ahead.append(read)
                if len(ahead) == OBJECTS_AHEAD or self._taken > CHARACTERS_AHEAD:
                    break
        except Unreadable as error:
            self._ended = error
        return ahead

    def _all(self) -> Iterator[Read]:
        yield from self._ahead
        self._ahead = []
        if self._ended:
            raise self._ended
        yield from self._values

    def _row(self, read: Read) -> SourceRow:
        number, value, problem = read
        if not isinstance(value, dict):
            words = f"row {number} is no object: write {{…}} with a key for each column."
            return number, self._columns.no_values, problem or Problem(number, "", "error", words)
        get = value.get
        values = [get(key, "") if key is not None else "" for key in self._keys]
        for index, one in enumerate(values):
            if type(one) is not str:
                problem = problem or _not_a_text(number, self._columns.names[index], one)
                values[index] = _as_written(one)
        if not value.keys() <= self._known and not self._ignore_unknown:
            problem = problem or self._unknown_key(number, value)
        if isinstance(value, RepeatedKey):
            words = f"row {number} has the key {label(value.key)} more than once: leave one of them out."
            problem = Problem(number, "", "error", words)
        return number, values, problem

    def _unknown_key(self, number: int, value: dict[str, Any]) -> Problem:
        key = next(key for key in value if key not in self._known)
        words = f"row {number} has a key that is not known, {label(key)}: remove it, or choose to ignore such columns."
        return Problem(number, "", "error", words, "ignore_unknown")

    def _note_undecoded(self, text: str) -> None:
        if not text.isascii() and ESCAPED_BYTES.search(text):
            self._undecoded = True

    def _decoded(self, row: int, value: Any, text: str) -> Read:
        """A value, with a problem where ``text``, from which it was parsed, is not valid in the encoding."""
        return Read(row, value, undecoded(row, text, self._encoding) if self._undecoded else None)

    def _take(self, size: int, *, line: bool = False, row: int) -> str:
        """The next characters, or the next line; raises Unreadable where they cannot be read or decoded."""
        try:
            text = self._text.readline(size) if line else self._text.read(size)
        except UnicodeError as error:
            words = f"the file is not valid {self.encoding} after row {row}: it may be cut off. Save it as UTF-8."
            raise Unreadable(words, row=row, cure="encoding") from error
        except OSError as error:
            raise Unreadable(f"the file cannot be read after row {row}: {error.strerror}.") from error
        self._taken += len(text)
        self._note_undecoded(text)
        return text


class JsonList(Objects):
    """A list of objects, parsed one by one."""

    format = "JSON"

    def _no_objects(self) -> Unreadable:
        if self._ahead:
            return Unreadable("expected a list of objects, [{…}, {…}]: this list holds something else.")
        return Unreadable("the list is empty: there are no rows.")

    def _read(self) -> Iterator[Read]:
        self._part, self._at = "", 0  # the part of the file in memory, and how far it was parsed
        self._more_to_come = True
        self._lines, self._line_start = 0, 0  # line ends before the part, and where in it its first line began
        row = 0
        self._next_character(row)
        self._at += 1  # the opening bracket
        while (character := self._next_character(row)) != "]":
            if row:
                if character not in (",", ""):
                    raise self._unfit(row, self._at, "a comma or the closing bracket is missing after it")
                self._at += 1
                character = character and self._next_character(row)
            if not character:
                raise _cut_off(row)
            row += 1
            value, start = self._value(row)
            yield self._decoded(row, value, self._part[start : self._at] if self._undecoded else "")
        self._at += 1
        if self._next_character(row):
            raise Unreadable(f"there is more after the list of {row:,} objects: remove it.", row=row)

    def _next_character(self, row: int) -> str:
        """The next character that is not blank, which stays unread; empty at the end of the file."""
        while True:
            blanks = BLANKS.match(self._part, self._at)
            self._at = blanks.end() if blanks else self._at
            if self._at < len(self._part):
                return self._part[self._at]
            if not self._more(row):
                return ""

    def _value(self, row: int) -> tuple[Any, int]:
        """The value that begins here, and where in the part it began."""
        while True:
            try:
                value, end = DECODER.raw_decode(self._part, self._at)
            except json.JSONDecodeError as error:
                if self._is_final(error) or not self._more(row):
                    raise self._why_not(row, error) from error
                continue
            except RecursionError as error:
                words = f"row {row} holds lists or objects too deep within one another: this is no file of messages."
                raise Unreadable(words, row=row) from error
            # A number at the end of the part may continue in the next one.
            if end == len(self._part) and self._more(row):
                continue
            start, self._at = self._at, end
            return value, start

    def _is_final(self, error: json.JSONDecodeError) -> bool:
        """Whether more of the file cannot cure it: it is no unterminated text, and not at the end of the part."""
        return not error.msg.startswith("Unterminated") and len(self._part) - error.pos > LONGEST_TOKEN

    def _more(self, row: int) -> bool:
        """Read on, twice as much each time that a value does not end; False at the end of the file."""
        if not self._more_to_come:
            return False
        rest = len(self._part) - self._at
        if rest > LONGEST_OBJECT:
            words = f"row {row} has more than {LONGEST_OBJECT:,} characters: this is no file of messages."
            raise Unreadable(words, row=row)
        text = self._take(max(READ_AT_ONCE, rest), row=row)
        self._more_to_come = bool(text)
        if text:
            self._drop_parsed()
            self._part += text
        return self._more_to_come

    def _drop_parsed(self) -> None:
        self._lines += self._part.count("\n", 0, self._at)
        last = self._part.rfind("\n", 0, self._at)
        self._line_start = (self._line_start if last < 0 else last + 1) - self._at
        self._part, self._at = self._part[self._at :], 0

    def _why_not(self, row: int, error: json.JSONDecodeError) -> Unreadable:
        """The error in our words. A file that is cut off fails at its end, whatever the json module says."""
        if error.msg.startswith("Unterminated") or CUT_OFF.fullmatch(self._part, error.pos):
            return _cut_off(row - 1)
        return self._unfit(row, error.pos, "it cannot be read")

    def _unfit(self, row: int, at: int, why: str) -> Unreadable:
        line = self._lines + self._part.count("\n", 0, at) + 1
        last = self._part.rfind("\n", 0, at)
        column = at - (self._line_start if last < 0 else last + 1) + 1
        words = f"row {row} is not valid JSON, {why} (line {line:,}, column {column:,}): correct it. "
        return Unreadable(f"{words}The rows after it were not read.", row=row)


class JsonLines(Objects):
    """An object on each line. A line that cannot be parsed is a problem of its own; the lines after it are read."""

    format = "JSON Lines"

    def _no_objects(self) -> Unreadable:
        """At least one line begins like an object: that is how the format was detected."""
        problem = next((read.problem for read in self._ahead if read.problem), None)
        words = problem.message if problem else "expected one object, {…}, on each line: there is none."
        return Unreadable(words, row=problem.row if problem else None)

    def _read(self) -> Iterator[Read]:
        number, found = 0, 0
        while line := self._take(LONGEST_OBJECT, line=True, row=number + 1):
            number += 1
            if len(line) >= LONGEST_OBJECT:
                words = f"row {number} has more than {LONGEST_OBJECT:,} characters: this is no file of messages."
                raise Unreadable(words, row=number)
            if not line.strip():
                continue
            found += 1
            read = self._line(number, line)
            if found == 1 and (read.value is None or not line.endswith(("\n", "\r"))):
                self._refuse_a_single_object(line)
            yield read

    def _line(self, number: int, line: str) -> Read:
        try:
            return self._decoded(number, DECODER.decode(line), line)
        except json.JSONDecodeError as error:
            if not line.endswith(("\n", "\r")):
                raise _cut_off(number - 1) from error
            words = f"row {number} is not valid JSON (column {error.pos + 1:,}): write one object on each line."
        except RecursionError:
            words = f"row {number} holds lists or objects too deep within one another."
        return Read(number, None, Problem(number, "", "error", words))

    def _refuse_a_single_object(self, line: str) -> None:
        """JSON Lines are neither an object over several lines, nor a single line without a line end."""
        over_lines = line.strip() == "{" or line.rstrip().endswith((",", "[", "{"))
        if over_lines or not line.endswith(("\n", "\r")):
            raise Unreadable(LIST_EXPECTED)


def looks_like_json(start: str) -> type[Objects] | None:
    """The reader of a file whose text begins so; None where it is not JSON."""
    start = start.lstrip("\ufeff \t\r\n")
    if re.match(r"\{\s*(?:[\"}]|$)", start):
        return JsonLines
    if re.match(r"\[\s*(?:[\[{\"\]\d-]|true|false|null|$)", start):
        return JsonList
    return None


def _not_a_text(number: int, column: str, value: Any) -> Problem | None:
    """The problem of a value that is not a text; None for true, false and null."""
    if not isinstance(value, dict | list | NotANumber):
        return None
    kind = "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a number that is none"
    return Problem(number, column, "error", f"{column} holds {kind}: give it a text in quotes.")


def _as_written(value: Any) -> str:
    """A value as text, as people write it; lists and objects as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, NotANumber):
        return "NaN"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=_as_written)
    return WORDS[value]


def _cut_off(row: int) -> Unreadable:
    after = f"cut off after row {row}" if row else "cut off in its first row"
    return Unreadable(f"the file is {after}: bring the whole file.", row=row + 1)
