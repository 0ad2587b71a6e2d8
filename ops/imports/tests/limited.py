"""A program that reads and checks files with little memory and time, as ops.files.tests.limited reads them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import django

from ops.files.sources import SourceRow
from ops.files.tests.limited import Found, main


def check(rows: Iterable[SourceRow], found: Found) -> Iterable[object]:
    # Models can be imported only after django.setup().
    from ops.imports.checking.rows import RowContext, checked_rows  # noqa: PLC0415

    # The readers are opened with columns that lack edited_at, hidden and redacted.
    whole = ((number, [*values, "", "", ""], problem) for number, values, problem in rows)
    return checked_rows(whole, RowContext(datetime.now(UTC)), found)


if __name__ == "__main__":
    django.setup()
    main(check)
