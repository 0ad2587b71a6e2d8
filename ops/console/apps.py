from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy

from ops.console.rooms import Keys, Room


class ConsoleRoom(Room):
    """The parts of the console that all rooms share."""

    name = "ops.console"
    label = "console"
    verbose_name = gettext_lazy("Console")

    keys = (
        Keys(
            gettext_lazy("In a thread"),
            {
                "j k": gettext_lazy("Next and previous message"),
                "n p": gettext_lazy("Next and previous message that a search found"),
            },
            permission="messaging.view_conversation",
        ),
    )

    def ready(self) -> None:
        import sys

        from ops.console import checks  # noqa: F401 - importing registers the checks

        if sys.argv[1:2] == ["check"]:
            # The check compiles the queries of all rooms, which would delay the start of a worker or a server.
            from ops.console.frame import checks as of_rooms  # noqa: F401 - registers the check

    def panel_sections(self) -> Iterable[Any]:
        from ops.console.thread import sections

        return sections.SECTIONS
