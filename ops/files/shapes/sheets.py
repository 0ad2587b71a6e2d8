"""The sheets of a workbook: the one that is read, and messages about the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ops.files.problems import Problem, Unreadable, label
from ops.files.suggestions import Suggestion
from ops.files.wording import listed

NAMED_SHEETS = 5


@dataclass(frozen=True)
class Sheets:
    """The ``names`` of the sheets, with the ``hidden`` ones last; ``read`` is the one that is read."""

    names: list[str]
    hidden: Collection[str]
    read: str

    @classmethod
    def of(cls, names: Sequence[str], hidden: Collection[str], chosen: str) -> Sheets:
        """Return the sheets; the chosen one is read, or else the first. Raises Unreadable if it does not exist."""
        # A hidden sheet is not meant, unless there is no other.
        ordered = sorted(names, key=lambda name: name in hidden)
        if chosen and chosen not in ordered:
            has = ", ".join(label(name, quoted=True) for name in ordered[:NAMED_SHEETS])
            words = _("the workbook has no sheet %(sheet)s: choose one of %(sheets)s.") % {
                "sheet": label(chosen, quoted=True),
                "sheets": has,
            }
            suggested = cls(ordered, hidden, "").suggestions()
            raise Unreadable(words, cure="sheet", suggestions=suggested)
        return cls(ordered, hidden, chosen or ordered[0])

    @property
    def others(self) -> list[str]:
        return [name for name in self.names if name != self.read]

    def notices(self) -> list[Problem]:
        """Return a notice that names the sheets that are not read."""
        if not self.others:
            return []
        if self.read == self.names[0]:
            said = _("only the first sheet, %(sheet)s, is read; left out: %(others)s.")
        else:
            said = _("only the sheet, %(sheet)s, is read; left out: %(others)s.")
        named = [self._named(name) for name in self.others[:NAMED_SHEETS]]
        more = len(self.others) - len(named)
        others = listed(named, more=more) if more else ", ".join(named)
        words = said % {"sheet": label(self.read, quoted=True), "others": others}
        return [Problem(None, "", "notice", words, "sheet")]

    def suggestions(self) -> list[Suggestion]:
        """Return suggestions to read one of the others instead."""
        return [
            Suggestion(
                "sheet",
                name,
                _("The workbook has another sheet, %(sheet)s.") % {"sheet": self._named(name)},
                _("Read the sheet %(sheet)s") % {"sheet": label(name, quoted=True)},
            )
            for name in self.others[:NAMED_SHEETS]
        ]

    def empty(self) -> str:
        """Return the message for a workbook whose sheet is empty."""
        if len(self.names) == 1:
            return _("the file is empty.")
        if self.read == self.names[0]:
            said = _(
                "the first sheet, %(sheet)s, is empty, and no other is read: choose another sheet, or put the rows "
                "there."
            )
        else:
            said = _(
                "the sheet, %(sheet)s, is empty, and no other is read: choose another sheet, or put the rows there."
            )
        return said % {"sheet": label(self.read, quoted=True)}

    def _named(self, name: str) -> str:
        sheet = label(name, quoted=True)
        return _("%(sheet)s (hidden)") % {"sheet": sheet} if name in self.hidden else sheet
