from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ops.console.rooms import NOTHING_PERSONAL, Audit, Room, Table

SEES = ("Lead", "Support", "Auditor")  # requests, holds, receipts and what was deleted
DECIDES = ("Lead", "Support")


class DeletionConfig(Room):
    name = "ops.deletion"
    label = "deletion"
    verbose_name = "Deletion of accounts"

    menu = {"deletion.DeletionRequest": 100, "deletion.AccountDeletion": 110}
    permissions = {
        "deletion.view_accountdeletion": SEES,
        "deletion.view_deletionrequest": SEES,
        "deletion.view_receipt": SEES,
        "deletion.view_hold": SEES,
        "deletion.approve_deletionrequest": DECIDES,
        "deletion.hold_account": DECIDES,
        "deletion.view_erasedidentifier": (),
        "deletion.lift_erasedidentifier": (),
    }
    events = "ops.deletion.events.DeletionEvent"
    tables = {
        "deletion.deletiongroup": Table(Audit.VERBS, "requests"),
        "deletion.deletionrequest": Table(Audit.VERBS, "requests"),
        "deletion.hold": Table(Audit.VERBS, "requests"),
        "deletion.erasedidentifier": Table(Audit.VERBS, "requests"),
        "deletion.receipt": Table(
            Audit.EXEMPT, NOTHING_PERSONAL, why="Written once, by an erasure, which is recorded."
        ),
        "deletion.accountdeletion": Table(Audit.VERBS, "account"),
    }
    rounds = {"start_deletions": 60}

    def ready(self) -> None:
        from ops.deletion import checks, signals  # noqa: F401 - importing registers the checks

        signals.connect()

    def job_kinds(self) -> Iterable[Any]:
        from ops.deletion.erasing import Deletion

        return [Deletion()]

    def erasure_steps(self) -> Iterable[Any]:
        from ops.deletion import leftovers

        return leftovers.STEPS

    def name_refusal(self, text: str, *, kind: str) -> str:
        from ops.deletion import erased_names

        known = erased_names.erased([text], kind=kind).get(text)
        return "" if known is None else erased_names.refusal(text, known, kind=kind)
