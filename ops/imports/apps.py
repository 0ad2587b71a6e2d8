from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy

from ops.console.rooms import NOTHING_PERSONAL, Audit, Fact, Item, PendingWork, Place, Room, Table


class ImportsConfig(Room):
    name = "ops.imports"
    label = "imports"
    verbose_name = gettext_lazy("Imports")

    menu = {"imports.Import": Item(Place.DATA, 10)}
    finds = {"imports.Import": gettext_lazy("import")}
    permissions = {"imports.import_messages": ("Data operator",)}
    events = "ops.imports.events.ImportEvent"
    readings = {"imports.import": "import.read"}
    tables = {
        "imports.import": Table(Audit.FUNCTIONS, erasure="uploads"),
        "imports.joined": Table(
            Audit.EXEMPT, NOTHING_PERSONAL, why="What undoing an import needs: numbers of messages and conversations."
        ),
        "imports.origin": Table(Audit.EXEMPT, NOTHING_PERSONAL, why="A random name, made once and never changed."),
        "imports.savedcolumn": Table(Audit.EXEMPT, "uploads", why="A convenience: which headers somebody matched."),
        "imports.savedencoding": Table(
            Audit.EXEMPT, "uploads", why="A convenience: which encoding somebody chose last."
        ),
        "imports.savedperson": Table(
            Audit.EXEMPT, "uploads", why="A convenience: whose account a name in somebody's files stood for."
        ),
    }
    rounds = {"sweep_files": 3_600}

    def ready(self) -> None:
        from ops.imports import checks  # noqa: F401 - importing registers the checks

    def waiting(self, user: Any) -> Iterable[PendingWork]:
        from ops.imports.pages import waiting

        return waiting.waiting_decisions(user)

    def job_kinds(self) -> Iterable[Any]:
        from ops.imports import steps

        return steps.kinds()

    def search_filters(self, request: Any) -> Iterable[Any]:
        from ops.imports import search

        return search.search_filters(request)

    def facts_of_conversation(self, request: Any, conversation: Any) -> Iterable[Fact]:
        from ops.imports.pages import provenance

        return provenance.facts(request, conversation)

    def list_filters(self, request: Any, model: str) -> Iterable[type]:
        from ops.imports import filters

        return filters.of_list(model)

    def notice_kinds(self) -> Iterable[Any]:
        from ops.imports.notices import notices

        return notices.KINDS

    def erasure_steps(self) -> Iterable[Any]:
        from ops.imports import erased

        return erased.STEPS

    def files_in_use(self) -> Iterable[str]:
        from ops.imports import uploads

        return uploads.in_use()
