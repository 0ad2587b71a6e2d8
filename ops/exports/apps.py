from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from ops.console.rooms import Audit, Item, PendingWork, Place, Room, Table


class ExportsConfig(Room):
    name = "ops.exports"
    label = "exports"
    verbose_name = gettext_lazy("Exports")

    menu = {"exports.Export": Item(Place.DATA, 20)}
    finds = {"exports.Export": gettext_lazy("export")}
    permissions = {
        "exports.export_messages": ("Data operator",),
        "exports.export_reviews": ("Data operator",),
        "exports.request_person_export": ("Support",),
        "exports.approve_person_export": ("Lead", "Support"),
    }
    events = "ops.exports.events.ExportEvent"
    tables = {"exports.export": Table(Audit.FUNCTIONS, erasure="exports")}
    rounds = {"notify_expired_exports": 300}
    slots = {"person.before_deletion": "exports/_before_deletion.html"}

    def ready(self) -> None:
        from ops.exports import checks  # noqa: F401 - importing registers the checks

    def about_person(self, request: Any, person: Any) -> Any:
        from ops.exports.personal import offers

        return offers.about_export(request, person)

    def waiting(self, user: Any) -> Iterable[PendingWork]:
        from ops.exports.personal import approval
        from ops.exports.selections import may_request

        rows = approval.awaiting(user)
        if rows is not None:
            yield PendingWork(
                "exports.Export",
                rows,
                lambda n: ngettext("export awaits your approval", "exports await your approval", n),
                "approval=to-approve",
            )
        if may_request(user):
            yield PendingWork(
                "exports.Export",
                approval.to_make(user),
                lambda n: ngettext("approved export to make", "approved exports to make", n),
                "approval=to-make",
            )

    def job_kinds(self) -> Iterable[Any]:
        from ops.exports.jobs import MakeExport

        return [MakeExport()]

    def home_sections(self) -> Iterable[Any]:
        from ops.exports import home

        return home.SECTIONS

    def notice_kinds(self) -> Iterable[Any]:
        from ops.exports.notices import notices

        return notices.KINDS

    def erasure_steps(self) -> Iterable[Any]:
        from ops.exports import erased

        return erased.STEPS

    def files_in_use(self) -> Iterable[str]:
        from ops.exports import requests

        return requests.files_in_use()
