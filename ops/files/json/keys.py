"""The keys of a file's objects, and the key of each column: found in the first objects, completed by later ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from messaging.languages.wording import grouped
from ops.files.headers.columns import MOST_HEADERS, Columns, addressed
from ops.files.headers.fitting import fit
from ops.files.headers.samples import FileRow, samples_of
from ops.files.headers.unfit import HeaderUnfit
from ops.files.json.values import as_written
from ops.files.problems import Problem, Unreadable, label
from ops.files.sources import Reading

OBJECTS_SHOWN = 20
NOT_KNOWN = gettext_noop(
    "row %(row)s has a key that is not known, %(key)s: remove it, or choose to ignore such columns."
)

Numbered = tuple[int, Mapping[str, Any]]  # the number of a row, and its object


class Keys:
    """The keys of the objects so far.

    ``headers`` are all of them, ``column_keys`` the key of each column (None if there is none), ``used`` its header.
    ``notices`` report keys that are left out.
    """

    def __init__(self, first: list[Numbered], rest: Iterable[Any], columns: Columns, reading: Reading) -> None:
        """Find the key of each column in the first objects; later objects may have those that are missing.

        Raises HeaderUnfit if there are unknown keys. It names those of ``rest`` too, which is read for that purpose.
        """
        self._columns, self._reading = columns, reading
        self._look_up = cache(gettext)
        self._shown = first[:OBJECTS_SHOWN]
        self.notices: list[Problem] = []
        self._keys = list(dict.fromkeys(key for _, value in first for key in value))
        try:
            found = fit(self._keys, _all_may_be_missing(columns), reading, rows=self._rows())
        except HeaderUnfit as error:
            self._take_all(rest)
            self.check()
            raise error from None
        self.headers = addressed(self._keys)
        self.samples = samples_of(self._rows(), len(self.headers))
        self.used = found.sources
        self.column_keys = [None if place is None else self._keys[place] for place in found.places]
        self._known = {*self._keys, *columns.always_ignored}
        self._unknown: set[str] = set()  # keys of later objects

    def __ge__(self, keys: Any) -> bool:
        """Return whether all these keys are known."""
        return bool(keys <= self._known)

    def check(self) -> None:
        """Raise HeaderUnfit if a column is in none of the objects."""
        ignoring = replace(self._reading, ignore_unknown=True) if hasattr(self, "headers") else self._reading
        fit(self._keys, self._columns, ignoring, rows=self._rows())

    def learn(self, number: int, value: Mapping[str, Any]) -> Problem | None:
        """Add the keys that no earlier object had, of missing columns or unknown; return the problem of the row."""
        new = [key for key in value if key not in self._known]
        if self._unknown.issuperset(new):
            return self._not_known(number, new[0])
        if len(self._keys) + len(new) > MOST_HEADERS:
            said = _("the objects have more than %(number)s different keys, too many to be read.")
            raise Unreadable(said % {"number": grouped(MOST_HEADERS)}, row=number)
        found = fit(new, _all_may_be_missing(self._columns), replace(self._reading, ignore_unknown=True))
        for index, place in enumerate(found.places):
            if place is not None and self.column_keys[index] is None:
                self.column_keys[index] = new[place]
                self._add(new[place])
        unknown = [key for key in new if key not in self._known]
        if unknown and not self._reading.ignore_unknown:
            self._unknown.update(unknown)
            self._keys += [key for key in unknown if key not in self._keys]
            self.headers = addressed(self._keys)
            return self._not_known(number, unknown[0])
        for key in unknown:
            self._add(key)
            self._tell_left_out(number, key)
        return None

    @property
    def original_keys(self) -> list[str]:
        """The keys so far, then the columns that only later objects may have."""
        lacking = zip(self._columns.names, self.column_keys, strict=True)
        later = [column for column, key in lacking if key is None and column not in self._reading.columns]
        return list(dict.fromkeys([*self._keys, *later]))

    def _take_all(self, rest: Iterable[Any]) -> None:
        """Add the keys of the remaining objects, up to the end or to where the file cannot be read."""
        keys = dict.fromkeys(self._keys)
        try:
            for value in rest:
                if isinstance(value, dict) and len(keys) <= MOST_HEADERS:
                    keys.update(dict.fromkeys(value))
        except Unreadable:
            pass
        self._keys = list(keys)

    def _not_known(self, number: int, key: str) -> Problem:
        words = self._look_up(NOT_KNOWN) % {"row": number, "key": label(key)}
        return Problem(number, "", "error", words, "ignore_unknown")

    def _rows(self) -> list[FileRow]:
        return [(number, [as_written(value.get(key, "")) for key in self._keys]) for number, value in self._shown]

    def _add(self, key: str) -> None:
        self._known.add(key)
        self._keys.append(key)
        self.headers = addressed(self._keys)

    def _tell_left_out(self, number: int, key: str) -> None:
        """Add a warning if a key that is left out is named like a column that the user declared missing."""
        said = tuple(column for column, header in self._reading.columns.items() if header == "")
        alone = replace(self._columns, names=said, may_be_missing=said)
        if said and not fit([key], alone, Reading(ignore_unknown=True)).unknown:
            left_out = _("%(key)s is in row %(row)s and perhaps later, and was said not to be in the file: left out.")
            words = left_out % {"key": label(key), "row": number}
            self.notices.append(Problem(None, "", "warning", words, "columns"))


def _all_may_be_missing(columns: Columns) -> Columns:
    return replace(columns, may_be_missing=columns.names)
