"""A row of a sheet."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A row of a sheet that holds anything: its values by column, counted from 0, and what is wrong with some."""

    number: int
    values: dict[int, str]
    flaws: dict[int, str]
