from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy

from ops.console.rooms import NOTHING_PERSONAL, Audit, Item, Page, Place, Room, Table


class AuditConfig(Room):
    name = "ops.audit"
    label = "audit"
    verbose_name = gettext_lazy("Audit trail")

    menu = {"audit.Entry": Item(Place.AUDIT, 10)}
    finds = {"audit.Entry": gettext_lazy("entry")}
    permissions = {"audit.view_entry": ("Auditor",), "audit.export_entry": ("Auditor",)}
    events = "ops.audit.events.Event"
    tables = {
        "audit.entry": Table(Audit.EXEMPT, "audit_trail", why="It is the audit trail itself, append-only."),
        "audit.seal": Table(Audit.EXEMPT, NOTHING_PERSONAL, why="Hashes over the entries."),
        "audit.shownmessages": Table(Audit.EXEMPT, NOTHING_PERSONAL, why="An index of the audit trail: numbers."),
        "audit.unsealed": Table(Audit.EXEMPT, NOTHING_PERSONAL, why="The queue of entries to be sealed."),
    }

    def ready(self) -> None:
        from ops.audit import checks, receivers  # noqa: F401 - importing registers the checks

        receivers.connect()

    def pages(self) -> Iterable[Page]:
        from ops.audit.reasons.page import reason_view

        return [Page("reading/", reason_view, "reading_reason")]

    def panel_sections(self) -> Iterable[Any]:
        from ops.audit.screens import readers

        return [readers.SECTION]

    def about_person(self, request: Any, person: Any) -> Any:
        from ops.audit.screens import activity

        return activity.about_activity(request, person)

    def shows_people(self, user: Any) -> Iterable[Any]:
        from ops.audit.screens import activity

        return activity.shown_people(user)

    def home_sections(self) -> Iterable[Any]:
        from ops.audit.screens import watching

        return watching.SECTIONS

    def erasure_steps(self) -> Iterable[Any]:
        from ops.audit import erased

        return erased.STEPS
