"""Who may open which address of ops.dashboard; ops/tests/roles.py says how the table is read."""

from __future__ import annotations

from typing import Any

TABLE = """
#                                                 nobody alice nils  rita  lena  sue   dan   otto  rosa
dashboard                                         in    in    no    ok/x  ok/x  no    ok/x  no    ok/x
"""


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    return {}
