"""Who may open which address of ops.dashboard; ops/tests/roles.py explains the table."""

from __future__ import annotations

from typing import Any

TABLE = """
#                                                 nobody alice nils  rita  lena  sue   dan   otto  rosa
dashboard                                         in    in    --/x  go/x  go/x  go/x  go/x  go/x  go/x
dashboard_home                                    in    in    --/x  ok/x  ok/x  ok/x  ok/x  ok/x  ok/x
dashboard_review                                  in    in    no    ok/x  ok/x  no    no    no    ok/x
dashboard_review_csv                              in    in    no    ok/x  ok/x  no    no    no    ok/x
dashboard_team                                    in    in    no    no    ok/x  no    no    no    ok/x
dashboard_team_csv                                in    in    no    no    ok/x  no    no    no    ok/x
dashboard_data                                    in    in    no    no    ok/x  no    ok/x  no    ok/x
dashboard_data_csv                                in    in    no    no    ok/x  no    ok/x  no    ok/x
dashboard_accounts                                in    in    no    no    ok/x  ok/x  no    no    ok/x
dashboard_accounts_csv                            in    in    no    no    ok/x  ok/x  no    no    ok/x
dashboard_oversight                               in    in    no    no    no    no    no    ok/x  ok/x
dashboard_oversight_csv                           in    in    no    no    no    no    no    ok/x  ok/x
"""


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    return {"dashboard/": "numbers"}
