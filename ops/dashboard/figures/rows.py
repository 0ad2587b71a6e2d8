"""The list that shows exactly the rows which a figure counts."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from ops.dashboard.periods import Period


@dataclass(frozen=True)
class Rows:
    """A list of the console by the name of its address, and its query."""

    address: str  # such as "admin:messaging_message_changelist"
    query: str = ""
    permission: str = ""  # what somebody needs to see all rows of that list, where others see their own there

    @classmethod
    def of(cls, model: str, period: Period | None = None, /, *, permission: str = "", **query: str) -> Rows:
        """The list of a model ("messaging.message"), with these filters, and of a period where it has days.

        Its days are those of whoever looks: the same rows where they have the console's zone.
        """
        days = {"from": period.first.isoformat(), "to": period.last.isoformat()} if period else {}
        chosen = {**days, **{name: value for name, value in query.items() if value}}
        return cls(f"admin:{model.replace('.', '_')}_changelist", urlencode(chosen), permission)


def within(period: Period) -> str:
    """A period as a filter of a list takes it (ops.console.lists.dates.Within)."""
    return f"{period.first.isoformat()}..{period.last.isoformat()}"
