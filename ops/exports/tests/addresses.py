"""Who may open which address of ops.exports; ops/tests/roles.py explains how the table is read."""

from __future__ import annotations

from typing import Any

from ops.exports.models import Export

TABLE = """
#                                                 nobody alice nils  rita  lena  sue   dan   otto  rosa
messaging_conversation_export                     in    in    no    no    no    no    go    no    go
messaging_message_export                          in    in    no    no    no    no    go    no    go
exports_export_person                             in    in    no    no    no    no    no    no    go
exports_export_request                            in    in    no    no    no    go    no    no    go
exports_export_approve                            in    in    no    no    go    go    no    no    go
exports_export_refuse                             in    in    no    no    go    go    no    no    go
exports_export_make                               in    in    no    no    no    go    no    no    go
exports_export_changelist                         in    in    no    no    ok    ok    ok    no    ok
exports_export_add                                in    in    no    no    no    no    no    no    no
exports_export_history                            in    in    no    no    no    no    no    go    go
exports_export_delete                             in    in    no    no    no    no    no    no    no
exports_export_change                             in    in    no    no    no    no    no    no    ok/no
exports_export_download                           in    in    no    no    no    no    no    no    no
exports/export/<path:object_id>/                  in    in    go    go    go    go    go    go    go
app_list=exports                                  in    in    --    --    ok    ok    ok    --    ok
"""

UNASKED = {
    "exports_export_download": "The password was asked for before the file was made.",
}


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    return {
        "exports/export/of-person/": alice.pk,
        "exports/export/": Export.objects.create(by=alice, scope="messages", reason="a reason").pk,
    }
