"""Who may open which address of ops.moderation; ops/tests/roles.py says how the table is read."""

from __future__ import annotations

from typing import Any

from ops.moderation.models import CannedReason, Label

TABLE = """
#                                                 nobody alice nils  rita  lena  sue   dan   otto  rosa
moderation_label_changelist                       in    in    no    ok    ok    no    no    ok    ok
moderation_label_add                              in    in    no    no    ok    no    no    no    ok
moderation_label_history                          in    in    no    no    no    no    no    go    go
moderation_label_delete                           in    in    no    no    no    no    no    no    no
moderation_label_change                           in    in    no    ok/no ok    no    no    ok/no ok
moderation_label_import                           in    in    no    no    ok    no    no    no    ok
moderation_label_process_import                   in    in    x/no  x/no  x/go  x/no  x/no  x/no  x/go
moderation_label_export                           in    in    no    no    ok    no    no    no    ok
moderation/label/<path:object_id>/                in    in    go    go    go    go    go    go    go
moderation_cannedreason_changelist                in    in    no    ok    ok    no    no    ok    ok
moderation_cannedreason_add                       in    in    no    no    ok    no    no    no    ok
moderation_cannedreason_history                   in    in    no    no    no    no    no    go    go
moderation_cannedreason_delete                    in    in    no    no    no    no    no    no    no
moderation_cannedreason_change                    in    in    no    ok/no ok    no    no    ok/no ok
moderation_cannedreason_import                    in    in    no    no    ok    no    no    no    ok
moderation_cannedreason_process_import            in    in    x/no  x/no  x/go  x/no  x/no  x/no  x/go
moderation_cannedreason_export                    in    in    no    no    ok    no    no    no    ok
moderation/cannedreason/<path:object_id>/         in    in    go    go    go    go    go    go    go
app_list=moderation                               in    in    --    ok    ok    --    --    ok    ok
"""

UNASKED = {
    "moderation_label_*": "Labels give nobody power, and hold nothing personal.",
    "moderation_cannedreason_*": "Canned reasons give nobody power, and hold nothing personal.",
}


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    label = Label.objects.create(name="a label", slug="a-label")
    reason = CannedReason.objects.create(label=label, title="a reason", slug="a-reason", text="Because.")
    return {"moderation/label/": label.pk, "moderation/cannedreason/": reason.pk}
