"""Taking the guard of our exports off the rows of a file, where they have it."""

from __future__ import annotations

from ops.files.formulas import GUARD, STARTS
from ops.files.problems import Problem
from ops.imports.checking.findings import Findings
from ops.imports.checking.rows import LONGEST, too_long
from ops.imports.columns import GUARDED
from ops.imports.staging.base import ROWS, Staging

# As many places for values as there are signs that a formula begins with; and one more for the guard.
FORMULA, EITHER = ", ".join(["%s"] * len(STARTS)), ", ".join(["%s"] * (len(STARTS) + 1))
MAY_BE_LONG = f"SELECT number, {{column}} FROM {ROWS} WHERE substr({{column}}, 1, 1) = %s AND length({{column}}) > %s"


def take_guards_off(staging: Staging, *, whole: bool = True) -> int:
    """Take the guard off all rows where the whole file has it as our exports have; from how many values.

    In a file from elsewhere a leading ' is a part of the text. It is one of ours only if no value begins as a formula
    does, and each that begins with ' goes on with what must be guarded. Where that is known already ``whole`` is false:
    where only a part of the file is staged, or where we wrote the file and somebody put other values into it.
    """
    has_guards = " OR ".join(f"substr({column}, 1, 1) = %s" for column in GUARDED)
    marks = [GUARD] * len(GUARDED)
    if not staging.value(f"SELECT EXISTS (SELECT 1 FROM {ROWS} WHERE {has_guards})", marks):
        return 0
    each = [*STARTS, GUARD, *STARTS, GUARD]
    if whole and staging.value(f"SELECT EXISTS (SELECT 1 FROM {ROWS} WHERE {_unguarded()})", each * len(GUARDED)):
        return 0
    guarded_ones = f"substr({{column}}, 1, 1) = %s AND substr({{column}}, 2, 1) IN ({EITHER})"
    take_off = f"UPDATE {ROWS} SET {{column}} = substr({{column}}, 2) WHERE {guarded_ones}"
    return sum(staging.execute(take_off.replace("{column}", column), [GUARD, *STARTS, GUARD]) for column in GUARDED)


def _unguarded() -> str:
    """That a row has a value which our exports would have guarded, or which they would not have."""
    return " OR ".join(
        f"substr({column}, 1, 1) IN ({FORMULA})"
        f" OR (substr({column}, 1, 1) = %s AND substr({column}, 2, 1) NOT IN ({EITHER}))"
        for column in GUARDED
    )


def check_lengths(staging: Staging, findings: Findings) -> None:
    """Report values that are too long where what was taken for a guard of our exports is a character like others."""
    for column, most in LONGEST.items():
        for number, value in staging.stream(MAY_BE_LONG.replace("{column}", column), [GUARD, most]):
            findings.report(Problem(number, column, "error", too_long(column, value, guarded=False)))
