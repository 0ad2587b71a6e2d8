"""Removing the guards of our exports from the rows of a file that is marked as ours (formulas.MARK)."""

from __future__ import annotations

from ops.files.formulas import GUARD, GUARDED_STARTS
from ops.imports.columns import GUARDED
from ops.imports.staging.base import Staging

SIGNS = ", ".join(["%s"] * len(GUARDED_STARTS))
HAS_GUARD = f"substr({{column}}, 1, 1) = %s AND substr({{column}}, 2, 1) IN ({SIGNS})"
REMOVE_GUARD = f"UPDATE {{rows}} SET {{column}} = substr({{column}}, 2) WHERE {HAS_GUARD}"


def remove_guards(staging: Staging) -> int:
    """Remove the guard from all values that have it; return how many. A ' before any other character is text."""
    params = [GUARD, *GUARDED_STARTS]
    where = " OR ".join(HAS_GUARD.format(column=column) for column in GUARDED)
    if not staging.value(f"SELECT EXISTS (SELECT 1 FROM {{rows}} WHERE {where})", params * len(GUARDED)):
        return 0
    return sum(staging.execute(REMOVE_GUARD, params, column=column) for column in GUARDED)
