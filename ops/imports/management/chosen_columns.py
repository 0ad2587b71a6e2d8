"""Validation of the columns that a command is given."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.management.base import CommandError

from ops.imports.columns import COLUMNS, MAY_BE_LEFT_OUT


def refuse_columns(pairs: Iterable[tuple[str, str]]) -> None:
    """Raise CommandError for the first invalid (column, header)."""
    seen: set[str] = set()
    for name, header in pairs:
        given = f"--column {name}={header}"
        if name not in COLUMNS:
            raise CommandError(f"{given}: there is no such column; write one of {', '.join(COLUMNS)} before the =.")
        if name in seen:
            raise CommandError(f"{given}: {name} is given twice; keep one.")
        if not header and name not in MAY_BE_LEFT_OUT:
            raise CommandError(f"{given}: every file needs {name}; name the header that holds it.")
        seen.add(name)
