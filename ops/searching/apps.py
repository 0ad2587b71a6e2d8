from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy

from ops.console.rooms import Audit, Page, Room, Table


class SearchingConfig(Room):
    name = "ops.searching"
    label = "searching"
    verbose_name = gettext_lazy("Searching")

    permissions = {"searching.share_savedsearch": ("Lead",)}  # everybody has searches of their own
    events = "ops.searching.events.SearchEvent"
    tables = {
        "searching.savedsearch": Table(Audit.FUNCTIONS, "searching"),
        "searching.look": Table(Audit.EXEMPT, "searching", why="When somebody last looked at what a search finds."),
    }
    rounds = {"count_new_hits": 300}

    def search_filters(self, request: Any) -> Iterable[Any]:
        from ops.searching import fields

        return fields.search_filters(request)

    def pages(self) -> Iterable[Page]:
        from ops.searching.saved import pages

        return pages.PAGES

    def erasure_steps(self) -> Iterable[Any]:
        from ops.searching.saved import erased

        return erased.STEPS
