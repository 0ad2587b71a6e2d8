"""Who may open which address of ops.audit; ops/tests/roles.py explains the table."""

from __future__ import annotations

from typing import Any

from ops.audit.recording import record
from ops.events import ConsoleEvent

TABLE = """
#                                                 nobody alice nils  rita  lena  sue   dan   otto  rosa
audit_entry_export                                in    in    no    no    no    no    no    go    go
audit_entry_changelist                            in    in    no    no    no    no    no    ok    ok
audit_entry_people                                in    in    no/x  no/x  no/x  no/x  no/x  ok/x  ok/x
audit_entry_add                                   in    in    no    no    no    no    no    no    no
audit_entry_history                               in    in    no    no    no    no    no    go    go
audit_entry_delete                                in    in    no    no    no    no    no    no    no
audit_entry_change                                in    in    no    no    no    no    no    ok/no ok/no
audit/entry/<path:object_id>/                     in    in    go    go    go    go    go    go    go
reading_reason                                    in    in    --    --    --    --    --    --    --
app_list=audit                                    in    in    --    --    --    --    --    ok    ok
"""


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    return {"audit/entry/": record(ConsoleEvent.CONVERSATION_READ, actor=alice, target=message.conversation).pk}
