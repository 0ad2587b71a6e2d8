"""Who may open which address of ops.moderation; ops/tests/roles.py says how the table is read."""

from __future__ import annotations

from typing import Any

from ops.conftest import make_staff
from ops.moderation import flagging
from ops.moderation.models import CannedReason, Label, Source
from ops.moderation.tests.desk import decided

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
moderation_case_changelist                        in    in    no    ok    ok    no    no    no    ok
moderation_case_add                               in    in    no    no    no    no    no    no    no
moderation_case_history                           in    in    no    no    no    no    no    go    go
moderation_case_delete                            in    in    no    no    no    no    no    no    no
moderation_case_change                            in    in    no    ok/no ok/no no    no    no    ok/no
moderation_case_next                              in    in    no    x/go  x/go  no    no    no    x/go
moderation_case_claim                             in    in    no    x/go  x/go  no    no    no    x/go
moderation_case_take_over                         in    in    no    no    x/go  no    no    no    x/go
moderation_case_release                           in    in    no    x/go  x/go  no    no    no    x/go
moderation_case_skip                              in    in    no    x/go  x/go  no    no    no    x/go
moderation_case_escalate                          in    in    no    x/go  x/go  no    no    no    x/go
moderation_case_return                            in    in    no    x/go  x/go  no    no    no    x/go
moderation_case_wait                              in    in    no    x/go  x/go  no    no    no    x/go
moderation_case_heartbeat                         in    in    no    x/409 x/409 no    no    no    x/409
moderation_case_decide                            in    in    no    x/400 x/400 no    no    no    x/400
moderation_decision_undo                          in    in    no    ok    ok    no    no    no    ok
moderation_flag_message                           in    in    no    ok    ok    no    no    no    ok
moderation/case/<path:object_id>/                 in    in    go    go    go    go    go    go    go
app_list=moderation                               in    in    --    ok    ok    --    --    ok    ok
"""

UNASKED = {
    "moderation_case_*": "It can be undone, and gives nobody power.",
    "moderation_decision_undo": "It can be decided again.",
    "moderation_flag_message": "It hides nothing: somebody decides.",
    "moderation_label_*": "Labels give nobody power, and hold nothing personal.",
    "moderation_cannedreason_*": "Canned reasons give nobody power, and hold nothing personal.",
}


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    label = Label.objects.create(name="a label", slug="a-label")
    reason = CannedReason.objects.create(label=label, title="a reason", slug="a-reason", text="Because.")
    flag = flagging.flag(message, label=label, by=bob, source=Source.PARTICIPANT)
    reviewer = make_staff("reviewer", "decide_case")
    decision = decided(flag.case, reviewer, label)
    return {
        "moderation/label/": label.pk,
        "moderation/cannedreason/": reason.pk,
        "moderation/case/decision/": decision.pk,
        "moderation/case/report/": message.pk,
        "moderation/case/": flag.case_id,
    }
