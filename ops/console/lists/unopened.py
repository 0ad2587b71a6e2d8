"""Rows without their texts: who, when and how many, for those who have given no reason to read them yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

TEXTS = ("content", "old_content", "text", "beginning")


def withhold(rows: Iterable[Any], *, mark: bool = True) -> None:
    """Take the texts off these rows (messages, edits, notifications) and off their messages; marks them ``unopened``,
    unless they say why otherwise.

    They are gone from the rows, so that no template shows them by mistake. The rows must not be saved.
    """
    for row in rows:
        row.unopened = mark
        for one in (row, getattr(row, "message", None)):
            for name in TEXTS:
                if name in getattr(one, "__dict__", {}):
                    setattr(one, name, "")
