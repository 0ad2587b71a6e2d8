"""JSON files that hold a list of objects, several lists one after the other, or one under a key of an object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from messaging.languages.wording import grouped, numbered
from ops.files.json.objects import LONGEST_OBJECT, Objects, Read, cut_off, too_long
from ops.files.json.values import DECODER, LENIENT, is_about_controls
from ops.files.problems import Unreadable, label

READ_AT_ONCE, MOST_AT_ONCE = 1 << 17, 1 << 20  # characters
KEPT = 1 << 20  # parsed characters that may stay in memory
# What may end a text. At the beginning of a part it may be an escaped quote, and the text continues.
QUOTE = re.compile(r'(?<!\\)(?:\\\\)*+"')
LONGEST_TOKEN = 32  # characters; no escape, word such as false or end of a number has more
SEVERAL_LISTS = gettext_noop("several lists, one after the other, are read as one.")
# What a file may end with if it is cut off in the middle of a value.
CUT_OFF = re.compile(r"(?:t|tr|tru|f|fa|fal|fals|n|nu|nul|-|\\?(?:u[0-9A-Fa-f]{0,3})?)\s*")
BLANKS = re.compile(r"[ \t\r\n]*")


class JsonList(Objects):
    """A list of objects, parsed one by one."""

    format = "JSON"

    def _no_objects(self) -> Unreadable:
        if self._ahead:
            return Unreadable(_("expected a list of objects, [{…}, {…}]: this list holds something else."))
        return Unreadable(_("the list is empty: there are no rows."))

    def _read(self) -> Iterator[Read]:
        self._part, self._at = "", 0  # the part of the file in memory, and the position parsed so far
        self._more_to_come = True
        self._lines, self._line_start = 0, 0  # line ends before the part, and the start of its first line in it
        self._open()
        row = 0
        while True:
            self._at += 1  # the opening bracket
            first = row + 1
            while (character := self._next_character(row)) != "]":
                if row >= first:
                    if character not in (",", ""):
                        said = _(
                            "row %(row)s is not valid JSON, a comma or the closing bracket is missing after it (line "
                            "%(line)s, column %(column)s): correct it. The rows after it were not read."
                        )
                        raise self._unfit(row, self._at, said)
                    self._at += 1
                    character = character and self._next_character(row)
                if not character:
                    raise cut_off(row)
                if character == "]" and row >= first:
                    self._note(_("a comma behind the last object is read over."))
                    break
                row += 1
                yield self._next(row)
            self._at += 1
            if not self._another_list(row):
                return

    def _open(self) -> None:
        """Move to the bracket that opens the list."""
        self._next_character(0)

    def _another_list(self, row: int) -> bool:
        """Return whether a list follows on another line. Raises Unreadable if anything else follows."""
        line = self._line_number()
        character = self._next_character(row)
        if character == ",":
            self._at += 1
            character = self._next_character(row)
        if character == "[" and self._line_number() > line:
            self._note(self._look_up(SEVERAL_LISTS))
            return True
        if character:
            text = ngettext(
                "there is more after the list of %(number)s object: remove it.",
                "there is more after the list of %(number)s objects: remove it.",
                row,
            )
            raise Unreadable(numbered(text, row), row=row)
        return False

    def _next_character(self, row: int) -> str:
        """Return the next character that is not blank, without consuming it; "" at the end of the file."""
        while True:
            blanks = BLANKS.match(self._part, self._at)
            self._at = blanks.end() if blanks else self._at
            if self._at < len(self._part):
                return self._part[self._at]
            if not self._more(row):
                return ""

    def _next(self, row: int) -> Read:
        """Return the object that begins here. Keeps no reference to it, nor to its part of the file if that is long."""
        value, start = self._value(row)
        read = self._decoded(row, value, self._part[start : self._at] if self._undecoded else "")
        if self._at > KEPT:
            self._drop_parsed()
        return read

    def _value(self, row: int) -> tuple[Any, int]:
        """Return the value that begins here, and its start in the part."""
        decoder, first = DECODER, None  # what the strict decoder reported of a control character
        while True:
            try:
                value, end = decoder.raw_decode(self._part, self._at)
            except json.JSONDecodeError as error:
                if decoder is DECODER and is_about_controls(error):
                    decoder, first = LENIENT, (error.msg, error.pos - self._at)
                    continue
                if self._is_final(error) or not self._more(row):
                    message, at = first or (error.msg, error.pos - self._at)
                    raise self._why_not(row, message, self._at + at) from error
                continue
            except RecursionError as error:
                said = _("row %(row)s holds lists or objects that are nested too deeply.")
                raise Unreadable(said % {"row": row}, row=row) from error
            # A number at the end of the part may continue in the next one.
            if end == len(self._part) and self._more(row):
                continue
            if first:
                self._note_controls(row)
            start, self._at = self._at, end
            return value, start

    def _is_final(self, error: json.JSONDecodeError) -> bool:
        """Return whether reading on cannot cure the error: no text is open, and it is not at the end of the part."""
        return not error.msg.startswith("Unterminated") and len(self._part) - error.pos > LONGEST_TOKEN

    def _more(self, row: int) -> bool:
        """Read on, more each time that a value does not end; return False at the end of the file."""
        if not self._more_to_come:
            return False
        rest = len(self._part) - self._at
        texts: list[str] = []
        # A long text is parsed once, when it is complete, and without much of what follows it.
        while not texts or (rest > MOST_AT_ONCE and not QUOTE.search(texts[-1])):
            if rest > LONGEST_OBJECT:
                raise too_long(row)
            text = self._take(max(READ_AT_ONCE, min(rest, max(MOST_AT_ONCE, rest // 4))), row=row)
            self._more_to_come = bool(text)
            if not text:
                break
            texts.append(text)
            rest += len(text)
        if texts:
            self._drop_parsed()
            self._part = "".join((self._part, *texts))
        return bool(texts)

    def _drop_parsed(self) -> None:
        self._lines += self._part.count("\n", 0, self._at)
        last = self._part.rfind("\n", 0, self._at)
        self._line_start = (self._line_start if last < 0 else last + 1) - self._at
        self._part, self._at = self._part[self._at :], 0

    def _why_not(self, row: int, message: str, at: int) -> Unreadable:
        """Return the error in our words. A file that fails at its end is cut off, whatever the json module reports."""
        if message.startswith("Unterminated") or CUT_OFF.fullmatch(self._part, at):
            return cut_off(row - 1)
        said = _(
            "row %(row)s is not valid JSON, it cannot be read (line %(line)s, column %(column)s): correct it. The rows "
            "after it were not read."
        )
        return self._unfit(row, at, said)

    def _line_number(self) -> int:
        """Return the number of the current line, counted from 0."""
        return self._lines + self._part.count("\n", 0, self._at)

    def _unfit(self, row: int, at: int, text: str) -> Unreadable:
        line = self._lines + self._part.count("\n", 0, at) + 1
        last = self._part.rfind("\n", 0, at)
        column = at - (self._line_start if last < 0 else last + 1) + 1
        return Unreadable(text % {"row": row, "line": grouped(line), "column": grouped(column)}, row=row)


class JsonUnder(JsonList):
    """The list under a key of a file that is one object."""

    def _open(self) -> None:
        key = self._reading.list_under
        said = _("what is read is the list under %(key)s; the rest of the file is left out.")
        self._note(said % {"key": label(key, quoted=True)})
        while self._next_character(0) in ("{", ","):
            self._at += 1
            if self._next_character(0) != '"':
                break
            found, _start = self._value(0)
            if self._next_character(0) != ":":
                break
            self._at += 1
            if self._next_character(0) == "[" and found == key:
                return
            self._value(0)
        said = _("the file has no list under %(key)s: choose another one.")
        raise Unreadable(said % {"key": label(key, quoted=True)})

    def _another_list(self, row: int) -> bool:
        return False
