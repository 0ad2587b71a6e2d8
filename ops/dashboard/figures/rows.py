"""Links to the lists that show exactly the rows counted by a figure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from ops.dashboard.periods import Period


@dataclass(frozen=True)
class ListLink:
    """A list of the console: the name of its URL, and its query string."""

    address: str  # such as "admin:messaging_message_changelist"
    query: str = ""
    permission: str = ""  # needed to see all rows of the list, if other users see only their own there

    @classmethod
    def of(cls, model: str, period: Period | None = None, /, *, permission: str = "", **query: str) -> ListLink:
        """Return the list of a model ("messaging.message") with these filters, limited to a period if given. It
        uses days of the user's own zone: it shows the same rows if that is the console's zone."""
        days = {"from": period.first.isoformat(), "to": period.last.isoformat()} if period else {}
        chosen = {**days, **{name: value for name, value in query.items() if value}}
        return cls(f"admin:{model.replace('.', '_')}_changelist", urlencode(chosen), permission)


def within(period: Period) -> str:
    """Return a period in the form that a list filter parses (ops.console.lists.dates.Within)."""
    return f"{period.first.isoformat()}..{period.last.isoformat()}"
