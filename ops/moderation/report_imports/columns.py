"""The columns of a file of reports: those of an export of reports, some of which may be missing."""

from __future__ import annotations

from ops.files.dialects.utc_times import exact_header, in_utc_header
from ops.files.formulas import MARK, MARK_WITHOUT_GUARD
from ops.files.headers.columns import Columns
from ops.imports.columns import REASON_COLUMN

NAMES = (
    "external_id", "message", "label", "reporter", "note", "created_at", "revision", "outcome", "settled_at",
)  # fmt: skip
MAY_BE_MISSING = ("reporter", "note", "created_at", "revision", "outcome", "settled_at")
TIMES = ("created_at", "settled_at")
COLUMNS = Columns(
    names=NAMES,
    aliases={name: in_utc_header(name) for name in TIMES},
    may_be_missing=MAY_BE_MISSING,
    always_ignored=(REASON_COLUMN, MARK, MARK_WITHOUT_GUARD, "source", "case", *map(exact_header, TIMES)),
)
