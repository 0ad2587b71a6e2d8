"""Reads and checks one file in a process that may take little memory and time, as ops.files.tests.limited does."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from ops.files.sources import SourceRow
from ops.files.tests.limited import Found, main
from ops.imports.checking.rows import StagedRow, checked_rows


def check(rows: Iterable[SourceRow], found: Found) -> Iterable[StagedRow]:
    return checked_rows(rows, now=datetime.now(UTC), report=found)


if __name__ == "__main__":
    main(Path(sys.argv[1]), check)
