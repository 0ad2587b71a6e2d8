"""Who may open which address of ops.accounts; ops/tests/roles.py says how the table is read."""

from __future__ import annotations

from typing import Any

TABLE = """
#                                                 nobody alice nils  rita  lena  sue   dan   otto  rosa
accounts_user_delete_many                         in    in    no    no    no    go    no    no    go
accounts_user_hold                                in    in    no    no    ok    ok    no    no    ok
auth_user_password_change                         in    in    no    no    no    no    no    no    ok
accounts_user_changelist                          in    in    no    no    no    ok    no    no    ok
accounts_user_add                                 in    in    no    no    no    no    no    no    ok
accounts_user_history                             in    in    no    no    no    no    no    go    go
accounts_user_delete                              in    in    no    no    no    go    no    no    go
accounts_user_change                              in    in    no    no    no    ok    no    no    ok
accounts/user/<path:object_id>/                   in    in    go    go    go    go    go    go    go
app_list=accounts                                 in    in    --    --    --    ok    --    --    ok
"""


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    return {"accounts/user/": alice.pk}
