"""Removing the guard of our exports from the rows of a file, where they have it."""

from __future__ import annotations

from ops.files.formulas import GUARD, STARTS
from ops.files.problems import Problem
from ops.imports.checking.findings import Findings
from ops.imports.checking.rows import LONGEST, too_long
from ops.imports.columns import GUARDED
from ops.imports.staging.base import Staging

# As many places for values as there are signs that a formula begins with; and one more for the guard.
FORMULA, EITHER = ", ".join(["%s"] * len(STARTS)), ", ".join(["%s"] * (len(STARTS) + 1))
BEGINS_WITH_GUARD = "substr({column}, 1, 1) = %s"
# A value which our exports would have guarded, or one which they would not have.
NOT_OF_EXPORTS = (
    f"substr({{column}}, 1, 1) IN ({FORMULA})"
    f" OR (substr({{column}}, 1, 1) = %s AND substr({{column}}, 2, 1) NOT IN ({EITHER}))"
)
REMOVE_GUARD = (
    "UPDATE {rows} SET {column} = substr({column}, 2) "
    f"WHERE substr({{column}}, 1, 1) = %s AND substr({{column}}, 2, 1) IN ({EITHER})"
)
MAY_BE_LONG = "SELECT number, {column} FROM {rows} WHERE substr({column}, 1, 1) = %s AND length({column}) > %s"


def remove_guards(staging: Staging, *, whole: bool = True) -> int:
    """Remove the guard from all rows where the whole file has it as our exports have; from how many values.

    In a file from elsewhere a leading ' is a part of the text. It is one of ours only if no value begins as a formula
    does, and each that begins with ' continues with what must be guarded. Where that is known already ``whole`` is
    False: where only a part of the file is staged, or where we wrote the file and somebody put other values into it.
    """
    if not _has_any(staging, BEGINS_WITH_GUARD, [GUARD]):
        return 0
    if whole and _has_any(staging, NOT_OF_EXPORTS, [*STARTS, GUARD, *STARTS, GUARD]):
        return 0
    return sum(staging.execute(REMOVE_GUARD, [GUARD, *STARTS, GUARD], column=column) for column in GUARDED)


def check_lengths(staging: Staging, findings: Findings) -> None:
    """Report values that are too long where what was taken for a guard of our exports is a character like others."""
    for column, most in LONGEST.items():
        for number, value in staging.stream(MAY_BE_LONG, [GUARD, most], column=column):
            findings.report(Problem(number, column, "error", too_long(column, value, guarded=False)))


def _has_any(staging: Staging, condition: str, params: list[str]) -> bool:
    """Whether a row has a guarded column for which this holds."""
    where = " OR ".join(condition.format(column=column) for column in GUARDED)
    return bool(staging.value(f"SELECT EXISTS (SELECT 1 FROM {{rows}} WHERE {where})", params * len(GUARDED)))
