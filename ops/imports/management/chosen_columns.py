"""Which columns a command may be told of."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.management.base import CommandError

from ops.imports.columns import COLUMNS, MAY_BE_LEFT_OUT


def refuse_columns(pairs: Iterable[tuple[str, str]]) -> None:
    """Raises CommandError for the first (column, header) that cannot be."""
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
