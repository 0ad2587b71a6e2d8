from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ops.console.rooms import NOTHING_PERSONAL, Audit, Room, Table


class AuditConfig(Room):
    name = "ops.audit"
    label = "audit"
    verbose_name = "Audit trail"

    menu = {"audit.Entry": 70}
    permissions = {"audit.view_entry": ("Auditor",), "audit.export_entry": ("Auditor",)}
    events = "ops.audit.events.Event"
    tables = {
        "audit.entry": Table(Audit.EXEMPT, "audit_trail", why="It is the audit trail itself, append-only."),
        "audit.seal": Table(Audit.EXEMPT, NOTHING_PERSONAL, why="Hashes over the entries."),
        "audit.unsealed": Table(Audit.EXEMPT, NOTHING_PERSONAL, why="Which entries wait for their seal."),
    }

    def ready(self) -> None:
        from ops.audit import checks, receivers  # noqa: F401 - importing registers the checks

        receivers.connect()

    def erasure_steps(self) -> Iterable[Any]:
        from ops.audit import erased

        return erased.STEPS
