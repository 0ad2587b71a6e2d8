from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy

from ops.console.rooms import Audit, Item, PendingWork, Room, Table


class NoticesConfig(Room):
    name = "ops.notices"
    label = "notices"
    verbose_name = gettext_lazy("Notices")

    # Not in the menu: the bell on every page links to the list.
    menu = {"notices.Notice": Item(None, 0, name=gettext_lazy("Notices"), offered=False)}
    events = "ops.notices.events.NoticeEvent"
    tables = {
        "notices.notice": Table(Audit.EXEMPT, "notices", why="What they tell of is recorded."),
        "notices.emailreader": Table(Audit.FUNCTIONS, "notices"),
    }
    slots = {"account.menu": "notices/_email_link.html"}
    rounds = {"send_notices": 60, "prune_notices": 3600}

    def ready(self) -> None:
        from ops.notices import checks  # noqa: F401 - importing registers the checks

    def waiting(self, user: Any) -> Iterable[PendingWork]:
        from ops.notices import reading

        return [reading.bell(user)]

    def email_choices(self, user: Any) -> Iterable[Any]:
        from ops.notices import choosing

        return choosing.notices_by_email(user)

    def erasure_steps(self) -> Iterable[Any]:
        from ops.notices import erased

        return erased.STEPS
