from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ops.console.rooms import NOTHING_PERSONAL, Audit, Room, Table


class ImportsConfig(Room):
    name = "ops.imports"
    label = "imports"
    verbose_name = "Imports"

    menu = {"imports.Import": 40}
    permissions = {"imports.import_messages": ("Data operator",)}
    events = "ops.imports.events.ImportEvent"
    tables = {
        "imports.import": Table(Audit.VERBS, erasure="uploads"),
        "imports.origin": Table(Audit.EXEMPT, NOTHING_PERSONAL, why="A random name, made once and never changed."),
        "imports.rememberedcolumn": Table(
            Audit.EXEMPT, "uploads", why="A convenience: which headers somebody matched."
        ),
    }
    rounds = {"sweep_files": 3_600}

    def job_kinds(self) -> Iterable[Any]:
        from ops.imports import steps

        return steps.kinds()

    def erasure_steps(self) -> Iterable[Any]:
        from ops.imports import erased

        return erased.STEPS

    def files_in_use(self) -> Iterable[str]:
        from ops.imports import uploads

        return uploads.in_use()
