"""Who may open which address of ops.accounts; ops/tests/roles.py explains the table."""

from __future__ import annotations

from typing import Any

TABLE = """
#                                                 nobody alice nils  rita  lena  sue   dan   otto  rosa
accounts_user_delete_many                         in    in    no    no    no    go    no    no    go
accounts_user_hold                                in    in    no    no    go    go    no    no    go
auth_user_password_change                         in    in    no    no    no    no    no    no    go
accounts_user_changelist                          in    in    no    no    no    ok    no    no    ok
accounts_user_add                                 in    in    no    no    no    no    no    no    go
accounts_user_history                             in    in    no    no    no    no    no    go    go
accounts_user_delete                              in    in    no    no    no    go    no    no    go
accounts_user_change                              in    in    no    no    no    ok    no    no    ok/go
accounts_user_conversations                       in    in    no    ok/x  ok/x  no    ok/x  no    ok/x
accounts_user_messages                            in    in    no    ok/x  ok/x  no    ok/x  no    ok/x
accounts_user_edits                               in    in    no    ok/x  ok/x  no    no    no    ok/x
accounts_user_log                                 in    in    no    no    no    no    no    ok/x  ok/x
accounts_user_between                             in    in    no    --/x  --/x  no    --/x  no    --/x
accounts/user/<path:object_id>/                   in    in    no    go    go    go    go    go    go
own_keys                                          in    in    x/go  x/go  x/go  x/go  x/go  x/go  x/go
time_zone                                         in    in    ok/go ok/go ok/go ok/go ok/go ok/go ok/go
language                                          in    in    ok/go ok/go ok/go ok/go ok/go ok/go ok/go
email                                             in    in    ok/go ok/go ok/go ok/go ok/go ok/go ok/go
app_list=accounts                                 in    in    --    --    --    ok    --    --    ok
"""

UNASKED = {
    "own_keys": "It changes what keys do for oneself, and nothing else.",
    "email": "It sends notices and numbers to the address of the account of whoever asks, and to nobody else.",
    "language": "It changes what somebody sees, and nothing else.",
    "time_zone": "It changes what somebody sees, and nothing else.",
    "accounts_user_delete": "It leads to the page that asks.",
}


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    return {"accounts/user/": alice.pk}
