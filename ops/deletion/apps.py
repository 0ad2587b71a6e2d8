from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from ops.console.rooms import NOTHING_PERSONAL, Audit, Item, PendingWork, Place, Room, Table

SEES = ("Lead", "Support", "Auditor")  # requests, holds, receipts and records of deleted accounts
DECIDES = ("Lead", "Support")


class DeletionConfig(Room):
    name = "ops.deletion"
    label = "deletion"
    verbose_name = gettext_lazy("Deletion of accounts")

    menu = {
        "deletion.DeletionRequest": Item(Place.PEOPLE, 20),
        "deletion.Hold": Item(Place.PEOPLE, 30),
        "admin:deletion_erased": Item(
            Place.PEOPLE, 40, name=gettext_lazy("Look up an erased account"), permission="deletion.view_receipt"
        ),
        "deletion.AccountDeletion": Item(Place.PEOPLE, 50),
    }
    finds = {"deletion.DeletionRequest": gettext_lazy("deletion request"), "deletion.Hold": gettext_lazy("hold")}
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
        "deletion.deletiongroup": Table(Audit.FUNCTIONS, "requests"),
        "deletion.deletionrequest": Table(Audit.FUNCTIONS, "requests"),
        "deletion.hold": Table(Audit.FUNCTIONS, "requests"),
        "deletion.erasedidentifier": Table(Audit.FUNCTIONS, "requests"),
        "deletion.erasedskeleton": Table(
            Audit.EXEMPT, NOTHING_PERSONAL, why="Keyed hashes, written once with the erased name."
        ),
        "deletion.receipt": Table(
            Audit.EXEMPT, NOTHING_PERSONAL, why="Written once, by an erasure, which is recorded."
        ),
        "deletion.accountdeletion": Table(Audit.FUNCTIONS, "account"),
    }
    rounds = {"start_deletions": 60}

    def ready(self) -> None:
        from ops.deletion import checks, signals  # noqa: F401 - importing registers the checks

        signals.connect()

    def waiting(self, user: Any) -> Iterable[PendingWork]:
        from ops.deletion import approval

        rows = approval.awaiting(user)
        return (
            []
            if rows is None
            else [
                PendingWork(
                    "deletion.DeletionRequest",
                    rows,
                    lambda n: ngettext("deletion awaits your approval", "deletions await your approval", n),
                    "state=to-approve",
                )
            ]
        )

    def home_sections(self) -> Iterable[Any]:
        from ops.deletion.views import home

        return home.SECTIONS

    def job_kinds(self) -> Iterable[Any]:
        from ops.deletion.erasing.running import Deletion

        return [Deletion()]

    def notes_on_people(self, request: Any, ids: Collection[Any]) -> Mapping[Any, str]:
        from ops.deletion import holds

        return holds.notes(request, ids)

    def about_person(self, request: Any, person: Any) -> Any:
        from ops.deletion.views import person as page

        return page.about_deletion(request, person)

    def shows_people(self, user: Any) -> Iterable[Any]:
        from ops.deletion.views import person as page

        return page.shown_people(user)

    def notice_kinds(self) -> Iterable[Any]:
        from ops.deletion.notices import notices

        return notices.KINDS

    def erasure_steps(self) -> Iterable[Any]:
        from ops.deletion import leftovers

        return leftovers.STEPS

    def proves_erasure(self, target_type: str, target_id: str) -> bool:
        from ops.deletion import receipts

        return receipts.prove_erasure(target_type, target_id)

    def name_refusal(self, text: str, *, kind: str) -> str:
        from messaging.editors import current_editor
        from ops.deletion import erased_names

        known = erased_names.erased([text], kind=kind).get(text)
        return "" if known is None else erased_names.refusal(text, known, kind=kind, by=current_editor())
