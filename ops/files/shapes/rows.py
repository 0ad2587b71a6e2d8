"""A row of a sheet, and what may be wrong with its cells."""

from __future__ import annotations

from typing import NamedTuple


class Flaw(NamedTuple):
    """What a cell holds instead of a value: an ``error``, or else a formula; ``has_value`` if that was saved with its
    value."""

    error: str = ""
    has_value: bool = False


FORMULA, SAVED_FORMULA = Flaw(), Flaw(has_value=True)


class Row(NamedTuple):
    """A row of a sheet that is not blank: its values by column, counted from 0, and the flaws of some cells."""

    number: int
    values: dict[int, str]
    flaws: dict[int, Flaw]
