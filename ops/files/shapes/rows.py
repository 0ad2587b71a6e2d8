"""A row of a sheet, and what may be wrong with its cells."""

from __future__ import annotations

from typing import NamedTuple


class Flaw(NamedTuple):
    """What a cell holds that is no value: an ``error``, or else a formula; one that was saved with its value
    ``has_value``."""

    error: str = ""
    has_value: bool = False


FORMULA, SAVED_FORMULA = Flaw(), Flaw(has_value=True)


class Row(NamedTuple):
    """A row of a sheet that holds anything: its values by column, counted from 0, and what is wrong with some."""

    number: int
    values: dict[int, str]
    flaws: dict[int, Flaw]
