"""The sheets of a workbook: which one is read, and what is said of the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ops.files.problems import Problem, Unreadable, label
from ops.files.suggestions import Suggestion

NAMED_SHEETS = 5


@dataclass(frozen=True)
class Sheets:
    """The ``names`` of the sheets, those first that are not ``hidden``; ``read`` is the one that is read."""

    names: list[str]
    hidden: Collection[str]
    read: str

    @classmethod
    def of(cls, names: Sequence[str], hidden: Collection[str], chosen: str) -> Sheets:
        """The sheets, of which the chosen one is read, or the first. Raises Unreadable where it is not there."""
        # A hidden sheet was not meant, unless there is nothing else.
        ordered = sorted(names, key=lambda name: name in hidden)
        if chosen and chosen not in ordered:
            has = ", ".join(label(name, quoted=True) for name in ordered[:NAMED_SHEETS])
            words = f"the workbook has no sheet {label(chosen, quoted=True)}: choose one of {has}."
            suggested = cls(ordered, hidden, "").suggestions()
            raise Unreadable(words, cure="sheet", suggestions=suggested)
        return cls(ordered, hidden, chosen or ordered[0])

    @property
    def others(self) -> list[str]:
        return [name for name in self.names if name != self.read]

    def notices(self) -> list[Problem]:
        """A notice that names the sheets that are not read."""
        if not self.others:
            return []
        which = "only the first sheet" if self.read == self.names[0] else "only the sheet"
        more = f" and {len(self.others) - NAMED_SHEETS:,} more" if len(self.others) > NAMED_SHEETS else ""
        named = ", ".join(self._named(name) for name in self.others[:NAMED_SHEETS])
        words = f"{which}, {label(self.read, quoted=True)}, is read; left out: {named}{more}."
        return [Problem(None, "", "notice", words, "sheet")]

    def suggestions(self) -> list[Suggestion]:
        """To read one of the others, where this one is not what was meant."""
        return [
            Suggestion(
                "sheet",
                name,
                f"The workbook has another sheet, {self._named(name)}.",
                f"Read the sheet {label(name, quoted=True)}",
            )
            for name in self.others[:NAMED_SHEETS]
        ]

    def empty(self) -> str:
        """The sentence for a workbook whose sheet is empty."""
        if len(self.names) == 1:
            return "the file is empty."
        which = "the first sheet" if self.read == self.names[0] else "the sheet"
        named = label(self.read, quoted=True)
        return f"{which}, {named}, is empty, and no other is read: choose another sheet, or put the messages there."

    def _named(self, name: str) -> str:
        return label(name, quoted=True) + (" (hidden)" if name in self.hidden else "")
