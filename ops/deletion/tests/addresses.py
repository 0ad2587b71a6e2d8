"""Who may open which address of ops.deletion; ops/tests/roles.py explains the table."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.utils import timezone

from ops.deletion.models import AccountDeletion, DeletionGroup, DeletionRequest, ErasedIdentifier, Hold, Receipt

TABLE = """
#                                                 nobody alice nils  rita  lena  sue   dan   otto  rosa
deletion_deletionrequest_changelist               in    in    no    no    ok    ok    no    ok    ok
deletion_deletionrequest_add                      in    in    no    no    no    no    no    no    no
deletion_deletionrequest_history                  in    in    no    no    no    no    no    go    go
deletion_deletionrequest_delete                   in    in    no    no    no    no    no    no    no
deletion_deletionrequest_change                   in    in    no    no    ok/no ok/no no    ok/no ok/no
deletion_deletionrequest_progress                 in    in    no    no    go/x  go/x  no    go/x  go/x
deletion_deletionrequest_approve                  in    in    no    no    go    go    no    no    go
deletion_deletionrequest_refuse                   in    in    no    no    ok    ok    no    no    ok
deletion_deletionrequest_cancel                   in    in    no    no    no    ok    no    no    ok
deletion_deletiongroup                            in    in    no    no    ok/x  ok/x  no    ok/x  ok/x
deletion_deletiongroup_progress                   in    in    no    no    go/x  go/x  no    go/x  go/x
deletion_deletiongroup_approve                    in    in    no    no    go    go    no    no    go
deletion_deletiongroup_cancel                     in    in    no    no    no    ok    no    no    ok
deletion_hold_lift                                in    in    no    no    go    go    no    no    go
deletion_hold_person                              in    in    no    no    ok    ok    no    no    ok
deletion_hold_changelist                          in    in    no    no    ok    ok    no    ok    ok
deletion_hold_add                                 in    in    no    no    no    no    no    no    no
deletion_hold_history                             in    in    no    no    no    no    no    go    go
deletion_hold_delete                              in    in    no    no    no    no    no    no    no
deletion_hold_change                              in    in    no    no    ok/no ok/no no    ok/no ok/no
deletion/hold/<path:object_id>/                   in    in    go    go    go    go    go    go    go
deletion_receipt                                  in    in    no    no    ok/x  ok/x  no    ok/x  ok/x
deletion_receipt_print                            in    in    no    no    ok/x  ok/x  no    ok/x  ok/x
deletion_receipt_json                             in    in    no    no    ok/x  ok/x  no    ok/x  ok/x
deletion_erased                                   in    in    no    no    ok    ok    no    ok    ok
deletion_erasedidentifier_lift                    in    in    no    no    no    no    no    no    go
deletion/deletionrequest/<path:object_id>/        in    in    go    go    go    go    go    go    go

deletion_accountdeletion_changelist               in    in    no    no    ok    ok    no    ok    ok
deletion_accountdeletion_add                      in    in    no    no    no    no    no    no    no
deletion_accountdeletion_history                  in    in    no    no    no    no    no    go    go
deletion_accountdeletion_delete                   in    in    no    no    no    no    no    no    no
deletion_accountdeletion_change                   in    in    no    no    ok/no ok/no no    ok/no ok/no
deletion/accountdeletion/<path:object_id>/        in    in    go    go    go    go    go    go    go
app_list=deletion                                 in    in    --    --    ok    ok    --    ok    ok
"""

UNASKED = {
    "deletion_deletiongroup_cancel": "Nothing is deleted, and the accounts are as they were.",
    "deletion_deletionrequest_cancel": "Nothing is deleted, and the account is as it was.",
    "deletion_deletionrequest_refuse": "Nothing is deleted, and the account is as it was.",
    "deletion_hold_person": "It leads to the page that asks.",
    "deletion_erased": "It finds out whether an account was erased.",
}


def keys(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    group = DeletionGroup.objects.create(basis="policy", mode="erase")
    request = DeletionRequest.objects.create(group=group, user=bob, username=bob.username, was_active=True)
    now = timezone.now()
    times = {"requested_at": now, "approved_at": now, "started_at": now, "finished_at": now}
    facts = {"mode": "erase", "basis": "policy", "own": False, "one_person": False, "counts": {}, "steps": []}
    receipt = Receipt.objects.create(id=uuid4(), request=request.pk, **facts, **times)
    name = ErasedIdentifier.objects.create(kind="username", digest="0" * 64, receipt_id=receipt.pk)
    below = "deletion/deletionrequest/"
    hold = Hold.objects.create(user=bob, kind="legal", reason="a reason").pk
    return {
        f"{below}erased/": name.pk,
        f"{below}receipt/": receipt.pk,
        f"{below}hold/": hold,
        "deletion/hold/": hold,
        f"{below}group/": group.pk,
        below: request.pk,
        "deletion/accountdeletion/": AccountDeletion.objects.create().pk,
    }
