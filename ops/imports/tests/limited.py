"""Reads and checks one file in a process that may take little memory and time, as ops.files.tests.limited does."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import django

from ops.files.sources import SourceRow
from ops.files.tests.limited import Found, main


def check(rows: Iterable[SourceRow], found: Found) -> Iterable[object]:
    # Models can be imported only after django.setup().
    from ops.imports.checking.rows import RowContext, checked_rows  # noqa: PLC0415

    return checked_rows(rows, RowContext(datetime.now(UTC)), found)


if __name__ == "__main__":
    django.setup()
    main(Path(sys.argv[1]), check)
