"""The columns of a file of messages."""

from __future__ import annotations

from ops.files.dialects.utc_times import exact_header, in_utc_header
from ops.files.formulas import MARK, MARK_WITHOUT_GUARD
from ops.files.headers.columns import Columns
from ops.imports.guessing import places_of, suggest

COLUMNS = (
    "external_id", "parent_external_id", "sender", "receiver", "timestamp", "edited", "read", "content", "edited_at",
    "hidden", "redacted",
)  # fmt: skip
ALIASES = {"external_id": "id", "parent_external_id": "parent_id", "timestamp": in_utc_header("timestamp")}
MAY_BE_MISSING = ("edited", "read", "edited_at", "hidden", "redacted")
# Columns that people may declare missing from their file.
MAY_BE_LEFT_OUT = ("external_id", "parent_external_id", *MAY_BE_MISSING)
REASON_COLUMN = "problem"  # in a file of excluded rows: why each is excluded
ALWAYS_IGNORED = (REASON_COLUMN, MARK, MARK_WITHOUT_GUARD, exact_header("timestamp"))
# Columns whose values our exports guard, so that a spreadsheet does not take them for formulas.
GUARDED = ("external_id", "parent_external_id", "sender", "receiver", "content")
MESSAGE_COLUMNS = Columns(
    names=COLUMNS,
    aliases=ALIASES,
    may_be_missing=MAY_BE_MISSING,
    may_be_left_out=MAY_BE_LEFT_OUT,
    always_ignored=ALWAYS_IGNORED,
    by_name=suggest,
    by_values=places_of,
)
