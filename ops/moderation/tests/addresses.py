"""Who may open which address of ops.moderation; ops/tests/roles.py explains the table."""

from __future__ import annotations

from typing import Any

from ops.audit.recording import record
from ops.conftest import make_staff
from ops.moderation import flagging
from ops.moderation.events import ModerationEvent
from ops.moderation.models import (
    CannedReason,
    DecisionGroup,
    FlagImport,
    GroupAction,
    GroupKind,
    Label,
    Opening,
    Source,
    View,
)
from ops.moderation.notes import writing as notes
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
moderation_pause                                  in    in    no    ok/go ok/go no    no    no    ok/go
covered_texts                                     in    in    ok/go ok/go ok/go ok/go ok/go ok/go ok/go
moderation_case_claim                             in    in    no    x/go  x/go  no    no    no    x/go
moderation_case_take_over                         in    in    no    no    x/go  no    no    no    x/go
moderation_case_release                           in    in    no    x/go  x/go  no    no    no    x/go
moderation_case_skip                              in    in    no    x/go  x/go  no    no    no    x/go
moderation_case_escalate                          in    in    no    x/go  x/go  no    no    no    x/go
moderation_case_return                            in    in    no    x/go  x/go  no    no    no    x/go
moderation_case_wait                              in    in    no    x/go  x/go  no    no    no    x/go
moderation_case_heartbeat                         in    in    no    x/ok  x/ok  no    no    no    x/ok
moderation_case_decide                            in    in    no    x/400 x/400 no    no    no    x/400
moderation_case_decide_many                       in    in    no    no    go    no    no    no    go
moderation_decision_undo                          in    in    no    ok    ok    no    no    no    ok
moderation_decision_restore                       in    in    no    ok    ok    no    no    no    ok
moderation_flag_message                           in    in    no    ok    ok    no    no    no    ok
moderation_view_changelist                        in    in    no    no    ok    no    no    no    ok
moderation_view_add                               in    in    no    no    ok    no    no    no    ok
moderation_view_history                           in    in    no    no    no    no    no    go    go
moderation_view_delete                            in    in    no    no    ok    no    no    no    ok
moderation_view_change                            in    in    no    no    ok    no    no    no    ok
moderation_view_import                            in    in    no    no    ok    no    no    no    ok
moderation_view_process_import                    in    in    x/no  x/no  x/go  x/no  x/no  x/no  x/go
moderation_view_export                            in    in    no    no    ok    no    no    no    ok
moderation/view/<path:object_id>/                 in    in    go    go    go    go    go    go    go
moderation_case_people                            in    in    no/x  ok/x  ok/x  no/x  no/x  no/x  ok/x
moderation_case_views                             in    in    no    ok/x  ok/x  no    no    no    ok/x
moderation_case_save_view                         in    in    no    ok    ok    no    no    no    ok
moderation_case_rename_view                       in    in    no    no    ok    no    no    no    ok
moderation_case_move_view                         in    in    no    no    x/go  no    no    no    x/go
moderation_case_delete_view                       in    in    no    no    ok/go no    no    no    ok/go
moderation_note_on_conversation                   in    in    no    ok    ok    no    no    no    ok
moderation_note_on_person                         in    in    no    ok    ok    no    no    no    ok
moderation_notes_of_person                        in    in    no    ok/x  ok/x  no    no    no    ok/x
moderation_note_delete                            in    in    no    no    ok/go no    no    no    ok/go
moderation_decision_changelist                    in    in    no    ok    ok    no    no    no    ok
moderation_decision_people                        in    in    no/x  ok/x  ok/x  no/x  no/x  no/x  ok/x
moderation_decision_add                           in    in    no    no    no    no    no    no    no
moderation_decision_history                       in    in    no    no    no    no    no    go    go
moderation_decision_delete                        in    in    no    no    no    no    no    no    no
moderation_decision_change                        in    in    no    go    go    no    no    no    go
moderation/decision/<path:object_id>/             in    in    go    go    go    go    go    go    go
moderation_flag_changelist                        in    in    no    ok    ok    no    no    no    ok
moderation_flag_people                            in    in    no/x  ok/x  ok/x  no/x  no/x  no/x  ok/x
moderation_flag_add                               in    in    no    no    no    no    no    no    no
moderation_flag_history                           in    in    no    no    no    no    no    go    go
moderation_flag_delete                            in    in    no    no    no    no    no    no    no
moderation_flag_change                            in    in    no    go    go    no    no    no    go
moderation/flag/<path:object_id>/                 in    in    go    go    go    go    go    go    go
moderation_decisiongroup_changelist               in    in    no    no    ok    no    no    no    ok
moderation_decisiongroup_add                      in    in    no    no    no    no    no    no    no
moderation_decisiongroup_history                  in    in    no    no    no    no    no    go    go
moderation_decisiongroup_delete                   in    in    no    no    no    no    no    no    no
moderation_decisiongroup_change                   in    in    no    no    ok/no no    no    no    ok/no
moderation_decisiongroup_start                    in    in    no    no    x/--  no    no    no    x/--
moderation_decisiongroup_undo                     in    in    no    no    ok    no    no    no    ok
moderation/decisiongroup/<path:object_id>/        in    in    go    go    go    go    go    go    go
moderation_flagimport_changelist                  in    in    no    no    no    no    ok    no    ok
moderation_flagimport_add                         in    in    no    no    no    no    ok    no    ok
moderation_flagimport_check                       in    in    no    no    no    no    no    no    no
moderation_flagimport_store                       in    in    no    no    no    no    no    no    no
moderation_flagimport_discard                     in    in    no    no    no    no    no    no    no
moderation_flagimport_undo                        in    in    no    no    no    no    ok/go no    ok/go
moderation_flagimport_history                     in    in    no    no    no    no    no    go    go
moderation_flagimport_delete                      in    in    no    no    no    no    no    no    no
moderation_flagimport_change                      in    in    no    no    no    no    ok/no no    ok/no
moderation/flagimport/<path:object_id>/           in    in    go    go    go    go    go    go    go
moderation/case/<path:object_id>/                 in    in    go    go    go    go    go    go    go
moderation_opening_changelist                     in    in    no    no    ok    no    no    ok    ok
moderation_opening_people                         in    in    no/x  no/x  ok/x  no/x  no/x  ok/x  ok/x
moderation_opening_add                            in    in    no    no    no    no    no    no    no
moderation_opening_history                        in    in    no    no    no    no    no    go    go
moderation_opening_delete                         in    in    no    no    no    no    no    no    no
moderation_opening_change                         in    in    no    no    go    no    no    go    go
moderation/opening/<path:object_id>/              in    in    go    go    go    go    go    go    go
app_list=moderation                               in    in    --    ok    ok    --    ok    ok    ok
"""

UNASKED = {
    "moderation_pause": "It releases a claim, and changes nothing else.",
    "covered_texts": "It changes what somebody sees, and nothing else.",
    "moderation_case_*": "It can be undone, and gives nobody power.",
    "moderation_decision_undo": "It can be decided again.",
    "moderation_decision_restore": "It can be undone.",
    "moderation_decision_change": "It leads to the page of the case.",
    "moderation_decisiongroup_*": "A preview stands between, and it can be undone.",
    "moderation_flag_change": "It leads to the page of the case.",
    "moderation_flag_message": "It hides nothing: somebody decides.",
    "moderation_view_*": "Views give nobody power, and hold nothing personal.",
    "moderation_flagimport_*": "Reports hide nothing, and an import of them can be undone.",
    "moderation_note_*": "Notes give nobody power; a deleted one can be written again.",
    "moderation_opening_change": "It leads to the audit trail.",
    "moderation_label_*": "Labels give nobody power, and hold nothing personal.",
    "moderation_cannedreason_*": "Canned reasons give nobody power, and hold nothing personal.",
}


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    label = Label.objects.create(name="a label", slug="a-label")
    reason = CannedReason.objects.create(label=label, title="a reason", slug="a-reason", text="Because.")
    flag = flagging.flag(message, label=label, by=bob, source=Source.PARTICIPANT)
    view = View.objects.create(name="a view", slug="a-view", filters="label=a-label")
    reviewer = make_staff("reviewer", "decide_case")
    decision = decided(flag.case, reviewer, label)
    group = DecisionGroup.objects.create(
        kind=GroupKind.DECIDE,
        action=GroupAction.HIDE,
        label=label,
        made_at=decision.decided_at,
        started_at=decision.decided_at,
    )
    entry = record(ModerationEvent.CASE_READ, actor=reviewer, target=flag.case)
    return {
        "moderation/flag/": flag.pk,
        "moderation/decision/": decision.pk,
        "moderation/decisiongroup/": group.pk,
        "moderation/label/": label.pk,
        "moderation/cannedreason/": reason.pk,
        "moderation/case/decision/": decision.pk,
        "moderation/case/report/": message.pk,
        "moderation/view/": view.pk,
        "moderation/case/views/": view.pk,
        "moderation/note/": notes.add("A note", message.conversation, by=reviewer).pk,
        "moderation/case/": flag.case_id,
        "moderation/flagimport/": FlagImport.objects.create(by=alice, created_at=entry.at, stored_at=entry.at).pk,
        "moderation/opening/": Opening.objects.create(entry=entry, reader=reviewer, at=entry.at, conversations=1).pk,
    }
