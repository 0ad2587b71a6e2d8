from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ops.console.rooms import Audit, Room, Table


class ExportsConfig(Room):
    name = "ops.exports"
    label = "exports"
    verbose_name = "Exports"

    menu = {"exports.Export": 50}
    permissions = {"exports.export_messages": ("Data operator",)}
    events = "ops.exports.events.ExportEvent"
    tables = {"exports.export": Table(Audit.VERBS, erasure="exports")}
    slots = {"person.facts": "exports/_person_link.html", "person.before_deletion": "exports/_before_deletion.html"}

    def ready(self) -> None:
        from ops.exports import checks  # noqa: F401 - importing registers the checks

    def job_kinds(self) -> Iterable[Any]:
        from ops.exports.jobs import MakeExport

        return [MakeExport()]

    def erasure_steps(self) -> Iterable[Any]:
        from ops.exports import erased

        return erased.STEPS

    def files_in_use(self) -> Iterable[str]:
        from ops.exports import requests

        return requests.files_in_use()
