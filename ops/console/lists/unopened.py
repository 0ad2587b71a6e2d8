"""Rows without their texts, for users who have not yet given a reason to read: only people, times and numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

TEXTS = ("content", "old_content", "text", "beginning")


def withhold(rows: Iterable[Any], *, mark: bool = True) -> None:
    """Blank the texts of these rows (messages, edits, notifications) and of their messages, and set ``unopened`` to
    ``mark``: False if the page explains the missing texts differently.

    The texts are removed from the rows, so that no template shows them by mistake. The rows must not be saved.
    """
    for row in rows:
        row.unopened = mark
        for one in (row, getattr(row, "message", None)):
            for name in TEXTS:
                if name in getattr(one, "__dict__", {}):
                    setattr(one, name, "")
