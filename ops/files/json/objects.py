"""The base of all JSON readers: rows are objects, their keys the columns. Texts are exact, memory is flat.

Row N is the Nth object of a list or the Nth line of JSON Lines: there is no header to count.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from messaging.languages.wording import grouped
from ops.files.dialects.mixed_encodings import MixedRows
from ops.files.encodings import ESCAPED_BYTES, open_text
from ops.files.headers.columns import Columns, addressed
from ops.files.json.keys import Keys
from ops.files.json.one_object import SLACK_DAY, is_slack
from ops.files.json.values import DECODER, RepeatedKey, Texts, as_written
from ops.files.problems import Problem, Unreadable, label, not_read_after, not_valid_after
from ops.files.sources import LONGEST_VALUE, Reading, SourceRow
from ops.files.suggestions import Suggestion

LONGEST_OBJECT = 2 * LONGEST_VALUE + (1 << 20)  # characters: one of a text may be two in the file
# The keys are matched on the first objects, as many as are within these limits; later objects may have more keys.
OBJECTS_AHEAD, CHARACTERS_AHEAD = 100, 1_000_000
# Per-row messages: marked for translation here, looked up through a cache.
NO_OBJECT = gettext_noop("row %(row)s is no object: write {…} with a key for each column.")
REPEATED = gettext_noop("row %(row)s has the key %(key)s more than once: leave one of them out.")


class Read(NamedTuple):
    """One value of the file; ``problem`` if it could not be read or decoded."""

    row: int
    value: Any
    problem: Problem | None = None


class Objects(ABC):
    """The rows of an open file of objects, read once, in flat memory.

    Opening reads the first objects: it raises Unreadable if there are none, and HeaderUnfit, with the keys of all
    objects, if theirs do not fit the columns. Iterating yields a SourceRow for every object, and finds keys that only
    later objects have. It raises HeaderUnfit at the end if a column is missing in all objects, and Unreadable once
    nothing that follows can be trusted.
    """

    format = ""
    separator = ""
    size = 0
    header_row = 0
    sheets: Sequence[str] = ()

    def __init__(self, file: io.BufferedReader, columns: Columns, reading: Reading) -> None:
        self._file = file
        self._look_up = cache(gettext)
        self._columns = columns
        self._text, self._encoding = open_text(file, reading.encoding)
        self._mixed = MixedRows(self._encoding, reading.fallback_encoding)
        self.encoding = self._encoding.name
        self.notices: list[Problem] = []
        self.suggestions: list[Suggestion] = []
        self._taken = 0  # characters read so far
        self._controls = False  # whether texts held unescaped control characters
        self._undecoded = False  # whether any bytes so far are not valid in the encoding
        self._reading = reading
        self._ended: Unreadable | None = None
        self._texts = Texts(join=reading.join_pieces)
        self._values = self._read()
        self._ahead = self._look_ahead()
        objects = [read for read in self._ahead if isinstance(read.value, dict)]
        if not objects:
            raise self._ended or self._no_objects()
        if is_slack(objects[0].value) and not reading.columns:
            raise Unreadable(SLACK_DAY)
        first = [(read.row, read.value) for read in objects]
        self._keys = Keys(first, (read.value for read in self._all()), columns, reading)
        self._keys.notices = self.notices
        self.samples, self.used = self._keys.samples, self._keys.used

    @property
    def headers(self) -> list[str]:
        """The keys of all objects read so far."""
        return self._keys.headers

    @property
    def description(self) -> str:
        """How the file was read, in words."""
        return _("read as %(format)s, %(encoding)s") % {"format": self.format, "encoding": self.encoding}

    @property
    def codec(self) -> tuple[str, str]:
        """The codec and error handler that write its texts as CSV."""
        return "utf-8", "backslashreplace"

    def position(self) -> int:
        """Return how many bytes have been read; 0 for a pipe."""
        return self._file.tell() if self._file.seekable() else 0

    def __iter__(self) -> Iterator[SourceRow]:
        try:
            for read in self._all():
                yield self._row(read)
        finally:
            self._texts.suggest(self.suggestions.append)
        self._keys.check()
        self.notices += self._mixed.notices()
        self.suggestions += self._mixed.suggestions()

    @property
    def original_headers(self) -> list[str]:
        """The header of each value in ``originals``: the keys so far, then columns that only later objects may have."""
        return addressed(self._keys.original_keys)

    def originals(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (number, values as texts) of every object; use instead of iterating."""
        names = self._keys.original_keys
        for read in self._all():
            values = read.value if isinstance(read.value, dict) else {}
            yield read.row, [as_written(values.get(name, "")) for name in names]

    @abstractmethod
    def _read(self) -> Iterator[Read]:
        """Yield every value of the file. Raises Unreadable once nothing that follows can be trusted."""

    @abstractmethod
    def _no_objects(self) -> Unreadable:
        """Return the error for a file without an object among its first values."""

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
            words = self._look_up(NO_OBJECT) % {"row": number}
            return number, self._columns.no_values, problem or Problem(number, "", "error", words)
        if isinstance(value, RepeatedKey):
            words = self._look_up(REPEATED) % {"row": number, "key": label(value.key)}
            problem = Problem(number, "", "error", words)
        elif not self._keys >= value.keys():
            problem = problem or self._keys.learn(number, value)
        get = value.get
        values = [get(key, "") if key is not None else "" for key in self._keys.column_keys]
        for index, one in enumerate(values):
            if type(one) is not str:
                values[index], found = self._texts.read(number, self._columns.names[index], one)
                problem = problem or found
        return number, values, problem

    def _note(self, sentence: str) -> None:
        """Add a notice, once, about something that is not read as it is written."""
        if all(notice.message != sentence for notice in self.notices):
            self.notices.append(Problem(None, "", "notice", sentence))

    def _note_controls(self, row: int) -> None:
        if not self._controls:
            self._controls = True
            said = _("texts hold control characters as they are, first in row %(row)s: they are kept.")
            self._note(said % {"row": row})

    def _note_undecoded(self, text: str) -> None:
        if not text.isascii():
            if ESCAPED_BYTES.search(text):
                self._undecoded = True
            else:
                self._mixed.any_sound = True

    def _decoded(self, row: int, value: Any, text: str) -> Read:
        """Return a value, with a problem if ``text``, from which it was parsed, is not valid in the encoding."""
        if not self._undecoded:
            return Read(row, value, None)
        (found,), problem = self._mixed.read(row, (text,))
        return Read(row, value if found == text else DECODER.decode(found), problem)

    def _take(self, size: int, *, line: bool = False, row: int) -> str:
        """Return the next characters, or the next line. Raises Unreadable if they cannot be read or decoded."""
        try:
            text = self._text.readline(size) if line else self._text.read(size)
        except UnicodeError as error:
            raise not_valid_after(row, self.encoding) from error
        except OSError as error:
            raise not_read_after(row, error) from error
        self._taken += len(text)
        self._note_undecoded(text)
        return text


def cut_off(row: int) -> Unreadable:
    """Return the error of a file that ends within the row after ``row``."""
    if row:
        said = _("the file is cut off after row %(row)s: bring the whole file.")
    else:
        said = _("the file is cut off in its first row: bring the whole file.")
    return Unreadable(said % {"row": row}, row=row + 1)


def too_long(row: int) -> Unreadable:
    """Return the error of an object with more characters than LONGEST_OBJECT."""
    said = _("row %(row)s has more than %(number)s characters, too many to be read.")
    return Unreadable(said % {"row": row, "number": grouped(LONGEST_OBJECT)}, row=row)
