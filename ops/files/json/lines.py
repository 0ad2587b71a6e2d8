"""JSON Lines: an object on each line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from messaging.languages.wording import grouped
from ops.files.json.objects import LONGEST_OBJECT, Objects, Read, cut_off, too_long
from ops.files.json.values import DECODER, LENIENT, is_about_controls
from ops.files.problems import Problem, Unreadable

LIST_EXPECTED = gettext_lazy(
    "expected a list of objects, [{…}, {…}], or one object on each line (JSON Lines): this file has a single object. "
    "Put it in brackets."
)
# Per-row messages: marked for translation here, looked up through a cache.
COMMAS = gettext_noop("commas between the lines are read over.")
NOT_VALID = gettext_noop("row %(row)s is not valid JSON (column %(column)s): write one object on each line.")
TOO_DEEP = gettext_noop("row %(row)s holds lists or objects that are nested too deeply.")


class JsonLines(Objects):
    """An object on each line. A line that cannot be parsed is a problem of that row; the lines after it are read."""

    format = "JSON Lines"

    def _no_objects(self) -> Unreadable:
        """Return the error for a file without objects: the first problem of a line, if any."""
        problem = next((read.problem for read in self._ahead if read.problem), None)
        words = problem.message if problem else _("expected one object, {…}, on each line: there is none.")
        return Unreadable(words, row=problem.row if problem else None)

    def _read(self) -> Iterator[Read]:
        number, found = 0, 0
        while line := self._take(LONGEST_OBJECT, line=True, row=number + 1):
            number += 1
            if len(line) >= LONGEST_OBJECT:
                raise too_long(number)
            if not line.strip():
                continue
            found += 1
            read = self._line(number, line)
            if found == 1 and (read.value is None or not line.endswith(("\n", "\r"))):
                self._refuse_a_single_object(line)
            del line  # it is as long as its texts
            yield read

    def _line(self, number: int, line: str) -> Read:
        try:
            return self._decoded(number, self._parsed(number, line), line)
        except json.JSONDecodeError as error:
            if not line.endswith(("\n", "\r")):
                raise cut_off(number - 1) from error
            words = self._look_up(NOT_VALID) % {"row": number, "column": grouped(error.pos + 1)}
        except RecursionError:
            words = self._look_up(TOO_DEEP) % {"row": number}
        return Read(number, None, Problem(number, "", "error", words))

    def _parsed(self, number: int, line: str) -> Any:
        """Parse a line, which may end with a comma. Raises JSONDecodeError."""
        try:
            return DECODER.decode(line)
        except json.JSONDecodeError as error:
            without_comma = line.rstrip().removesuffix(",")
            if is_about_controls(error):
                value = LENIENT.decode(line)
                self._note_controls(number)
                return value
            if error.msg != "Extra data" or error.pos < len(without_comma):
                raise
            self._note(self._look_up(COMMAS))
            return DECODER.decode(without_comma)

    def _refuse_a_single_object(self, line: str) -> None:
        """Raise Unreadable if the file is one object, over several lines or on one line without a line end."""
        over_lines = line.strip() == "{" or line.rstrip().endswith((",", "[", "{"))
        if over_lines or not line.endswith(("\n", "\r")):
            raise Unreadable(LIST_EXPECTED)
